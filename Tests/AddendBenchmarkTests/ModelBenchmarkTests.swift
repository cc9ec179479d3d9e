import AddendBenchmark
import AddendCatalogue
import AddendNetworks
import AddendTensors
import Testing

/// One round as short as can be, of a machine whose limits are round numbers.
private func setting() -> BenchmarkSetting {
  var timing = Interleaved()
  timing.minimumDuration = .zero
  timing.rounds = 1
  return BenchmarkSetting(
    timing: timing,
    limits: RooflineLimits(threads: 1, multiplyAdds: 1e9, bandwidths: [.memory: 1e9]))
}

@Test(arguments: ModelBenchmark.Pass.allCases)
func networksAreMeasuredByExamples(_ pass: ModelBenchmark.Pass) throws {
  let network = Network("small", input: [6]) {
    Dense(5)
    ReLU()
    Dense(3)
  }
  let result = try ModelBenchmark(Model(network, seed: 1), batch: 4, pass).run(setting())
  let examples = try #require(result.figures.first { $0.name == "examplesPerSecond" }?.value)
  #expect((examples * result.ours - 4).magnitude < 1e-9)
  // Forward 6·5 + 5·3; back twice that but for the first layer's input, which nobody asks about.
  let multiplyAdds: Double = pass == .inference ? 4 * 45 : 4 * (3 * 45 - 30)
  #expect(result.work?.multiplyAdds == multiplyAdds)
  #expect(result.parts.map(\.name) == (pass == .inference ? ["dense1", "relu1", "dense2"] : []))
}

@Test func symbolsAreWithinTheVocabulary() throws {
  let network = try Zoo.network(.init("lstm-lm", ["hidden": .integer(4)]), input: [3], classes: 11)
  for pass in ModelBenchmark.Pass.allCases {
    #expect(throws: Never.self) {
      try ModelBenchmark(Model(network, seed: 1), batch: 2, pass).run(setting())
    }
  }
}

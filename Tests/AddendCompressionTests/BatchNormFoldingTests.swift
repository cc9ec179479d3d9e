import AddendArchives
import AddendCatalogue
import AddendCompression
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

/// Folding changes the graph and not what it computes.
struct BatchNormFoldingTests {
  private func normalizations(_ network: Network) -> Int {
    network.json.text().split(separator: "\"batch-norm\"").count - 1
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func resultsStayTheSame(seed: UInt64) throws {
    let network = RandomNetwork.network(seed: seed)
    var random = RandomSource(seed: seed, stream: 3)
    let x = Tensor<Double>.normal([4, 6, 6, 2], using: &random)
    let wide = try RandomNetwork.model(network, of: Double.self, seed: seed)
    let folded = try BatchNormFolding().transformed(wide, calibration: nil)
    let expected = try wide.forward(x).elements
    let exact = Deviation(try folded.forward(x), from: expected)
    #expect(exact.size < 1e-11, "\(exact)")
    // A handful of layers, each off by a few roundings of sums of size 10.
    let narrow = try BatchNormFolding().transformed(
      RandomNetwork.model(network, of: Float.self, seed: seed), calibration: nil)
    let rounded = Deviation(try narrow.forward(Tensor<Float>(x)), from: expected)
    #expect(rounded.size < 1e-4, "\(rounded)")

    #expect(normalizations(folded.network) <= normalizations(network) - 5)
    #expect(folded.cost.multiplications < wide.cost.multiplications)
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func foldedModelsAreBuiltAgainFromTheirArchive(seed: UInt64) throws {
    let model = try BatchNormFolding().transformed(
      RandomNetwork.model(RandomNetwork.network(seed: seed), of: Float.self, seed: seed),
      calibration: nil)
    var random = RandomSource(seed: seed, stream: 3)
    let x = Tensor<Float>.normal([4, 6, 6, 2], using: &random)
    try withTemporaryDirectory { directory in
      let path = "\(directory)/folded.addend"
      try ModelArchive(model).save(to: path)
      let loaded = try ModelArchive<Float>(contentsOf: path).model
      #expect(loaded.network == model.network)
      #expect(
        try loaded.forward(x).elements.map(\.bitPattern)
          == model.forward(x).elements.map(\.bitPattern))
    }
  }

  @Test func mapsThatCannotScaleTheirOutputsKeepTheirNormalization() throws {
    let network = Network("mixed", input: [4]) {
      Dense(6, map: Specification("space"))
      BatchNorm()
      Dense(3)
      BatchNorm()
    }
    let model = try RandomNetwork.model(network, of: Float.self, seed: 1)
    let folded = try BatchNormFolding().transformed(model, calibration: nil)
    #expect(folded.network.layers.map(\.name) == ["dense", "batch-norm", "dense"])
    #expect(folded.layers.nodes.map(\.name) == ["dense1", "batch-norm1", "dense2"])
  }
}

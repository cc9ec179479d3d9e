import AddendBenchmark
import AddendCatalogue
import AddendKernels
import Testing

/// The loops say how many operations they did: so many for each round, and none for none.
@Test(arguments: InstructionSet.available, MachineLimit.allCases)
func limitLoopsCountWhatTheyDo(_ set: InstructionSet, _ limit: MachineLimit) {
  let once = limit.run(rounds: 1, using: set)
  #expect(once >= 12)
  #expect(limit.run(rounds: 1000, using: set) == 1000 * once)
  #expect(limit.run(rounds: 0, using: set) == 0)
}

/// The libraries' products are products, where the libraries are there.
@Test(arguments: RivalProduct.allCases)
func rivalsMultiply(_ rival: RivalProduct) {
  let (a, b): ([Float], [Float]) = ([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12])
  var c = [Float](repeating: -1, count: 4)
  var span = c.mutableSpan
  let isThere = rival.multiply(m: 2, n: 2, k: 3, a.span, b.span, into: &span)
  #expect(c == (isThere ? [58, 64, 139, 154] : [-1, -1, -1, -1]))
}

@Test func rivalsMultiplyBytes() {
  let (a, b): ([UInt8], [Int8]) = ([255, 2, 3, 4, 5, 6], [-7, 8, 9, -10, 11, 12])
  var c = [Int32](repeating: -1, count: 4)
  var span = c.mutableSpan
  let isThere = RivalProduct.multiplyBytes(m: 2, n: 2, k: 3, a.span, b.span, into: &span)
  #expect(c == (isThere ? [-1734, 2056, 83, 54] : [-1, -1, -1, -1]))
}

@Test func ratiosAreOfTheBestBaseline() {
  let one = BenchmarkCase(
    name: "product-1x1x1", shape: "1×1×1", ours: 2, baselines: [("a", 10), ("b", 6)])
  #expect(one.ratio == 3)
  #expect(BenchmarkCase(name: "giant-x", shape: "", ours: 2).ratio == nil)
  #expect(one.json["baselines"]?["b"]?.numberValue == 6)
}

@Test func productCaseMeasuresWholeTiles() {
  var timing = Interleaved()
  timing.minimumDuration = .zero
  timing.rounds = 1
  let result = ProductBenchmark(rows: 300, inputs: 20, outputs: 6, block: 8)
    .run(timing, MeasuredLimits())
  // 3 blocks, and two tiles of 256 rows.
  let lookups = result.figures.first { $0.name == "lookupsPerSecond" }?.value ?? 0
  #expect(abs(lookups * result.ours - 2 * 256 * 3 * 6) < 1)
}

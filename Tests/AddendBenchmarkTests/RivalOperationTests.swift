import AddendBenchmark
import AddendKernels
import AddendTensors
import Foundation
import Testing

/// oneDNN's operations do what they are compared for, wherever oneDNN is.
struct RivalOperationTests {
  private static let layers = [
    ConvolutionBenchmark.Layer("test", size: 9, 5, 7, filter: 3, padding: 1),
    ConvolutionBenchmark.Layer("test", size: 12, 16, 32, filter: 3, padding: 1),
    ConvolutionBenchmark.Layer("test", size: 11, 3, 16, filter: 5, stride: 2, padding: 2),
    ConvolutionBenchmark.Layer("test", size: 8, 4, 6, filter: 1, stride: 2),
  ]

  /// Ours and theirs, in every algorithm and layout. Winograd's transforms amplify errors: by far more
  /// than a hundred times at worst, by far less on random numbers.
  @Test(arguments: layers, ConvolutionBenchmark.Pass.allCases)
  func convolutionsAreConvolutions(
    _ layer: ConvolutionBenchmark.Layer, _ pass: ConvolutionBenchmark.Pass
  ) {
    let problem = ConvolutionBenchmark.Problem(ConvolutionBenchmark(layer, batch: 2, pass))
    for way in ConvolutionBenchmark.ways + ConvolutionBenchmark.rivals {
      guard let prepared = way.prepared(for: problem) else { continue }
      prepared.run()
      let factor = way.name.contains("Winograd") || way.name.contains("default") ? 100.0 : 1
      #expect(problem.fault(in: prepared.result(), within: .times(factor)) == nil, "\(way.name)")
    }
  }

  @Test(arguments: [(1, 1, 1), (3, 5, 7), (33, 17, 65)])
  func productsAreProducts(_ m: Int, _ n: Int, _ k: Int) {
    let problem = GEMMBenchmark.Problem(GEMMBenchmark(m: m, n: n, k: k, origin: "test"))
    for way in GEMMBenchmark.ways + GEMMBenchmark.packedWays + GEMMBenchmark.rivals
      + GEMMBenchmark.packedRivals
    {
      guard let prepared = way.prepared(for: problem) else { continue }
      prepared.run()
      // bfloat16 rounds both factors by up to 2⁻⁸ of their size, which is 2⁻⁷ of each term and a bit.
      let factor = way.isReference ? 1 + 1.01 * 0x1p-7 / (Double(k) * 0x1p-24) : 1
      #expect(problem.fault(in: prepared.result(), within: .times(factor)) == nil, "\(way.name)")
    }
  }

  @Test(
    arguments: [(1, 1, 1), (3, 5, 7), (33, 17, 65)],
    [HalfFormat.bfloat16, .dynamicFixedPoint, .fixedPoint(left: 16, right: 16)])
  func productsOfHalvesAreNearProducts(_ extents: (m: Int, n: Int, k: Int), _ format: HalfFormat) {
    let problem = GEMMBenchmark.Problem(
      GEMMBenchmark(m: extents.m, n: extents.n, k: extents.k, origin: "test"))
    for way in [GEMMBenchmark.rounding, GEMMBenchmark.packed, GEMMBenchmark.bothGiven] {
      let prepared = way(format).prepared(for: problem)
      prepared?.run()
      #expect(
        prepared.map { problem.fault(in: $0.result(), within: $0.tolerance) } == .some(nil))
    }
  }

  /// Our layers and oneDNN's agree forward and backward, and a difference would be noticed.
  @Test(arguments: RecurrentBenchmark.Cell.allCases, RecurrentBenchmark.Pass.allCases)
  func recurrentLayersAgree(_ cell: RecurrentBenchmark.Cell, _ pass: RecurrentBenchmark.Pass) {
    let problem = RecurrentBenchmark.Problem(
      RecurrentBenchmark(cell, size: 7, batch: 3, steps: 4, pass))
    for way in RecurrentBenchmark.ways + RecurrentBenchmark.rivals {
      guard let prepared = way.prepared(for: problem) else { continue }
      // A second run must not add to the first.
      prepared.run()
      prepared.run()
      var result = prepared.result()
      #expect(problem.fault(in: result, within: .rounding) == nil, "\(way.name)")
      guard RecurrentBenchmark.rivals[0].prepared(for: problem) != nil else { continue }
      let largest = result.map(\.magnitude).max() ?? 0
      result[result.count - 1] += largest / 100
      #expect(
        problem.fault(in: result, within: .rounding)?.index == result.count - 1, "\(way.name)")
    }
  }

  /// The vector functions promise 4 units in the last place, oneDNN's bfloat16 half of one of its own.
  @Test(arguments: [1, 7, 16, 100])
  func tangentsAreTangents(_ count: Int) throws {
    let problem = TanhBenchmark.Problem(TanhBenchmark(count: count))
    for way in TanhBenchmark.ways {
      let prepared = try #require(way.prepared(for: problem))
      prepared.run()
      #expect(
        problem.fault(in: prepared.result(), within: prepared.tolerance) == nil, "\(way.name)")
    }
    for way in TanhBenchmark.rivals {
      guard let prepared = way.prepared(for: problem) else { continue }
      prepared.run()
      // Rounding x to bfloat16 moves y by at most 2⁻⁸ |x| (1 − y²) < 2⁻⁹, rounding y by 2⁻⁹.
      let tolerance: Tolerance = way.isReference ? .absolute(0x1p-8) : .rounding
      #expect(problem.fault(in: prepared.result(), within: tolerance) == nil, "\(way.name)")
    }
  }

  /// Our own kernels use oneDNN on one thread; a rival that used more puts that right again, and gives
  /// the same on any number.
  @Test func rivalsOnSeveralThreadsLeaveOursAlone() throws {
    let (m, n, k) = (40, 24, 16)
    let a = (0..<m * k).map { Float($0 % 7) - 3 }
    let b = (0..<k * n).map { Float($0 % 5) - 2 }
    let results = [1, 3].compactMap { threads -> [Float]? in
      let operation = RivalOperation.product(
        m: m, n: n, k: k, bfloat16: false, packsSecond: true, threads: threads)
      operation?.set(0, a)
      operation?.set(1, b)
      operation?.run()
      return operation?.values(of: 2)
    }
    // Sums of small integers are exact.
    var ours = [Float](repeating: 0, count: m * n)
    var span = ours.mutableSpan
    gemm(GEMMShape(m: m, n: n, k: k), a.span, b.span, &span)
    for result in results { #expect(result == ours) }
  }

  @Test func theSameCodeIsRecognised() throws {
    func product(_ n: Int, packs: Bool) -> RivalOperation? {
      .product(m: 8, n: n, k: 8, bfloat16: false, packsSecond: packs, threads: 1)
    }
    guard let one = product(8, packs: false), let same = product(8, packs: false),
      let other = product(16, packs: false)
    else { return }
    #expect(one.isSame(as: same) && !one.isSame(as: other))
    #expect(!one.implementation.isEmpty)
    #expect(one.count(of: 0) == 64 && one.count(of: 3) == 0)
  }
}

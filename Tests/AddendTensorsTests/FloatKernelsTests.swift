import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// float32's kernels against the definitions, which Double runs as they stand.
struct FloatKernelsTests {
  static let shapes = [
    (1, 1), (1, 15), (3, 16), (5, 17), (2, 33), (7, 4), (2500, 20), (700, 50), (23, 1511),
  ]

  /// Rounding to float32 costs 2⁻²⁴ of a term or intermediate; the elementary functions cost up to
  /// 4 ulp, operations have up to 8 roundings, and normal numbers stay below 8.
  @Test(arguments: BulkOperation.allCases, shapes)
  func equalsItsDefinition(_ operation: BulkOperation, _ shape: (rows: Int, columns: Int)) {
    let found = operation.outputs(rows: shape.rows, columns: shape.columns, in: Float.self)
    let expected = operation.outputs(rows: shape.rows, columns: shape.columns, in: Double.self)
    let terms = operation.terms(rows: shape.rows, columns: shape.columns)
    // The gradients of cells multiply up to seven such numbers.
    let tolerance = 0x1p-24 * (operation.multipliesMany ? 20_000 : Double(64 + 8 * terms))
    #expect(mismatch(found, expected, within: tolerance) == nil)
  }

  @Test(arguments: BulkOperation.allCases)
  func doesNotDependOnTheThreadCount(_ operation: BulkOperation) {
    let outputs = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        operation.outputs(rows: 3001, columns: 37, in: Float.self).map(\.bitPattern)
      }
    }
    #expect(outputs[1] == outputs[0])
    #expect(outputs[2] == outputs[0])
  }

  @Test func infiniteLogitsDifferenceKeepsTheLossFinite() {
    var logits: [Float] = [0, 500]
    var span = logits.mutableSpan
    let loss = Float.softmaxCrossEntropy(
      &span, columns: 2, classes: [0].span, smoothing: 0, weight: 1)
    #expect(loss == 500)
    #expect(logits == [-1, 1])
  }

  /// Whole numbers from few, so that many are equal, and NaN here and there.
  @Test(arguments: [1, 2, 15, 63, 64, 65, 127, 200, 700, 1511], [false, true])
  func ranksAreThoseOfTheDefinition(count: Int, hasNaN: Bool) {
    var random = RandomSource(seed: UInt64(count))
    for _ in 0..<20 {
      let x = (0..<count).map { _ in
        hasNaN && random.next() % 4 == 0 ? Float.nan : Float(random.next() % 40)
      }
      let wide = x.map(Double.init)
      #expect(Float.indexOfLargest(x.span) == Double.indexOfLargest(wide.span))
      for rank in [0, 1, 2, 5, 100] {
        let column = Int(random.next() % UInt64(count))
        #expect(
          Float.isRanked(within: rank, column: column, of: x.span)
            == Double.isRanked(within: rank, column: column, of: wide.span),
          "\(column) within \(rank)")
      }
    }
    #expect(Float.indexOfLargest(Span<Float>()) == 0)
    let least = [Float](repeating: -.infinity, count: count)
    #expect(Float.indexOfLargest(least.span) == 0)
  }

  /// A margin that is no number shows in the sum; one within the bound leaves no gradient.
  @Test func theHingeShowsNaN() {
    let y: [Float] = [.nan, -3, 3, -1]
    var gradient: [Float] = [7, 7, 7, 7]
    var span = gradient.mutableSpan
    let loss = Float.squaredHinge(
      y.span, columns: 4, classes: [2].span, weight: 1, gradient: &span)
    #expect(loss.isNaN && gradient[0].isNaN)
    #expect(gradient[1...] == [0, 0, 0])
  }
}

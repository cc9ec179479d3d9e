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
    let logits: [Float] = [0, 500]
    var gradient: [Float] = [7, 7]
    var span = gradient.mutableSpan
    let loss = Float.softmaxCrossEntropy(
      logits.span, columns: 2, classes: [0].span, smoothing: 0, weight: 1, gradient: &span)
    #expect(loss == 500)
    #expect(gradient == [-1, 1])
  }
}

import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

struct PoolingTests {
  /// Largest pixels, their taps, their gradient, means, and their gradient.
  private static func passes<Scalar: TensorScalar>(
    _ g: ConvolutionGeometry, in format: Scalar.Type
  ) -> (values: [[Scalar]], choices: [Int32]) {
    let results = g.patchCount * g.channels
    // Few different numbers, so that windows have equal ones.
    func numbers(_ count: Int, _ seed: UInt64) -> Tensor<Scalar> {
      Tensor([count], normalNumbers(count, seed: seed).map { Scalar(Double(($0 * 4).rounded())) })
    }
    let (x, dy) = (numbers(g.imageCount, 1), numbers(results, 2))
    var choices = [Int32](repeating: 99, count: results)
    var span = choices.mutableSpan
    let largest = Tensor<Scalar>([results]) {
      Scalar.maxPool(x.span, g, into: &$0, choices: &span)
    }
    let chosen = choices
    let dxLargest = Tensor<Scalar>(x.shape) {
      Scalar.maxPoolGradient(dy.span, choices: chosen.span, g, into: &$0)
    }
    let mean = Tensor<Scalar>([results]) { Scalar.averagePool(x.span, g, into: &$0) }
    let dxMean = Tensor<Scalar>(x.shape) { Scalar.averagePoolGradient(dy.span, g, into: &$0) }
    return ([largest, dxLargest, mean, dxMean].map(\.elements), chosen)
  }

  /// Sums of integers are exact; only the factors round.
  @Test(arguments: WindowCase.all)
  func floatEqualsTheDefinition(_ geometry: ConvolutionGeometry) {
    let found = Self.passes(geometry, in: Float.self)
    let expected = Self.passes(geometry, in: Double.self)
    #expect(found.choices == expected.choices)
    let taps = Double(geometry.filterHeight * geometry.filterWidth)
    for index in 0..<4 {
      let tolerance = index < 2 ? 0 : 0x1p-24 * 16 * taps
      #expect(
        mismatch(found.values[index], expected.values[index], within: tolerance) == nil,
        "pass \(index)")
    }
  }

  @Test func paddingIsNeitherLargestNorCounted() {
    let g = ConvolutionGeometry(
      batch: 1, height: 2, width: 2, channels: 1, filterHeight: 2, filterWidth: 2, stride: 2,
      padding: 1)
    let x: [Float] = [-1, -2, -3, -4]
    var choices = [Int32](repeating: 0, count: 4)
    var span = choices.mutableSpan
    let largest = Tensor<Float>([4]) { Float.maxPool(x.span, g, into: &$0, choices: &span) }
    let mean = Tensor<Float>([4]) { Float.averagePool(x.span, g, into: &$0) }
    #expect(largest.elements == x)
    #expect(mean.elements == x)
    #expect(choices == [3, 2, 1, 0])
  }
}

import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// Under a precision the exact map multiplies rounded operands, and nothing else changes.
struct ExactMapPrecisionTests {
  /// A format whose products are sums in the order of float32's; see `FloatRoundedProductsTests`
  /// for others.
  private static let precision = Precision(products: .float16)
  private let x: Tensor<Float>
  private let dy: Tensor<Float>
  private let weight: Tensor<Float>

  init() {
    var random = RandomSource(seed: 8)
    x = .normal([9, 50], using: &random)
    dy = .normal([9, 20], using: &random)
    weight = .normal([50, 20], using: &random)
  }

  private func rounded(_ tensor: Tensor<Float>) -> Tensor<Float> {
    Tensor(tensor.shape, tensor.elements.map { Float(FloatFormat.float16.rounded(Double($0))) })
  }

  @Test func productsAreThoseOfRoundedOperandsToTheBit() throws {
    var map = ExactMap(weight: weight, precision: Self.precision)
    var reference = ExactMap(weight: rounded(weight))
    #expect(try map.forward(x) == reference.forward(rounded(x)))
    let (y, residuals) = try map.trainingForward(x)
    let (expected, expectedResiduals) = try reference.trainingForward(rounded(x))
    #expect(y == expected)
    #expect(map.backward(dy, residuals) == reference.backward(rounded(dy), expectedResiduals))
    let (found, gradient) = (map.weight.gradient, reference.weight.gradient)
    #expect(found != nil && found == gradient)
    // The weight that is kept is not rounded.
    #expect(map.weight.value == weight)
  }

  @Test func imagesAreRoundedAsRowsAre() throws {
    let geometry = ConvolutionGeometry(
      batch: 2, height: 7, width: 6, channels: 3, filterHeight: 3, filterWidth: 3, stride: 1,
      padding: 1, dilation: 1)
    var random = RandomSource(seed: 9)
    let image = Tensor<Float>.normal([2, 7, 6, 3], using: &random)
    let filter = Tensor<Float>.normal([27, 4], using: &random)
    let gradient = Tensor<Float>.normal([2, 7, 6, 4], using: &random)
    var map = ExactMap(weight: filter, precision: Self.precision)
    var reference = ExactMap(weight: rounded(filter))
    #expect(
      try map.imageForward(image, geometry) == reference.imageForward(rounded(image), geometry))
    let (y, residuals) = try map.imageTrainingForward(image, geometry)
    let (expected, other) = try reference.imageTrainingForward(rounded(image), geometry)
    #expect(y == expected)
    let dx = map.imageBackward(gradient, residuals, geometry)
    #expect(dx == reference.imageBackward(rounded(gradient), other, geometry))
    let (found, filterGradient) = (map.weight.gradient, reference.weight.gradient)
    #expect(found != nil && found == filterGradient)
  }

  @Test func theExactTwinIsTheFloatMap() throws {
    let map = ExactMap(weight: weight, precision: .bfloat16)
    #expect(try map.exactTwin.forward(x) == ExactMap(weight: weight).forward(x))
    #expect(map.cost == map.exactTwin.cost)
  }
}

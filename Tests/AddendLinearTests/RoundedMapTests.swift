import AddendCatalogue
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// Maps named after formats multiply rounded operands, whatever the rest of the model does.
struct RoundedMapTests {
  @Test(
    arguments: [
      ("bf16", Precision.bfloat16), ("fp16", .float16), ("fp8", .float8), ("dfp16", .dfp16),
      ("lns", .logarithmicProducts),
      ("dfp16:bits=8,block=16", Precision(products: .fixed(.init(bits: 8, blockLength: 16)))),
      (
        "lns:integer=4,fraction=6",
        Precision(products: .logarithmic(.init(integerBits: 4, fractionBits: 6)))
      ),
      ("fp8:accumulate=own", Precision(products: .e4m3, gradients: .e5m2)),
    ])
  func productsAreThoseOfThePrecision(text: String, precision: Precision) throws {
    var random = RandomSource(seed: 8)
    let weight = Tensor<Float>.normal([50, 20], using: &random)
    let (x, dy) = (
      Tensor<Float>.normal([9, 50], using: &random), Tensor<Float>.normal([9, 20], using: &random)
    )
    let configuration = try Maps.configuration(Specification(parsing: text))
    #expect(
      try Maps.configuration(configuration.specification).specification
        == configuration.specification)
    var slot = try configuration.makeMap(
      MapRole(inputSize: 50, outputSize: 20), weight: weight, using: &random)
    var map = ExactMap(weight: weight, precision: precision)
    let y = try slot.trainingForward(x)
    let (expected, residuals) = try map.trainingForward(x)
    #expect(y == expected)
    #expect(slot.backward(dy) == map.backward(dy, residuals))
    #expect(try slot.forward(x) == y)
    #expect(y != matmul(x, weight))
    #expect(slot.exactWeight == nil)
    #expect(relativeError(y, matmul(x, weight)) < 0.1)
  }

  private func relativeError(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Double {
    let squares = zip(a.elements, b.elements).map { Double(($0 - $1) * ($0 - $1)) }
    return (squares.reduce(0, +) / b.elements.reduce(0) { $0 + Double($1 * $1) }).squareRoot()
  }

  @Test(arguments: ["fp8:accumulate=int4", "dfp16:bits=17", "lns:fraction=0", "bf16:x=1"])
  func badParametersAreRefused(text: String) throws {
    let specification = try Specification(parsing: text)
    #expect(throws: CatalogueError.self) { try Maps.configuration(specification) }
  }
}

import AddendCatalogue
import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

struct SpaceTrainingTests {
  @Test func theWarmUpIsExactAndEnds() throws {
    var fixture = try SpaceFixture<Float>("space:warmup=2", inputs: 8, outputs: 6, steps: 0)
    let weight = fixture.map.exactTwin.weight.value
    for step in 0..<60 {
      // 20 steps an epoch: two epochs of warm-up are 40 steps.
      fixture.map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 20, epochs: 10))
      let (y, residuals) = try fixture.map.trainingForward(fixture.x)
      #expect((y == matmul(fixture.x, weight)) == (step < 40))
      _ = fixture.map.backward(fixture.dy, residuals)
    }
  }

  @Test func theWarmUpTakesAtMostHalfOfTraining() throws {
    var fixture = try SpaceFixture<Float>("space:warmup=3", inputs: 8, outputs: 6, steps: 0)
    for step in 0..<60 {
      fixture.map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 30, epochs: 2))
      let (_, residuals) = try fixture.map.trainingForward(fixture.x)
      fixture.map.parameterBackward(fixture.dy, residuals)
      #expect((fixture.map.cost.multiplications == 0) == (step >= 30))
    }
  }

  /// A recurrent layer goes forward once a time step, then backward in reverse.
  @Test func gradientsOfSeveralPassesAddUp() throws {
    let fixture = try SpaceFixture<Double>("space:vectors=30", inputs: 9, outputs: 7)
    var random = RandomSource(seed: 3)
    let inputs = (0..<3).map { _ in Tensor<Double>.normal([4, 9], using: &random) }
    let gradients = (0..<3).map { _ in Tensor<Double>.normal([4, 7], using: &random) }

    var map = fixture.map
    let passes = try inputs.map { try map.trainingForward($0).1 }
    let together = zip(gradients, passes).reversed().map { map.backward($0, $1) }
    var sum = Descent<Double>()
    map.visit(&sum)

    var expected = Tensor<Double>([9, 7])
    for (i, input) in inputs.enumerated() {
      var alone = fixture.map
      let (_, residuals) = try alone.trainingForward(input)
      #expect(alone.backward(gradients[i], residuals) == together[2 - i])
      var descent = Descent<Double>()
      alone.visit(&descent)
      var span = expected.mutableSpan
      let gradient = try #require(descent.gradient)
      Double.addScaled(1, gradient.span, to: &span)
    }
    #expect(distance(try #require(sum.gradient), expected) < 1e-12)
  }

  /// The first layer's pass, and that over an image, are the general one.
  @Test func allBackwardPassesGiveTheSameWeightGradient() throws {
    let geometry = ConvolutionGeometry(
      batch: 2, height: 5, width: 4, channels: 1, filterHeight: 3, filterWidth: 3, padding: 1)
    let fixture = try SpaceFixture<Float>("space", inputs: 9, outputs: 6)
    var random = RandomSource(seed: 8)
    let image = Tensor<Float>.normal([2, 5, 4, 1], using: &random)
    let dy = Tensor<Float>.normal([40, 6], using: &random)
    func gradient(
      _ body: (inout SpaceMap<Float>) throws -> Void
    ) rethrows -> Tensor<Float>? {
      var (map, descent) = (fixture.map, Descent<Float>())
      try body(&map)
      map.visit(&descent)
      return descent.gradient
    }
    let rows = try gradient { map in
      let (_, residuals) = try map.trainingForward(image.patches(geometry))
      _ = map.backward(dy, residuals)
    }
    let first = try gradient { map in
      let (_, residuals) = try map.trainingForward(image.patches(geometry))
      map.parameterBackward(dy, residuals)
    }
    let convolution = try gradient { map in
      let (y, residuals) = try map.imageTrainingForward(image, geometry)
      #expect(y == (try map.imageForward(image, geometry)))
      _ = map.imageBackward(dy.reshaped(y.shape), residuals, geometry)
    }
    #expect(rows != nil && rows == first && rows == convolution)
  }

  /// The cells lead to nearly the best word: at most a tenth more squared error in two dimensions, a
  /// half more in eight.
  @Test(arguments: [(1, 1.01), (2, 1.1), (4, 1.25), (8, 1.5)])
  func encodingIsNearlyExhaustiveSearch(_ dimension: Int, _ factor: Double) throws {
    let fixture = try SpaceFixture<Float>(
      "space:dimension=\(dimension)", inputs: 64, outputs: 3)
    var random = RandomSource(seed: 77)
    let x = Tensor<Float>.normal([500, 64], using: &random)
    var words = WordReader()
    var map = fixture.map
    map.visit(&words)
    let count = x.count / dimension
    let numbers = x.span
    let points = Tensor<Float>([dimension, count]) { span in
      for i in numbers.indices { span[i % dimension * count + i / dimension] = numbers[i] }
    }
    var codes = [UInt8](repeating: 0, count: count)
    var span = codes.mutableSpan
    SpaceKernels.best.nearest(
      points: points.span, dimension: dimension, words: words.words.span, into: &span)
    let (values, coded, book) = (x.elements, map.quantized(x).elements, words.words.elements)
    var (least, actual) = (0.0, 0.0)
    for i in 0..<x.count {
      let word = book[Int(codes[i / dimension]) * dimension + i % dimension]
      least += Double((values[i] - word) * (values[i] - word))
      actual += Double((values[i] - coded[i]) * (values[i] - coded[i]))
    }
    #expect(actual >= least * 0.999 && actual <= least * factor)
  }

  @Test func smallGradientsKeepTheirSize() throws {
    let fixture = try SpaceFixture<Float>("space", inputs: 8, outputs: 6)
    var dy = fixture.dy
    var span = dy.mutableSpan
    for j in 0..<6 { span[j] *= 0x1p-40 }
    let (coded, whole) = (
      fixture.map.quantizedGradient(dy).elements,
      fixture.map.quantizedGradient(fixture.dy).elements
    )
    #expect(whole.contains { $0 != 0 })
    for j in coded.indices { #expect(coded[j] == (j < 6 ? whole[j] * 0x1p-40 : whole[j])) }
  }

  @Test(arguments: ["space:rows=3", "space:vectors=257", "space:dimension=9", "space:interval=0"])
  func unsuitableParametersAreRefused(_ text: String) throws {
    let specification = try Specification(parsing: text)
    #expect(throws: CatalogueError.self) { try Maps.configuration(specification) }
  }

  @Test func theSpecificationMakesTheSameConfiguration() throws {
    let text = "space:dimension=4,gradients=16,matrices=8,rows=4,vectors=9,warmup=1.5"
    let configuration = try SpaceFixture<Float>.configuration(text)
    let again = try SpaceConfiguration(
      Arguments(configuration.specification, for: SpaceConfiguration.declaration))
    #expect(configuration == again)
  }
}

/// Reads the codebook of inputs.
private struct WordReader: StateVisitor {
  typealias Scalar = Float
  var words = Tensor<Float>([0])
  private var path = StatePath()

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {}
  mutating func visit(_ numbers: inout Tensor<Float>, named name: String) {
    if path.appending(name) == "vectors/words" { words = numbers }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

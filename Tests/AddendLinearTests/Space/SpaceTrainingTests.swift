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
    var words = WordReader("vectors/words")
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

  /// Error of the inputs' coding after `steps` steps on inputs whose deviation is `scale(step)`.
  private func inputError(
    _ text: String, steps: Int, scale: (Int) -> Float
  ) throws -> Double {
    var fixture = try SpaceFixture<Float>(text, inputs: 16, outputs: 3, steps: 0)
    var random = RandomSource(seed: 9)
    for step in 0..<steps {
      fixture.map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 1, epochs: 100))
      var input = Tensor<Float>.normal([60, 16], using: &random)
      var span = input.mutableSpan
      for i in span.indices { span[i] *= scale(step) }
      let (y, residuals) = try fixture.map.trainingForward(input)
      _ = fixture.map.backward(y, residuals)
    }
    fixture.map.freeze()
    return try #require(fixture.map.codingError).inputs
  }

  /// Activations drift while a network learns: words that stay as they were made lose them.
  @Test(arguments: ["cells", "tree"])
  func refittedWordsFollowTheirBlocks(_ encoder: String) throws {
    let text = "space:vectors=64,encoder=\(encoder)"
    let drift: (Int) -> Float = { $0 < 20 ? 1 : 6 }
    let steady = try inputError(text + ",refit=0", steps: 60) { _ in 1 }
    let lost = try inputError(text + ",refit=0", steps: 60, scale: drift)
    let kept = try inputError(text + ",refit=10", steps: 60, scale: drift)
    #expect(lost > 5 * steady)
    // Most of what drift costs is made good.
    #expect(kept < (steady + lost) / 2)
    // Half of training is over: no refit comes.
    let late = try inputError(text + ",refit=10", steps: 100) { $0 < 60 ? 1 : 6 }
    #expect(late > 5 * steady)
  }

  /// Words of the matrix that follow the weight code it better than those it started with.
  @Test func movedWordsFollowTheWeight() throws {
    func error(_ update: Int) throws -> Double {
      var map = try SpaceFixture<Float>(
        "space:dimension=4,matrices=16,update=\(update)", inputs: 32, outputs: 20, steps: 60,
        rate: 0.02
      ).map
      map.freeze()
      return try #require(map.codingError).weight
    }
    #expect(try error(2) < 0.8 * error(0))
  }

  /// Levels follow too: a weight that has grown is still coded nearly as an exhaustive search would.
  @Test func aWeightThatGrewIsCodedNearlyExhaustively() throws {
    var map = try SpaceFixture<Float>(
      "space:dimension=4,matrices=32,update=2", inputs: 32, outputs: 20, steps: 80, rate: 0.05
    ).map
    let weight = map.exactTwin.weight.value
    map.freeze()
    var words = WordReader("matrices")
    map.visit(&words)
    let (book, numbers) = (words.words.elements, weight.elements)
    var (least, energy) = (0.0, 0.0)
    for s in 0..<8 {
      for o in 0..<20 {
        let block = (0..<4).map { Double(numbers[(4 * s + $0) * 20 + o]) }
        energy += block.reduce(0) { $0 + $1 * $1 }
        let distances = (0..<32).map { k in
          (0..<4).reduce(0) { sum, c in
            let difference = block[c] - Double(book[4 * k + c])
            return sum + difference * difference
          }
        }
        least += distances.min() ?? 0
      }
    }
    let error = try #require(map.codingError).weight
    #expect(error >= 0.999 * least / energy && error < 1.3 * least / energy)
  }

  /// Errors are those of the words against what they stand for, and rate-distortion theory bounds
  /// them: 2^(−2 log₂(N) / d) for independent normal numbers, less for a sample that words were made
  /// from.
  @Test(arguments: [1, 2, 4])
  func codingErrorsAreMeasured(_ dimension: Int) throws {
    let fixture = try SpaceFixture<Float>(
      "space:dimension=\(dimension),vectors=32,matrices=32", inputs: 64, outputs: 40)
    #expect(fixture.map.codingError == nil)
    var map = fixture.map
    let weight = map.exactTwin.weight.value
    map.freeze()
    let errors = try #require(map.codingError)
    let bound = Math.pow(2, -10 / Double(dimension))
    #expect(errors.inputs > 0.9 * bound && errors.inputs < 3 * bound)
    #expect(errors.weight < 3 * bound)
    #expect(errors.gradients > 0 && errors.gradients < 0.01)
    let (coded, exact) = (map.quantizedWeight.elements, weight.elements)
    let distance = zip(coded, exact).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    let energy = exact.reduce(0) { $0 + Double($1 * $1) }
    #expect(abs(errors.weight - distance / energy) < 1e-5)
  }

  /// Every scheme makes words that a map trains through and runs on.
  @Test(arguments: [
    "unit-normal", "normal", "sphere", "grid", "sample", "k-means", "product", "residual",
  ])
  func everySchemeMakesWords(_ scheme: String) throws {
    let text =
      "space:vectors=60,matrices=50,gradients=40,scheme=\(scheme),matrix-scheme=\(scheme),"
      + "gradient-scheme=\(scheme == "product" ? "grid" : scheme)"
    var fixture = try SpaceFixture<Float>(text, inputs: 20, outputs: 9, steps: 12)
    fixture.map.freeze()
    let y = try fixture.map.forward(fixture.x)
    let errors = try #require(fixture.map.codingError)
    #expect(y.elements.allSatisfy(\.isFinite) && errors.inputs < 0.5)
    #expect(fixture.map.quantized(fixture.x) != fixture.x)
  }

  /// With as many words as there are products the tables hold the products; with few they are off.
  @Test func productsTakeWordsOfTheirOwn() throws {
    func result(_ products: Int) throws -> Tensor<Double> {
      var fixture = try SpaceFixture<Double>(
        "space:vectors=8,matrices=6,gradients=5,products=\(products)", inputs: 8, outputs: 6)
      fixture.map.freeze()
      return try fixture.map.forward(fixture.x)
    }
    let exact = try result(0)
    #expect(try distance(result(48), exact) < 1e-3)
    let (few, fewer) = (try distance(result(12), exact), try distance(result(3), exact))
    #expect(few > 1e-3 && fewer > few)
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

  @Test(arguments: [
    "space:rows=3", "space:vectors=257", "space:dimension=9", "space:interval=0",
    "space:products=1", "space:scheme=product,dimension=1", "space:gradient-scheme=product",
    "space:scheme=sphere,vectors=3", "space:scheme=best",
  ])
  func unsuitableParametersAreRefused(_ text: String) throws {
    let specification = try Specification(parsing: text)
    #expect(throws: CatalogueError.self) { try Maps.configuration(specification) }
  }

  @Test func theSpecificationMakesTheSameConfiguration() throws {
    let text =
      "space:dimension=4,gradients=16,matrices=8,rows=4,vectors=9,warmup=1.5,scheme=normal,"
      + "encoder=tree,products=9,update=7,refit=8,matrix-scheme=sample,gradient-scheme=grid"
    let configuration = try SpaceFixture<Float>.configuration(text)
    let again = try SpaceConfiguration(
      Arguments(configuration.specification, for: SpaceConfiguration.declaration))
    #expect(configuration == again)
  }
}

/// Inputs are drawn to their words by `2β / rows`, rounded to a power of two: taken off again, it leaves
/// words.
@Test func commitmentDrawsToWords() throws {
  func gradient(_ commitment: String) throws -> (Tensor<Float>, SpaceFixture<Float>) {
    var fixture = try SpaceFixture<Float>(
      "space:commitment=\(commitment)", inputs: 6, outputs: 4)
    let (_, residuals) = try fixture.map.trainingForward(fixture.x)
    return (fixture.map.backward(fixture.dy, residuals), fixture)
  }
  let (drawn, fixture) = try gradient("1")
  let (free, _) = try gradient("0")
  let words = try #require(fixture.map.words).vectors
  // 2 / 6 rounds to 1/4.
  for block in 0..<18 {
    let word = (2 * block..<2 * block + 2).map { i in
      fixture.x.span[i] - 4 * (drawn.span[i] - free.span[i])
    }
    let distances = (0..<words.shape[0]).map { k in
      max(abs(words.span[2 * k] - word[0]), abs(words.span[2 * k + 1] - word[1]))
    }
    #expect(try #require(distances.min()) < 1e-4)
  }
}

/// A commitment that rounds to nothing is none.
@Test func vanishingCommitmentIsNone() throws {
  func gradient(_ commitment: String) throws -> Tensor<Float> {
    var fixture = try SpaceFixture<Float>(
      "space:commitment=\(commitment)", inputs: 6, outputs: 4)
    let (_, residuals) = try fixture.map.trainingForward(fixture.x)
    return fixture.map.backward(fixture.dy, residuals)
  }
  #expect(try gradient("5e-324") == gradient("0"))
  #expect(try gradient("1") != gradient("0"))
}

/// Reads one tensor of a map's state.
private struct WordReader: StateVisitor {
  typealias Scalar = Float
  let name: String
  var words = Tensor<Float>([0])
  private var path = StatePath()

  init(_ name: String) { self.name = name }

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {}
  mutating func visit(_ numbers: inout Tensor<Float>, named name: String) {
    if path.appending(name) == self.name { words = numbers }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

import AddendCatalogue
import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// A space map at work: one that is trained through tables, or frozen, on random data.
struct SpaceFixture<Scalar: TensorScalar> {
  var map: SpaceMap<Scalar>
  let x: Tensor<Scalar>
  let dy: Tensor<Scalar>

  /// - Parameters:
  ///   - text: the map as the command line names it.
  ///   - steps: training steps taken; codebooks are made after 5 of them.
  ///   - rate: how far a step goes down the gradient.
  init(
    _ text: String, inputs: Int, outputs: Int, rows: Int = 6, steps: Int = 8,
    rate: Double = 0x1p-10
  ) throws {
    var random = RandomSource(seed: 41)
    let configuration = try Self.configuration(text)
    // Numbers that float32 holds exactly, so that every format makes the same codebooks.
    func numbers(_ shape: Shape) -> Tensor<Scalar> {
      Tensor(Tensor<Float>.normal(shape, using: &random))
    }
    map = SpaceMap(weight: numbers([inputs, outputs]), configuration, using: &random)
    x = numbers([rows, inputs])
    dy = numbers([rows, outputs])
    for step in 0..<steps { try train(step, rate: rate) }
  }

  static func configuration(_ text: String) throws -> SpaceConfiguration {
    let specification = try Specification(parsing: text)
    return try SpaceConfiguration(
      Arguments(specification, for: SpaceConfiguration.declaration))
  }

  /// One step on random data, the same in each run; returns the weight's gradient.
  @discardableResult
  mutating func train(_ step: Int, rate: Double = 0x1p-10) throws -> Tensor<Scalar>? {
    var random = RandomSource(seed: 97, stream: UInt64(step))
    map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 1, epochs: 10))
    let input = Tensor<Scalar>(Tensor<Float>.normal([50, map.inputSize], using: &random))
    let gradient = Tensor<Scalar>(Tensor<Float>.normal([50, map.outputSize], using: &random))
    let (_, residuals) = try map.trainingForward(input)
    _ = map.backward(gradient, residuals)
    var descent = Descent<Scalar>(rate: rate)
    map.visit(&descent)
    return descent.gradient
  }
}

/// Takes a small step down the gradient and keeps it.
struct Descent<Scalar: TensorScalar>: StateVisitor {
  var rate = 0x1p-10
  private(set) var gradient: Tensor<Scalar>?

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    gradient = parameter.gradient
    parameter.update { value, gradient in
      var span = value.mutableSpan
      Scalar.addScaled(Scalar(-rate), gradient.span, to: &span)
    }
    parameter.clearGradient()
  }
}

/// The largest difference of two tensors' elements.
func distance<Scalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Double {
  guard a.shape == b.shape else { return .infinity }
  return zip(a.elements, b.elements).reduce(0) { largest, pair in
    let difference = (pair.0.double - pair.1.double).magnitude
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}

struct SpaceMapTests {
  /// Maps with blocks of all kinds; sizes that are no multiples of the block among them.
  static let cases: [(text: String, inputs: Int, outputs: Int)] = [
    ("space", 8, 6), ("space:dimension=2,vectors=16,matrices=7", 9, 70),
    ("space:dimension=2,rows=2,gradients=100", 7, 5), ("space:dimension=1,vectors=5", 3, 1),
    ("space:dimension=4,rows=4,commitment=0", 130, 66), ("space:dimension=3,interval=1", 1, 2),
    ("space:dimension=8,matrices=2", 20, 3), ("space:dimension=4,encoder=tree,products=9", 10, 5),
  ]

  /// Maps whose padding is coded as zeros exactly: there is none, or as many words as blocks.
  static let exactCases: [(text: String, inputs: Int, outputs: Int)] = [
    ("space", 8, 6), ("space:dimension=2,vectors=16,matrices=7", 10, 70),
    ("space:dimension=2,rows=2,gradients=100", 7, 5), ("space:dimension=1,vectors=5", 3, 1),
    ("space:dimension=4,rows=4,commitment=0", 132, 68), ("space:dimension=3,interval=1", 1, 2),
    ("space:dimension=8,matrices=2", 24, 3), ("space:dimension=4,encoder=tree", 12, 5),
  ]

  @Test func theWorkedExampleTakesTheFirstWord() {
    // The proposal prints 2.59 for the second component of m₂ v₂: a slip, it is 2.388. Its answer,
    // the word v₁, is right.
    let words = Tensor<Float>([3, 2], [1.23, 4.20, 1.01, 0.21, 6.66, 0.69])
    let product = matmul(
      Tensor<Double>([2, 2], [0.8, 0.6, 1.2, 5.6]), Tensor<Double>([2, 1], [1.01, 0.21]))
    #expect(distance(product, Tensor([2, 1], [0.934, 2.388])) < 1e-12)
    let squares = (0..<3).map { k in
      (0..<2).reduce(0) { sum, c in
        let difference = product.elements[c] - words.elements[2 * k + c].double
        return sum + difference * difference
      }
    }
    #expect(zip(squares, [3.371, 4.749, 35.67]).allSatisfy { ($0 - $1).magnitude < 5e-3 })
    var codes: [UInt8] = [9]
    var span = codes.mutableSpan
    SpaceKernels.best.nearest(
      points: Tensor<Float>(product).span, dimension: 2, words: words.span, into: &span)
    #expect(codes == [0])
  }

  @Test(arguments: cases)
  func declaredCostIsExact(_ text: String, _ inputs: Int, _ outputs: Int) throws {
    for steps in [2, 8] {
      let fixture = try SpaceFixture<CountingScalar>(
        text, inputs: inputs, outputs: outputs, rows: 3, steps: steps)
      var map = fixture.map
      if steps == 8 { map.freeze() }
      let counts = try OperationTally.counting { _ = try map.forward(fixture.x) }
      let cost = 3 * map.cost
      #expect(counts.multiplications == cost.multiplications)
      #expect(counts.additions == cost.additions)
      #expect(counts.lookups == cost.lookups)
      #expect(counts.comparisons == cost.comparisons)
      #expect((cost.multiplications == 0) == (steps == 8))
    }
  }

  /// Each sum's terms are off by at most half a step, an entry's 2^−15 of the table's largest.
  @Test(arguments: exactCases)
  func forwardIsTheProductOfTheWords(_ text: String, _ inputs: Int, _ outputs: Int) throws {
    var fixture = try SpaceFixture<Double>(text, inputs: inputs, outputs: outputs)
    fixture.map.freeze()
    let y = try fixture.map.forward(fixture.x)
    let exact = matmul(fixture.map.quantized(fixture.x), fixture.map.exactTwin.weight.value)
    #expect(distance(y, exact) < Double(inputs) * 64 * 0x1p-15)
    #expect(fixture.map.quantized(fixture.x) != fixture.x)
  }

  /// Straight through: gradients are those of the product of the words, for the gradient's words, and
  /// the commitment's `2β (x − v) / rows` comes on top.
  @Test(arguments: exactCases)
  func gradientsAreThoseOfTheStatedSurrogate(
    _ text: String, _ inputs: Int, _ outputs: Int
  ) throws {
    let fixture = try SpaceFixture<Double>(text, inputs: inputs, outputs: outputs)
    var map = fixture.map
    let (y, residuals) = try map.trainingForward(fixture.x)
    let dx = map.backward(fixture.dy, residuals)
    var descent = Descent<Double>()
    map.visit(&descent)
    let dW = try #require(descent.gradient)

    let words = map.quantized(fixture.x)
    let gradient = map.quantizedGradient(fixture.dy)
    let weight = map.quantizedWeight
    let tolerance = Double(max(inputs, outputs, 6)) * 256 * 0x1p-15
    #expect(distance(y, matmul(words, weight)) < tolerance)
    #expect(distance(dW, matmul(words, gradient, transposingA: true)) < tolerance)
    var expected = matmul(gradient, weight, transposingB: true)
    var span = expected.mutableSpan
    // The power of two nearest to 2β / rows.
    let share = map.configuration.commitment == 0 ? 0 : 0x1p-8
    for i in span.indices { span[i] += share * (fixture.x.elements[i] - words.elements[i]) }
    #expect(distance(dx, expected) < tolerance)
  }

  @Test(arguments: cases)
  func float32KernelsFollowTheDefinition(
    _ text: String, _ inputs: Int, _ outputs: Int
  ) throws {
    var (float, double) = (
      try SpaceFixture<Float>(text, inputs: inputs, outputs: outputs, rate: 0),
      try SpaceFixture<Double>(text, inputs: inputs, outputs: outputs, rate: 0)
    )
    let (y, residuals) = try float.map.trainingForward(float.x)
    let (yDouble, residualsDouble) = try double.map.trainingForward(double.x)
    // Sums of fixed-point numbers below 2^24 steps are exact in both.
    #expect(Tensor<Double>(y) == yDouble)
    let dx = float.map.backward(float.dy, residuals)
    let dxDouble = double.map.backward(double.dy, residualsDouble)
    #expect(distance(Tensor<Double>(dx), dxDouble) < 1e-4)
    var (descent, descentDouble) = (Descent<Float>(), Descent<Double>())
    float.map.visit(&descent)
    double.map.visit(&descentDouble)
    let (dW, dWDouble) = (
      try #require(descent.gradient), try #require(descentDouble.gradient)
    )
    #expect(distance(Tensor<Double>(dW), dWDouble) < 1e-4)
  }
}

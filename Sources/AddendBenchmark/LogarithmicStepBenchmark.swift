internal import AddendData
internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors
internal import AddendTraining

/// A training step of a perceptron 784-100-10 on 16-bit logarithms beside a loop over the C library's
/// logarithm and exponential, which has one thread.
///
/// Ours is all that `Trainer.step` does: from bytes to moved weights. Both leave out terms whose left
/// factor is zero.
public struct LogarithmicStepBenchmark: Sendable {
  public let batch: Int
  /// The share of pixels that are not black; 0.19 on MNIST.
  public let density: Double

  public init(batch: Int = 100, density: Double = 0.19) {
    precondition(batch > 0 && 0...1 ~= density, "a batch has images")
    self.batch = batch
    self.density = density
  }

  private static let (inputs, hidden, outputs) = (784, 100, 10)
  /// So small that weights stay where they are, and with them what there is to do.
  private static let learningRate = 0x1p-15

  public var name: String {
    "lns16-step-784-100-10" + (density == 1 ? "-dense" : "")
  }

  public func run(_ setting: BenchmarkSetting) throws(BenchmarkError) -> BenchmarkCase {
    let (pixels, classes) = examples()
    var trainer = makeTrainer()
    let rival = makeRival(trainer.model, pixels, classes)
    let input = Batch(
      pixels: PixelBlock(shape: [batch, 28, 28, 1], bytes: pixels, normalization: .init()),
      targets: .classes(classes))
    try check(trainer.model, rival, input)
    let timings = setting.timing.timings([
      .init("addend") { _ = try? trainer.step(input, stepsPerEpoch: 1) },
      .init("log2 and exp2") { rival.run() },
    ])
    var result = BenchmarkCase(
      name: name,
      shape: "batch of \(batch), \(Int((100 * density).rounded())) % of pixels not black",
      ours: timings[0].seconds(setting.statistic),
      baselines: [("log2 and exp2", timings[1].seconds(setting.statistic))])
    result.spread = timings[0].spread
    result.baselineSpreads["log2 and exp2"] = timings[1].spread
    let first = Self.inputs * Self.hidden, second = Self.hidden * Self.outputs
    result.figures.append(("productsPerStep", Double(batch * (2 * first + 3 * second))))
    return result
  }

  private func examples() -> ([UInt8], [Int32]) {
    var random = RandomSource(seed: 1)
    let pixels = (0..<batch * Self.inputs).map { _ in
      random.uniform() < density ? UInt8(1 + random.next() % 255) : 0
    }
    return (pixels, (0..<batch).map { _ in Int32(random.next() % 10) })
  }

  private func makeTrainer() -> Trainer<LNS16> {
    let network = Network("784-100-10", input: [28, 28, 1]) {
      Flatten()
      Dense(Self.hidden)
      ReLU()
      Dense(Self.outputs)
    }
    let plan = TrainingPlan(
      epochs: 1, batchSize: batch, optimizer: SGD(momentum: 0), learningRate: Self.learningRate)
    guard let model = try? Model<LNS16>(network, seed: 1) else {
      preconditionFailure("the network can be built")
    }
    return Trainer(model, plan: plan)
  }

  private func makeRival(
    _ model: Model<LNS16>, _ pixels: [UInt8], _ classes: [Int32]
  ) -> NaiveLogarithmicStep {
    var copy = model
    var weights = WeightMatrices()
    copy.visit(&weights)
    return NaiveLogarithmicStep(
      x: pixels.map { Float($0) / 255 }, classes: classes, first: weights.found[0],
      second: weights.found[1], inputs: Self.inputs, hidden: Self.hidden, outputs: Self.outputs,
      learningRate: Float(Self.learningRate))
  }

  /// Both begin with the same outputs, as far as sums of so many terms by such tables go.
  private func check(
    _ model: Model<LNS16>, _ rival: NaiveLogarithmicStep, _ input: Batch
  ) throws(BenchmarkError) {
    let expected = rival.logits()
    guard let outputs = try? model.forward(input.input(as: LNS16.self)).elements else {
      preconditionFailure("the input suits the network")
    }
    let scale = expected.reduce(0) { max($0, $1.magnitude) }
    for i in expected.indices {
      let (found, bound) = (Float(outputs[i].reported), 0.1 * Double(scale))
      guard Double((found - expected[i]).magnitude) <= bound else {
        throw .wrongResult(
          case: name, way: "addend", index: i, found: found, expected: Double(expected[i]),
          bound: bound)
      }
    }
  }
}

/// The parameters with two axes, in order.
private struct WeightMatrices: StateVisitor {
  typealias Scalar = LNS16
  private(set) var found: [[Float]] = []

  mutating func visit(_ parameter: inout Parameter<LNS16>, named name: String) {
    guard parameter.value.shape.rank == 2 else { return }
    found.append(parameter.value.elements.map { Float($0.reported) })
  }
}

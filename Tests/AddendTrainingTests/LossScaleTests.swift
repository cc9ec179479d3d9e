import AddendArchives
import AddendCatalogue
import AddendData
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

struct LossScaleTests {
  /// One weight `w`, an input and a target, and the squared error between `w x` and it.
  private struct Weight {
    var trainer: Trainer<Float>
    let batch: Batch

    /// - Parameter distance: how far the target is from the first output.
    init(_ precision: Precision, input: Float, distance: Float, rate: Double) throws {
      let network = Network("weight", input: [1]) { Dense(1, bias: false) }
      let model = try Model<Float>(network, precision: precision, seed: 4)
      let x = Tensor<Float>([1, 1], [input])
      let y = try model.forward(x).elements[0]
      let plan = TrainingPlan(
        epochs: 1, batchSize: 1, optimizer: SGD(momentum: 0), learningRate: rate,
        loss: MeanSquaredError(), seed: 4)
      trainer = Trainer(model, plan: plan)
      batch = Batch(input: x, targets: .values(Tensor([1, 1], [y + distance])))
    }

    var value: Float {
      get throws { try trainer.model.forward(Tensor([1, 1], [1])).elements[0] }
    }

    mutating func step() throws { _ = try trainer.step(batch, stepsPerEpoch: 1000) }
  }

  /// A power of two changes no bit of what is not rounded.
  @Test func scalesCancel() throws {
    var plain = try Weight(.own, input: 0.7, distance: 0.1, rate: 0.1)
    var scaled = try Weight(
      Precision(lossScaling: .constant(1024)), input: 0.7, distance: 0.1, rate: 0.1)
    let start = try plain.value
    for _ in 0..<3 {
      try plain.step()
      try scaled.step()
    }
    #expect(try plain.value == scaled.value)
    #expect(try plain.value != start)
    #expect(scaled.trainer.lossScale.value == 1024)
  }

  /// One parameter's gradient is not finite: the other's step is as large as without a scale.
  @Test func constantScalesCancelBesideOverflows() throws {
    let network = Network("two", input: [2]) { Dense(2, bias: false) }
    func weights(_ scaling: Precision.LossScaling) throws -> [Float] {
      let plan = TrainingPlan(
        epochs: 1, batchSize: 1, optimizer: SGD(momentum: 0), learningRate: 0.1,
        loss: MeanSquaredError(), seed: 4)
      var trainer = Trainer(
        try Model<Float>(network, precision: Precision(lossScaling: scaling), seed: 4), plan: plan)
      let batch = Batch(
        input: Tensor([1, 2], [1, 0]), targets: .values(Tensor([1, 2], [1, 3e38])))
      _ = try? trainer.step(batch, stepsPerEpoch: 10)
      return try trainer.model.forward(Tensor([1, 2], [1, 0])).elements
    }
    #expect(try weights(.constant(1024))[0] == weights(.none)[0])
  }

  /// The gradient towards the output is 2⁻²⁹, which float16 rounds to zero unless it is scaled.
  @Test func scalesRescueSmallGradients() throws {
    var lost = try Weight(
      Precision(products: .float16), input: 1e-3, distance: 0x1p-30, rate: 1e10)
    var kept = try Weight(.float16, input: 1e-3, distance: 0x1p-30, rate: 1e10)
    let start = try lost.value
    try lost.step()
    try kept.step()
    #expect(try lost.value == start)
    #expect(try kept.value > start)
  }

  /// A gradient of −20 times 2¹⁶ overflows float16; 2¹¹ is the first scale with which it does not.
  @Test func dynamicScalesFallUntilGradientsAreFinite() throws {
    var weight = try Weight(.float16, input: 1, distance: 10, rate: 1e-3)
    let start = try weight.value
    for scale in [32768.0, 16384, 8192, 4096, 2048] {
      try weight.step()
      #expect(weight.trainer.lossScale.value == scale)
      #expect(try weight.value == start)
    }
    try weight.step()
    #expect(try weight.value > start)
    #expect(weight.trainer.lossScale.skippedSteps == 5)
    #expect(weight.trainer.lossScale.finiteSteps == 1)
    for _ in 0..<1999 { try weight.step() }
    #expect(weight.trainer.lossScale.value == 4096)
  }

  /// −2 · 10¹² overflows float16 even times 2⁻²⁴; before that, scales are tried one after the other.
  @Test func trainingEndsWhereNoScaleHelps() throws {
    var weight = try Weight(.float16, input: 1, distance: 1e12, rate: 1e-3)
    for _ in 0..<40 { try weight.step() }
    #expect(weight.trainer.lossScale.value == 0x1p-24)
    #expect(throws: TrainingError.unscalable(epoch: 1, step: 41)) { try weight.step() }
  }

  @Test func checkpointsKeepTheScale() throws {
    let splits = try Datasets.load(Specification("digits"), from: DataStore())
    func trainer() throws -> Trainer<Float> {
      let network = Network("mlp", input: [8, 8, 1]) {
        Flatten()
        Dense(10)
      }
      return Trainer(
        try Model<Float>(network, precision: .float16, seed: 2),
        plan: TrainingPlan(epochs: 2, batchSize: 50, seed: 2))
    }
    try withTemporaryDirectory { directory in
      let checkpoints = try CheckpointDirectory(at: directory)
      var straight = try trainer()
      for number in 0..<3 {
        _ = try straight.step(
          splits.training.batch(Array(number * 50..<(number + 1) * 50)), stepsPerEpoch: 10)
      }
      try straight.save(to: checkpoints, trainedOn: splits.training)
      var resumed = try trainer()
      let archive = try #require(try checkpoints.newest()).archive
      try resumed.restore(archive, trainedOn: splits.training)
      #expect(resumed.lossScale == straight.lossScale)
      #expect(resumed.lossScale.finiteSteps > 0)
    }
  }
}

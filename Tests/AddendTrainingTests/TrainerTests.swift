import AddendArchives
import AddendCatalogue
import AddendData
import AddendDistributed
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

/// All numbers of a model, in its own order.
private struct Weights: StateVisitor {
  private(set) var numbers: [Double] = []

  init(_ model: Model<Double>) {
    var copy = model
    copy.visit(&self)
  }

  mutating func visit(_ parameter: inout Parameter<Double>, named name: String) {
    numbers += parameter.value.elements
  }
}

private func splits(_ text: String) throws -> DatasetSplits {
  try Datasets.load(Specification(parsing: text), from: DataStore())
}

private func trainer(
  _ splits: DatasetSplits, outputs: Int, map: String = "float32", _ plan: TrainingPlan
) throws -> Trainer<Double> {
  let network = Network("mlp", input: splits.training.inputShape) {
    Dense(24)
    ReLU()
    Dense(outputs)
  }
  return Trainer(try Model(network, map: Specification(parsing: map), seed: 5), plan: plan)
}

/// What of a history no clock determines.
private func timeless(_ history: [EpochRecord]) -> [EpochRecord] {
  history.map { record in
    var record = record
    record.seconds = 0
    return record
  }
}

struct TrainerTests {
  private let spirals = "synthetic-spirals:count=400"

  /// Every optimizer of the catalogue makes the loss fall, on classes and on numbers.
  @Test(arguments: Optimizers.catalogue.names)
  func optimizersMakeTheLossFall(_ name: String) throws {
    let optimizer = try Optimizers.configuration(Specification(name))
    let rate = name == "sgd" ? 0.05 : 0.01
    let cases: [(String, any Loss)] = [
      (spirals, SoftmaxCrossEntropy()), (spirals, SquaredHinge()),
      ("synthetic-teacher:count=400", MeanSquaredError()),
    ]
    for (set, loss) in cases {
      let splits = try splits(set)
      var trainer = try trainer(
        splits, outputs: max(1, splits.training.classNames.count),
        TrainingPlan(
          epochs: 20, batchSize: 20, optimizer: optimizer, learningRate: rate, loss: loss))
      try trainer.run(on: splits)
      let losses = trainer.history.map(\.trainingLoss)
      #expect(losses[19] < 0.9 * losses[0], "\(name), \(set), \(loss.specification): \(losses)")
      let isClassified = !splits.training.classNames.isEmpty
      #expect((trainer.history[19].trainingAccuracy != nil) == isClassified)
      #expect((trainer.history[19].validation?.accuracy != nil) == isClassified)
    }
  }

  /// The rate that an epoch records is the schedule's at its last step.
  @Test(arguments: [
    ("constant", 0.1), ("step:every=1,drop=0.5", 0.05), ("exponential:decay=0.25", 0.1 / 8),
  ])
  func schedulesSetTheRate(_ schedule: String, expected: Double) throws {
    let splits = try splits("synthetic-spirals:count=400,test=0.5")
    var trainer = try trainer(
      splits, outputs: splits.training.classNames.count,
      TrainingPlan(
        epochs: 2, batchSize: splits.training.count / 2, optimizer: SGD(), learningRate: 0.1,
        schedule: try Schedules.configuration(Specification(parsing: schedule))))
    try trainer.run(on: splits)
    #expect(abs(trainer.history[1].learningRate - expected) < 1e-12)
  }

  /// Ranks that share every batch, unequally where it does not divide, train as one does.
  @Test(arguments: [2, 3])
  func ranksTrainAsOneDoes(_ count: Int) throws {
    let splits = try splits(spirals)
    let untrained = try trainer(
      splits, outputs: splits.training.classNames.count,
      TrainingPlan(epochs: 3, batchSize: 20, gradientClip: 0.5))
    var alone = untrained
    try alone.run(on: splits)
    let ranks = try InProcessRanks.run(count) { communicator in
      var trainer = untrained
      try trainer.run(on: splits, communicator: communicator)
      return trainer
    }
    let expected = Weights(alone.model).numbers
    for rank in ranks {
      // 60 steps of Adam let differences of 10⁻¹⁶ grow, but not that far.
      let worst = zip(Weights(rank.model).numbers, expected).map { abs($0 - $1) }.max() ?? 1
      #expect(worst < 1e-9)
      #expect(timeless(rank.history) == timeless(ranks[0].history))
      for (ours, theirs) in zip(rank.history, alone.history) {
        #expect(abs(ours.trainingLoss - theirs.trainingLoss) < 1e-9)
        #expect(ours.trainingAccuracy == theirs.trainingAccuracy)
      }
    }
  }

  @Test func moreRanksThanExamplesAreRefused() throws {
    let splits = try splits(spirals)
    let untrained = try trainer(
      splits, outputs: splits.training.classNames.count, TrainingPlan(epochs: 1, batchSize: 2))
    #expect(throws: TrainingError.tooManyRanks(worldSize: 3, batchSize: 2)) {
      try InProcessRanks.run(3) { communicator in
        var trainer = untrained
        try trainer.run(on: splits, communicator: communicator)
      }
    }
  }

  @Test func divergenceIsReportedWhereItHappens() throws {
    let splits = try splits("synthetic-teacher:count=400")
    var trainer = try trainer(
      splits, outputs: 1,
      TrainingPlan(
        epochs: 50, batchSize: 20, optimizer: SGD(), learningRate: 1e60, loss: MeanSquaredError()))
    let error = #expect(throws: TrainingError.self) { try trainer.run(on: splits) }
    guard case .diverged(let epoch, let step)? = error else {
      Issue.record("not a divergence: \(String(describing: error))")
      return
    }
    #expect(epoch == trainer.position.epoch + 1 && step == trainer.position.step + 1)
  }

  /// Plain descent moves the weights by the rate times the gradient: no farther than the limit lets it.
  @Test func clippingLimitsTheStep() throws {
    let splits = try splits(spirals)
    var trainer = try trainer(
      splits, outputs: splits.training.classNames.count,
      TrainingPlan(
        epochs: 1, batchSize: 20, optimizer: SGD(momentum: 0), learningRate: 0.5,
        gradientClip: 0.01))
    let before = Weights(trainer.model).numbers
    _ = try trainer.step(splits.training.batch(Array(0..<20)), stepsPerEpoch: 16)
    let moved = zip(Weights(trainer.model).numbers, before)
      .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    #expect(abs(moved - 0.5 * 0.01) < 1e-9)
  }

  /// Training ends `patience` epochs after the best held-out loss.
  @Test func patienceEndsTraining() throws {
    let splits = try splits(spirals)
    var trainer = try trainer(
      splits, outputs: splits.training.classNames.count,
      TrainingPlan(epochs: 9, batchSize: 20, optimizer: SGD(), learningRate: 1e-300, patience: 3))
    try trainer.run(on: splits)
    #expect(trainer.history.count == 4)
  }

  /// A checkpoint from the midst of an epoch leads to the bits of an uninterrupted training.
  @Test(arguments: ["float32", "space", "lookup"])
  func trainingTakenUpInMidEpochEndsTheSame(_ map: String) throws {
    let splits = try splits(spirals)
    let untrained = try trainer(
      splits, outputs: splits.training.classNames.count, map: map,
      TrainingPlan(epochs: 4, batchSize: 20))
    var whole = untrained
    try whole.run(on: splits)
    try withTemporaryDirectory { path in
      let directory = try CheckpointDirectory(at: path)
      var stopped = untrained
      var observers: [any TrainingObserver<Double>] = [
        Interruption(after: 23, directory: directory, dataset: splits.training)
      ]
      #expect(throws: Interruption.Stop.self) { try stopped.run(on: splits, observers: &observers) }
      var resumed = untrained
      let checkpoint = try #require(try directory.newest())
      try resumed.restore(checkpoint.archive, trainedOn: splits.training)
      #expect(resumed.position == TrainingPosition(epoch: 1, step: 7))
      try resumed.run(on: splits)
      #expect(Weights(resumed.model).numbers == Weights(whole.model).numbers)
      #expect(timeless(resumed.history) == timeless(whole.history))
    }
  }
}

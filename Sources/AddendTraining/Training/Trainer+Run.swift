public import AddendData
public import AddendDistributed
internal import AddendLinear
internal import AddendNetworks
public import AddendTensors

/// Somebody who looks on while a network trains: progress bars, logs, checkpoints.
public protocol TrainingObserver<Scalar> {
  associatedtype Scalar: TensorScalar
  /// A step was taken.
  mutating func stepEnded(
    _ record: StepRecord, stepsPerEpoch: Int, _ trainer: borrowing Trainer<Scalar>) throws
  /// An epoch is complete and evaluated.
  mutating func epochEnded(_ record: EpochRecord, _ trainer: borrowing Trainer<Scalar>) throws
}

extension TrainingObserver {
  public mutating func stepEnded(
    _ record: StepRecord, stepsPerEpoch: Int, _ trainer: borrowing Trainer<Scalar>
  ) throws {}
  public mutating func epochEnded(
    _ record: EpochRecord, _ trainer: borrowing Trainer<Scalar>
  ) throws {}
}

extension Trainer {
  /// Trains from the present position to the end of the plan, or until patience runs out.
  ///
  /// Every epoch ends with an evaluation on the validation part, or the test part where there is
  /// none. With several ranks, each takes every `worldSize`-th example of each batch. Gradients alone
  /// are exchanged: what layers and maps learn otherwise (running moments, codebooks, trees) stays
  /// each rank's own, so only networks without such state train on several ranks as on one.
  /// - Throws: `TrainingError`; whatever an observer throws.
  public mutating func run(
    on splits: DatasetSplits, communicator: some Communicator = SingleProcess(),
    observers: inout [any TrainingObserver<Scalar>]
  ) throws {
    guard communicator.worldSize <= plan.batchSize else {
      throw TrainingError.tooManyRanks(
        worldSize: communicator.worldSize, batchSize: plan.batchSize)
    }
    let loader = try loader(splits.training)
    let heldOut = splits.validation ?? splits.test
    while position.epoch < plan.epochs && !isOutOfPatience {
      var start = ContinuousClock.now
      for batch in loader.batches(inEpoch: position.epoch, from: position.step) {
        let record = try step(
          batch.part(communicator.processRank, of: communicator.worldSize),
          stepsPerEpoch: loader.batchCount, communicator: communicator)
        tally.add(loss: record.loss, correct: record.correct, rows: record.rows)
        // In the tally, so that an epoch taken up in its midst tells all of its time.
        tally.seconds += (ContinuousClock.now - start) / .seconds(1)
        for i in observers.indices {
          try observers[i].stepEnded(record, stepsPerEpoch: loader.batchCount, self)
        }
        start = .now
      }
      try endEpoch(heldOut, stepsPerEpoch: loader.batchCount, &observers)
    }
  }

  /// Trains without anybody looking on.
  public mutating func run(
    on splits: DatasetSplits, communicator: some Communicator = SingleProcess()
  ) throws {
    var nobody: [any TrainingObserver<Scalar>] = []
    try run(on: splits, communicator: communicator, observers: &nobody)
  }

  private func loader(_ dataset: any Dataset) throws(TrainingError) -> BatchLoader {
    do throws(DataError) {
      return try BatchLoader(
        dataset, batchSize: plan.batchSize, seed: plan.seed, augmentation: plan.augmentation,
        form: .feeding(Scalar.self))
    } catch {
      throw .data(error)
    }
  }

  private mutating func endEpoch(
    _ heldOut: any Dataset, stepsPerEpoch: Int,
    _ observers: inout [any TrainingObserver<Scalar>]
  ) throws {
    let evaluation = try model.frozen().evaluation(on: heldOut, as: plan)
    let training = tally.evaluation
    let progress = TrainingProgress(
      step: (position.epoch + 1) * stepsPerEpoch - 1, stepsPerEpoch: stepsPerEpoch,
      epochs: plan.epochs)
    let record = EpochRecord(
      epoch: position.epoch + 1, trainingLoss: training.loss,
      trainingAccuracy: training.accuracy, validation: evaluation,
      learningRate: plan.learningRate * plan.schedule.factor(at: progress), seconds: tally.seconds)
    history.append(record)
    tally = LossTally()
    position = TrainingPosition(epoch: position.epoch + 1, step: 0)
    for i in observers.indices { try observers[i].epochEnded(record, self) }
  }

  /// Whether the held-out loss has not improved for `plan.patience` epochs.
  public var isOutOfPatience: Bool {
    guard let patience = plan.patience else { return false }
    // NaN compares with nothing; a checkpoint makes infinity of it as well.
    let losses = history.compactMap { $0.validation?.loss }.map { $0.isNaN ? .infinity : $0 }
    guard let best = losses.indices.min(by: { losses[$0] < losses[$1] }) else { return false }
    return losses.count - 1 - best >= patience
  }
}

extension Batch {
  /// Every `count`-th example from `rank` on: a rank's share.
  func part(_ rank: Int, of count: Int) -> Batch {
    guard count > 1 else { return self }
    let size = self.count
    let rows = Array(stride(from: rank, to: size, by: count))
    return gathered(
      rows, targets: targets.gathered(rows, of: size),
      lengths: lengths.map { lengths in rows.map { lengths[$0] } })
  }
}

extension Targets {
  /// The targets of some of `count` examples; an example may have several rows.
  fileprivate func gathered(_ examples: [Int], of count: Int) -> Targets {
    switch self {
    case .classes(let classes):
      let rows = classes.count / max(1, count)
      return .classes(examples.flatMap { classes[$0 * rows..<($0 + 1) * rows] })
    case .values(let values):
      let rows = (values.shape.first ?? 0) / max(1, count)
      return .values(values.gathered(examples.flatMap { $0 * rows..<($0 + 1) * rows }))
    }
  }
}

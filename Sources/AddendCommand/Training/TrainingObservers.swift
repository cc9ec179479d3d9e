internal import Addend

/// Shows a bar while an epoch runs and a line when it has ended.
struct ProgressObserver<Scalar: TensorScalar>: TrainingObserver {
  let title: String
  let options: CommonOptions
  let epochs: Int
  /// What the held-out part is called.
  let heldOut: String
  private let usesPerplexity: Bool
  private var display: ProgressDisplay?

  init(title: String, options: CommonOptions, epochs: Int, splits: DatasetSplits) {
    self.title = title
    self.options = options
    self.epochs = epochs
    heldOut = splits.validation == nil ? "test" : "validation"
    usesPerplexity = splits.test.order == .consecutive
  }

  mutating func stepEnded(
    _ record: StepRecord, stepsPerEpoch: Int, _ trainer: borrowing Trainer<Scalar>
  ) {
    if display == nil {
      let style = ProgressDisplay.Style.automatic(isQuiet: options.quiet)
      display = ProgressDisplay(
        "\(title)  epoch \(trainer.position.epoch + 1)/\(epochs)", total: stepsPerEpoch,
        unit: "steps", style: style == .lines ? .silent : style)
    }
    display?.update(
      trainer.position.step, note: "loss \(QuantityUnit.plain.text(record.loss))")
  }

  mutating func epochEnded(_ record: EpochRecord, _ trainer: borrowing Trainer<Scalar>) {
    display?.finish()
    display = nil
    guard !options.quiet else { return }
    var line = "\(title)  epoch \(record.epoch)/\(epochs)"
    line += "  loss \(QuantityUnit.plain.text(record.trainingLoss))"
    if let accuracy = record.trainingAccuracy {
      line += "  training \(QuantityUnit.fraction.text(accuracy))"
    }
    if let validation = record.validation { line += "  \(heldOut) \(text(validation))" }
    line += "  \(QuantityUnit.seconds.text(record.seconds))"
    StandardStream.error.write(line + "\n")
  }

  /// What the held-out part is judged by.
  private func text(_ evaluation: Evaluation) -> String {
    if usesPerplexity { return "perplexity \(QuantityUnit.plain.text(evaluation.perplexity))" }
    if let accuracy = evaluation.accuracy { return QuantityUnit.fraction.text(accuracy) }
    return "loss \(QuantityUnit.plain.text(evaluation.loss))"
  }
}

/// Saves a checkpoint after each epoch, and within long epochs each time some seconds have passed.
struct CheckpointObserver<Scalar: TensorScalar>: TrainingObserver {
  let directory: CheckpointDirectory
  let dataset: any Dataset
  let interval: Duration
  private var last = ContinuousClock.now

  init(directory: CheckpointDirectory, dataset: any Dataset, interval: Duration) {
    self.directory = directory
    self.dataset = dataset
    self.interval = interval
  }

  mutating func stepEnded(
    _ record: StepRecord, stepsPerEpoch: Int, _ trainer: borrowing Trainer<Scalar>
  ) throws {
    guard ContinuousClock.now - last >= interval else { return }
    try save(trainer)
  }

  mutating func epochEnded(_ record: EpochRecord, _ trainer: borrowing Trainer<Scalar>) throws {
    try save(trainer)
  }

  private mutating func save(_ trainer: borrowing Trainer<Scalar>) throws {
    try trainer.save(to: directory, trainedOn: dataset)
    last = ContinuousClock.now
  }
}

/// Writes losses, accuracies and the learning rate for TensorBoard.
final class TensorBoardObserver<Scalar: TensorScalar>: TrainingObserver {
  private let log: TensorBoardLog

  init(directory: String) throws {
    log = try TensorBoardLog(
      directory: directory, wallTime: Clock.secondsSince1970,
      processIdentifier: Clock.processIdentifier)
  }

  func stepEnded(
    _ record: StepRecord, stepsPerEpoch: Int, _ trainer: borrowing Trainer<Scalar>
  ) throws {
    let time = Clock.secondsSince1970
    try log.add("training/loss", record.loss, step: trainer.stepsTaken, wallTime: time)
    try log.add("training/rate", record.learningRate, step: trainer.stepsTaken, wallTime: time)
  }

  func epochEnded(_ record: EpochRecord, _ trainer: borrowing Trainer<Scalar>) throws {
    let (time, step) = (Clock.secondsSince1970, trainer.stepsTaken)
    if let accuracy = record.trainingAccuracy {
      try log.add("training/accuracy", accuracy, step: step, wallTime: time)
    }
    guard let validation = record.validation else { return }
    try log.add("validation/loss", validation.loss, step: step, wallTime: time)
    if let accuracy = validation.accuracy {
      try log.add("validation/accuracy", accuracy, step: step, wallTime: time)
    }
  }
}

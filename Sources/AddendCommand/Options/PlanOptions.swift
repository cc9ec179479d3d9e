internal import Addend
internal import ArgumentParser

/// How to train.
struct PlanOptions: ParsableArguments {
  @Option(help: "Passes over the training examples.")
  var epochs: Int?

  @Option(help: "Examples per step.")
  var batchSize = 100

  @Option(
    help:
      "How gradients become steps: \(Optimizers.catalogue.names.joined(separator: ", ")). (default: adam)",
    transform: Specification.parse)
  var optimizer = Specification("adam")

  @Option(help: "The base learning rate.")
  var learningRate = 0.001

  @Option(
    help:
      "How the rate changes: \(Schedules.catalogue.names.joined(separator: ", ")). (default: cosine)",
    transform: Specification.parse)
  var schedule = Specification("cosine")

  @Option(
    help:
      "What training makes small: \(Losses.catalogue.names.joined(separator: ", ")). (default: cross-entropy)",
    transform: Specification.parse)
  var loss = Specification("cross-entropy")

  @Option(help: "The largest norm of all gradients together; larger ones are scaled down.")
  var clip: Double?

  @Option(help: "Stop after so many epochs without a better held-out loss.")
  var patience: Int?

  @Option(help: "The share of the training examples held out for evaluation after each epoch.")
  var validation = 0.0

  @Flag(help: "Shift and mirror training images at random (padding 4).")
  var augment = false

  mutating func validate() throws {
    if let epochs, epochs < 1 {
      throw ValidationError("--epochs is \(epochs), expected 1 or more.")
    }
    if batchSize < 1 { throw ValidationError("--batch-size is \(batchSize), expected 1 or more.") }
    if !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate is \(learningRate), expected a positive number.")
    }
    if let clip, !(clip > 0) {
      throw ValidationError("--clip is \(clip), expected a positive number.")
    }
    if let patience, patience < 1 {
      throw ValidationError("--patience is \(patience), expected 1 or more.")
    }
    if !(0..<1 ~= validation) {
      throw ValidationError("--validation is \(validation), expected a share from 0 to below 1.")
    }
  }

  func plan(epochs standard: Int, seed: UInt64) throws -> TrainingPlan {
    TrainingPlan(
      epochs: epochs ?? standard, batchSize: batchSize,
      optimizer: try Optimizers.configuration(optimizer), learningRate: learningRate,
      schedule: try Schedules.configuration(schedule), loss: try Losses.configuration(loss),
      gradientClip: clip, patience: patience, augmentation: augment ? Augmentation() : nil,
      seed: seed)
  }

  /// `splits` with validation examples held out, if any were asked for.
  func held(_ splits: DatasetSplits, seed: UInt64) -> DatasetSplits {
    guard validation > 0 else { return splits }
    let count = Int((Double(splits.training.count) * validation).rounded())
    return splits.splittingOffValidation(count: count, seed: seed)
  }
}

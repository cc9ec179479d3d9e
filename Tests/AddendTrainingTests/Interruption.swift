import AddendArchives
import AddendData
import AddendTraining

/// Saves a checkpoint after so many steps, and ends the training there.
struct Interruption: TrainingObserver {
  struct Stop: Error {}
  typealias Scalar = Double

  private let step: Int
  private let directory: CheckpointDirectory
  private let dataset: any Dataset

  init(after step: Int, directory: CheckpointDirectory, dataset: any Dataset) {
    self.step = step
    self.directory = directory
    self.dataset = dataset
  }

  func stepEnded(
    _ record: StepRecord, stepsPerEpoch: Int, _ trainer: borrowing Trainer<Double>
  ) throws {
    guard trainer.stepsTaken == step else { return }
    try trainer.save(to: directory, trainedOn: dataset)
    throw Stop()
  }
}

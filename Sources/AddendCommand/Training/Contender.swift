internal import Addend

/// One arithmetic's part in a comparison: the network trained with it, and its figures.
struct Contender {
  /// The stored form.
  let model: any ComparedModel
  var result: NetworkResult

  /// Seconds per example of each model: the median over rounds of batches of up to 200 examples.
  static func inferenceSeconds(
    of contenders: [Contender], on dataset: any Dataset
  ) throws -> [Double] {
    let size = min(200, dataset.count)
    let batch = dataset.byteBatch(Array(0..<size))
    let runs = contenders.map { $0.model.inference(of: batch) }
    var seconds = runs.map { _ in [Double]() }
    for round in 0..<12 {
      for (i, run) in runs.enumerated() {
        let start = ContinuousClock.now
        try run()
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        // The first round pays for cold caches and pages.
        if round > 0 { seconds[i].append(elapsed / Double(size)) }
      }
    }
    return seconds.map { $0.sorted()[$0.count / 2] }
  }
}

/// A model as a comparison sees it, whatever its numbers are.
protocol ComparedModel {
  /// The model trained, and what it came to.
  func trained(
    plan: TrainingPlan, splits: DatasetSplits, dataset: Specification, options: CommonOptions
  ) throws -> Contender

  /// What runs the model on `batch`, whose numbers are made beforehand.
  func inference(of batch: Batch) -> () throws -> Void

  /// The most probable class of each row of `batch`.
  func answers(to batch: Batch, _ loss: any Loss) throws -> [(column: Int, probability: Double)]
}

extension Model: ComparedModel {
  func trained(
    plan: TrainingPlan, splits: DatasetSplits, dataset: Specification, options: CommonOptions
  ) throws -> Contender {
    var trainer = Trainer(self, plan: plan)
    let arithmetic = NetworkResult(
      network: network.name, map: "\(map)", precision: precisionName, figures: [:]
    ).arithmetic
    var observers: [any TrainingObserver<Scalar>] = [
      ProgressObserver<Scalar>(
        title: arithmetic, options: options, epochs: plan.epochs,
        splits: splits)
    ]
    try trainer.run(on: splits, observers: &observers)
    let frozen = trainer.model.frozen()
    let archive = ModelArchive(
      frozen, metadata: ModelMetadata(of: splits.training, dataset: dataset, plan: plan))
    var result = NetworkResult(
      model: frozen, archive: archive,
      evaluation: try frozen.evaluation(on: splits.test, as: plan),
      usesPerplexity: splits.test.order == .consecutive)
    result.figures[.trainSeconds] = trainer.history.reduce(0) { $0 + $1.seconds }
    result.curve = trainer.history.map(LearningPoint.init)
    return Contender(model: frozen, result: result)
  }

  func inference(of batch: Batch) -> () throws -> Void {
    let input = batch.input(as: Scalar.self)
    return {
      var context = PassContext<Scalar>(lengths: batch.lengths)
      _ = try self.forward(input, &context)
    }
  }

  func answers(to batch: Batch, _ loss: any Loss) throws -> [(column: Int, probability: Double)] {
    let probabilities = loss.probabilities(of: try forward(batch.input(as: Scalar.self)))
    return probabilities.largestColumns().enumerated().map { row, column in
      (column, probabilities[row, column].reported)
    }
  }
}

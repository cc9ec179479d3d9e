internal import Addend

/// One map's part in a comparison: the network trained with it, and its figures.
struct Contender<Scalar: TensorScalar> {
  /// The stored form.
  let model: Model<Scalar>
  var result: NetworkResult

  init(
    _ untrained: Model<Scalar>, plan: TrainingPlan, splits: DatasetSplits,
    dataset: Specification, options: CommonOptions
  ) throws {
    var trainer = Trainer(untrained, plan: plan)
    var observers: [any TrainingObserver<Scalar>] = [
      ProgressObserver<Scalar>(
        title: untrained.map.name, options: options, epochs: plan.epochs,
        splits: splits)
    ]
    try trainer.run(on: splits, observers: &observers)
    model = trainer.model.frozen()
    let archive = ModelArchive(
      model, metadata: ModelMetadata(of: splits.training, dataset: dataset, plan: plan))
    result = NetworkResult(
      model: model, archive: archive,
      evaluation: try model.evaluation(on: splits.test, as: plan),
      usesPerplexity: splits.test.order == .consecutive)
    result.figures[.trainSeconds] = trainer.history.reduce(0) { $0 + $1.seconds }
    result.curve = trainer.history.map(LearningPoint.init)
  }

  /// Seconds per example of each model: the median over rounds of batches of up to 200 examples.
  static func inferenceSeconds(
    of models: [Model<Scalar>], on dataset: any Dataset
  ) throws -> [Double] {
    let size = min(200, dataset.count)
    let batch = dataset.byteBatch(Array(0..<size))
    let input = batch.input(as: Scalar.self)
    var seconds = models.map { _ in [Double]() }
    for round in 0..<12 {
      for (i, model) in models.enumerated() {
        var context = PassContext<Scalar>(lengths: batch.lengths)
        let start = ContinuousClock.now
        _ = try model.forward(input, &context)
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        // The first round pays for cold caches and pages.
        if round > 0 { seconds[i].append(elapsed / Double(size)) }
      }
    }
    return seconds.map { $0.sorted()[$0.count / 2] }
  }
}

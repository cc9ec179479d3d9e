internal import AddendArchives
public import AddendCatalogue
public import AddendData
public import AddendLinear
public import AddendNetworks
public import AddendTensors
public import AddendTraining

/// Transforms one after another, with what each costs and saves.
///
///     let pipeline = TransformPipeline([BatchNormFolding(), MapConversion(to: Specification("lookup"))])
///     let (smaller, records) = try pipeline.run(
///       on: model, calibration: splits.training, evaluation: splits.test)
///     for record in records { print(record.name, record.evaluation.accuracy, record.byteCount) }
public struct TransformPipeline: Sendable {
  public var transforms: [any ModelTransform]

  public init(_ transforms: [any ModelTransform]) { self.transforms = transforms }

  /// The model after all transforms, and a record of it before the first and after each.
  ///
  /// Records describe the frozen form: what is stored and run. The model itself is not frozen and can
  /// be trained further.
  /// - Throws: `CompressionError` of the first transform that fails, or of an evaluation.
  public func run<Scalar: TensorScalar>(
    on model: Model<Scalar>, calibration: (any Dataset)?, evaluation dataset: any Dataset,
    loss: any Loss = SoftmaxCrossEntropy()
  ) throws(CompressionError) -> (model: Model<Scalar>, records: [TransformRecord]) {
    var model = model
    var records = [try TransformRecord(nil, model, on: dataset, loss: loss)]
    for transform in transforms {
      model = try transform.transformed(model, calibration: calibration)
      records.append(
        try TransformRecord(transform.specification, model, on: dataset, loss: loss))
    }
    return (model, records)
  }
}

/// What a model is worth after one transform.
public struct TransformRecord: Hashable, Sendable {
  /// The transform; `nil` for the model as it came.
  public let transform: Specification?
  /// Loss and accuracy on the data held out.
  public let evaluation: Evaluation
  /// The stored model's, side tables and headers included.
  public let byteCount: Int
  /// Operations of inference for one example.
  public let cost: OperationCount

  public var name: String { transform?.description ?? "original" }

  init<Scalar>(
    _ transform: Specification?, _ model: Model<Scalar>, on dataset: any Dataset, loss: any Loss
  ) throws(CompressionError) {
    let frozen = model.frozen()
    self.transform = transform
    do throws(TrainingError) {
      evaluation = try frozen.evaluation(on: dataset, loss: loss)
    } catch {
      throw .evaluation(error)
    }
    byteCount = ModelArchive(frozen).storedSize.byteCount
    cost = frozen.cost
  }
}

internal import Addend

extension NetworkResult {
  /// What is known of a model without timing it.
  init<Scalar: TensorScalar>(
    model: Model<Scalar>, archive: ModelArchive<Scalar>, evaluation: Evaluation?,
    usesPerplexity: Bool = false
  ) {
    let cost = model.cost
    var figures: [Measure: Double] = [
      .multiplications: Double(cost.multiplications), .additions: Double(cost.additions),
      .lookups: Double(cost.lookups), .comparisons: Double(cost.comparisons),
      .bitOperations: Double(cost.bitOperations),
      .bytesStored: Double(archive.storedSize.byteCount),
      .parameters: Double(model.parameterCount),
    ]
    // The model has no prices of sums of 16-bit logarithms.
    if !Scalar.isLogarithmic {
      figures[.energyPicojoules] = EnergyModel.horowitz.picojoules(cost)
    }
    if let evaluation {
      figures[.loss] = evaluation.loss
      figures[usesPerplexity ? .perplexity : .accuracy] =
        usesPerplexity ? evaluation.perplexity : evaluation.accuracy
    }
    self.init(
      network: model.network.name, map: "\(model.map)", precision: model.precisionName,
      figures: figures)
  }
}

extension LearningPoint {
  init(_ record: EpochRecord) {
    self.init(
      epoch: record.epoch, trainLoss: record.trainingLoss,
      testAccuracy: record.validation?.accuracy)
  }
}

extension ModelMetadata {
  /// What a file should say of a model trained on `training`.
  init(of training: any Dataset, dataset: Specification, plan: TrainingPlan) {
    self.init()
    classNames = training.order == .shuffled ? training.classNames : []
    self.dataset = "\(dataset)"
    version = addendVersion
    // By these `evaluate` finds the figures again that training printed.
    notes["loss"] = .text("\(plan.loss.specification)")
    notes["batchSize"] = .integer(plan.batchSize)
    // The bytes of an image are divided by their maximum first: both steps in one.
    normalization = training.normalization.map { scale in
      Normalization(
        means: scale.mean.map { Double($0) * Double(scale.maximum) },
        deviations: scale.deviation.map { Double($0) * Double(scale.maximum) })
    }
  }
}

extension Model {
  /// The number of numbers that the network has with exact products: the same under every map.
  var parameterCount: Int { parameterCount(under: nil) }

  /// The number of them in the layer called `name`; in all for `nil`.
  func parameterCount(under name: String?) -> Int {
    var copy = self
    var counter = ParameterCounter<Scalar>(layer: name)
    copy.visit(&counter)
    // A map's own parameters (weights, prototypes, none once frozen) give way to its matrix.
    var maps = MapSizeDifference<Scalar>(layer: name)
    copy.visitMaps(&maps)
    return counter.count + maps.count
  }
}

private struct ParameterCounter<Scalar: TensorScalar>: StateVisitor {
  let layer: String?
  private(set) var count = 0
  private var path: [String] = []

  init(layer: String?) { self.layer = layer }

  mutating func enter(_ name: String) { path.append(name) }
  mutating func leave() { path.removeLast() }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    if layer == nil || path.first == layer { count += parameter.value.count }
  }
}

/// The sizes of the maps' matrices less what the maps count as parameters.
private struct MapSizeDifference<Scalar: TensorScalar>: MapVisitor {
  let layer: String?
  private(set) var count = 0
  private var path: [String] = []

  init(layer: String?) { self.layer = layer }

  mutating func enter(_ name: String) { path.append(name) }
  mutating func leave() { path.removeLast() }

  mutating func visit(_ map: inout any MapSlot<Scalar>, _ role: MapRole, named name: String) {
    guard layer == nil || path.first == layer else { return }
    var own = ParameterCounter<Scalar>(layer: nil)
    map.visit(&own)
    count += role.inputSize * role.outputSize - own.count
  }
}

/// The figures of one network as lines for a person.
enum Summary {
  static func text(_ result: NetworkResult) -> String {
    let lines = Measure.allCases.compactMap { measure -> String? in
      guard let value = result.figures[measure] else { return nil }
      let title = measure.scope.isEmpty ? measure.title : "\(measure.title) \(measure.scope)"
      return "  " + title.padded(to: 36) + measure.unit.text(value)
    }
    return (["\(result.network), \(result.arithmetic)"] + lines).joined(separator: "\n")
  }
}

extension String {
  /// This text with spaces after it up to `width` characters.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}

internal import AddendCatalogue
internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors
internal import Synchronization

/// A new map while it learns: whoever asks it for an inference makes it see a training pass.
///
/// A class, since the network that it sits in is not changed by an inference; the lock is all that
/// guards the map.
final class MapLearner<Scalar: TensorScalar>: Sendable {
  private let guarded: Mutex<any MapSlot<Scalar>>

  init(_ map: any MapSlot<Scalar>) { guarded = Mutex(map) }

  var map: any MapSlot<Scalar> { guarded.withLock { $0 } }

  func prepare(for progress: TrainingProgress) { guarded.withLock { $0.prepare(for: progress) } }

  func learn(from x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try guarded.withLock { map throws(TensorError) in
      defer { map.discardResiduals() }
      return try map.trainingForward(x)
    }
  }

  func learn(
    from image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    try guarded.withLock { map throws(TensorError) in
      defer { map.discardResiduals() }
      return try map.imageTrainingForward(image, geometry)
    }
  }
}

/// Stands in a layer for a map that learns.
struct LearningMap<Scalar: TensorScalar>: LinearMap {
  let learner: MapLearner<Scalar>

  typealias Residuals = ExactMap<Scalar>.Residuals

  var inputSize: Int { learner.map.inputSize }
  var outputSize: Int { learner.map.outputSize }
  var cost: OperationCount { learner.map.cost }
  func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount {
    learner.map.imageCost(geometry)
  }
  var exactTwin: ExactMap<Scalar> { learner.map.exactTwin }

  func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try learner.learn(from: x)
  }
  func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    try learner.learn(from: image, geometry)
  }
  mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    throw .notTrainable(operation: "conversion", reason: "its maps learn from inferences")
  }
  mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    preconditionFailure("no trainingForward came before")
  }
  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {}
}

/// Puts a learning map of the new kind in the place of every map that is not kept.
struct MapReplacement<Scalar: TensorScalar>: MapVisitor {
  let kept: MapOwners
  let configuration: any MapConfiguration
  let precision: Precision
  private var random: RandomSource
  private var path = StatePath()
  /// In the order of the visit.
  private(set) var learners: [MapLearner<Scalar>] = []
  private(set) var error: CompressionError?

  init(
    kept: MapOwners, configuration: any MapConfiguration, precision: Precision,
    random: RandomSource
  ) {
    self.kept = kept
    self.configuration = configuration
    self.precision = precision
    self.random = random
  }

  mutating func visit(_ map: inout any MapSlot<Scalar>, _ role: MapRole, named name: String) {
    let place = path.appending(name)
    guard error == nil, !kept.keeps(kept.owner(of: place)) else { return }
    var role = role
    role.precision = precision
    do throws(CatalogueError) {
      try configuration.check(for: Scalar.self)
      let learner = MapLearner(
        try configuration.makeMap(role, weight: map.exactTwin.weight.value, using: &random))
      learners.append(learner)
      map = Slot(LearningMap(learner: learner))
    } catch {
      self.error = .parameters(layer: place, error)
    }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

/// Puts what has been learned in the places of those who learned it.
struct LearnerInstallation<Scalar: TensorScalar>: MapVisitor {
  mutating func visit(_ map: inout any MapSlot<Scalar>, _ role: MapRole, named name: String) {
    guard let slot = map as? Slot<LearningMap<Scalar>> else { return }
    map = slot.map.learner.map
  }
}

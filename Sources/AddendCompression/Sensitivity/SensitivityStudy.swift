public import AddendCatalogue
public import AddendData
internal import AddendLinear
public import AddendNetworks
public import AddendTensors
public import AddendTraining
internal import Synchronization

/// How much each layer's numbers matter: the loss of a network of which one layer is perturbed at a time.
///
/// A small error `e` of a layer's numbers changes the loss by about `gᵀ e + eᵀ H e / 2`, and errors of
/// different layers add up as long as they stay small: so a format for each layer can be chosen by what
/// each alone costs (Dong et al., 2019, "HAWQ", §3; Lin et al., 2016, "Fixed Point Quantization of Deep
/// Convolutional Networks", §3).
///
/// Cost: an evaluation of the examples for each layer, format and part.
public struct SensitivityStudy: Sendable {
  /// A layer with a map.
  public struct Layer: Hashable, Sendable {
    public let name: String
    /// Numbers in its matrices.
    public let weights: Int
    /// Multiplications with them for one example.
    public let products: Int
    /// The map that it has.
    public let map: Specification
  }

  public let model: Model<Float>
  /// In the order of the network.
  public let layers: [Layer]
  /// The unperturbed network's.
  public let exact: Evaluation
  private let examples: any Dataset
  private let loss: any Loss
  private let batchSize: Int
  private let owners: MapOwners
  private let seed: UInt64

  /// - Parameters:
  ///   - count: examples looked at, at most, drawn by `seed`; running text is taken from its start.
  ///   - batchSize: in how many streams running text is read.
  /// - Throws: `CompressionError.unsuitable` for a network without maps; `evaluation`.
  public init(
    of model: Model<Float>, on dataset: any Dataset, loss: any Loss, examples count: Int = 1000,
    batchSize: Int = 200, seed: UInt64 = 1
  ) throws(CompressionError) {
    precondition(count > 0, "a study looks at something")
    owners = try MapOwners(keeping: [], in: model)
    var (copy, list) = (model, OwnerList<Float>())
    copy.rewrite(&list)
    let own = list.maps
    layers = try ProductCount(of: model, owners: owners).tallies.map { tally in
      Layer(
        name: tally.name, weights: tally.weights.withLock { $0 },
        products: tally.products.withLock { $0 }, map: own[tally.name] ?? model.map)
    }
    guard !layers.isEmpty else {
      throw .unsuitable(reason: "the network '\(model.network.name)' has no layer with a matrix")
    }
    self.model = model
    examples = Self.drawn(count, of: dataset, seed: seed)
    self.loss = loss
    self.batchSize = batchSize
    self.seed = seed
    exact = try Self.evaluation(of: model, examples, loss, batchSize)
  }

  private static func drawn(_ count: Int, of dataset: any Dataset, seed: UInt64) -> any Dataset {
    guard dataset.count > count else { return dataset }
    var places = Array(0..<dataset.count)
    if dataset.order == .shuffled {
      var random = RandomSource(seed: seed, stream: 7)
      places.shuffle(using: &random)
    }
    return Subset(dataset, Array(places.prefix(count)))
  }

  private static func evaluation(
    of model: Model<Float>, _ examples: any Dataset, _ loss: any Loss, _ batchSize: Int
  ) throws(CompressionError) -> Evaluation {
    do throws(TrainingError) {
      return try model.evaluation(
        on: examples, loss: loss, batchSize: examples.order == .consecutive ? batchSize : 200)
    } catch {
      throw .evaluation(error)
    }
  }

  /// The network on the study's examples with `layer` perturbed.
  public func evaluation(
    perturbing layer: String, _ perturbation: Perturbation
  ) throws(CompressionError) -> Evaluation {
    var copy = model
    var installation = PerturbationInstallation(
      owners: owners, layer: layer, perturbation, seed: seed)
    copy.visitMaps(&installation)
    return try evaluation(of: copy)
  }

  /// The network on the study's examples with some layers' maps replaced, as it would be stored.
  public func evaluation(
    assigning assignment: MapAssignment
  ) throws(CompressionError) -> Evaluation {
    try evaluation(of: assignment.applied(to: model, calibration: examples).frozen())
  }

  private func evaluation(of model: Model<Float>) throws(CompressionError) -> Evaluation {
    try Self.evaluation(of: model, examples, loss, batchSize)
  }
}

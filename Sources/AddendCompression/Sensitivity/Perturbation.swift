internal import AddendCatalogue
internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
public import AddendTensors
internal import Synchronization

/// What one layer's numbers suffer while the rest of a network stays exact.
public struct Perturbation: Hashable, Sendable {
  /// Which of a product's operands.
  public enum Part: String, Hashable, Sendable, CaseIterable { case weights, activations, both }

  public var format: NumberFormat
  public var part: Part
  /// Normal noise of the same mean square in the place of the format's error; drawn anew for each tensor.
  public var isNoise: Bool

  public init(_ format: NumberFormat, of part: Part, asNoise isNoise: Bool = false) {
    self.format = format
    self.part = part
    self.isNoise = isNoise
  }

  func perturbs(_ part: Part) -> Bool { self.part == part || self.part == .both }
}

/// `y = (x + e) (W + f)` with the errors of a format, or noise as large.
struct PerturbedMap: LinearMap {
  typealias Scalar = Float
  typealias Residuals = ExactMap<Float>.Residuals

  private let exact: ExactMap<Float>
  private let perturbation: Perturbation
  private let draws: Draws

  init(_ exact: ExactMap<Float>, _ perturbation: Perturbation, seed: UInt64) {
    let weight = exact.weight.value
    let isWeight = perturbation.perturbs(.weights)
    draws = Draws(seed: seed)
    self.exact = ExactMap(
      weight: isWeight ? perturbation.perturbed(weight, draws) : weight)
    self.perturbation = perturbation
  }

  var inputSize: Int { exact.inputSize }
  var outputSize: Int { exact.outputSize }
  var cost: OperationCount { exact.cost }
  var exactTwin: ExactMap<Float> { exact }

  func forward(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
    try exact.forward(perturbed(x))
  }
  func imageForward(
    _ image: Tensor<Float>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Float> {
    try exact.imageForward(perturbed(image), geometry)
  }
  mutating func trainingForward(
    _ x: Tensor<Float>
  ) throws(TensorError) -> (Tensor<Float>, Residuals) {
    throw .notTrainable(operation: "perturbed map", reason: "it stands in for one in inference")
  }
  mutating func backward(_ dy: Tensor<Float>, _ residuals: consuming Residuals) -> Tensor<Float> {
    preconditionFailure("no trainingForward came before")
  }
  mutating func visit(_ visitor: inout some StateVisitor<Float>) {}

  private func perturbed(_ x: Tensor<Float>) -> Tensor<Float> {
    perturbation.perturbs(.activations) ? perturbation.perturbed(x, draws) : x
  }
}

extension Perturbation {
  /// `x` with the error.
  fileprivate func perturbed(_ x: Tensor<Float>, _ draws: Draws) -> Tensor<Float> {
    let rounded = x.rounded(to: format)
    guard isNoise, x.count > 0 else { return rounded }
    var error = rounded
    var difference = error.mutableSpan
    Float.addScaled(-1, x.span, to: &difference)
    let deviation = (Float.sumOfSquares(error.span) / Double(x.count)).squareRoot()
    var random = draws.next()
    return Tensor(x.shape) { y in
      for i in y.indices { y[i] = x.span[i] + Float(deviation * random.normal()) }
    }
  }
}

/// A source for each tensor, one after the other; a class, for a map that runs is not changed by it.
private final class Draws: Sendable {
  private let source: Mutex<RandomSource>

  init(seed: UInt64) { source = Mutex(RandomSource(seed: seed)) }

  func next() -> RandomSource { source.withLock { RandomSource(seed: $0.next()) } }
}

/// Puts a perturbed map in the place of every map of one layer.
struct PerturbationInstallation: MapVisitor {
  typealias Scalar = Float

  let owners: MapOwners
  let layer: String
  let perturbation: Perturbation
  let seed: UInt64
  private var maps: UInt64 = 0
  private var path = StatePath()

  init(owners: MapOwners, layer: String, _ perturbation: Perturbation, seed: UInt64) {
    self.owners = owners
    self.layer = layer
    self.perturbation = perturbation
    self.seed = seed
  }

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    guard owners.owner(of: path.appending(name)) == layer else { return }
    maps += 1
    map = Slot(PerturbedMap(map.exactTwin, perturbation, seed: seed &+ maps))
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors
internal import Synchronization

/// The layers with maps, in the order of the network, and what each multiplies for one example.
struct ProductCount: MapVisitor {
  typealias Scalar = Float

  /// One layer's numbers; a class, for the layers of a network that runs are not changed by it.
  final class Tally: Sendable {
    let name: String
    let weights: Mutex<Int>
    let products = Mutex(0)

    init(_ name: String) {
      self.name = name
      weights = Mutex(0)
    }
  }

  private let owners: MapOwners
  private(set) var tallies: [Tally] = []
  private var path = StatePath()

  /// - Throws: `CompressionError.network` where the network does not take an example of zeros.
  init(of model: Model<Float>, owners: MapOwners) throws(CompressionError) {
    self.owners = owners
    var copy = model
    copy.visitMaps(&self)
    do throws(NetworkError) {
      _ = try copy.forward(Tensor(model.network.input.batched(1)))
    } catch {
      throw .network(error)
    }
  }

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    guard let owner = owners.owner(of: path.appending(name)) else { return }
    if tallies.last?.name != owner { tallies.append(Tally(owner)) }
    let tally = tallies[tallies.count - 1]
    let size = map.inputSize * map.outputSize
    tally.weights.withLock { $0 += size }
    map = Slot(TallyingMap(exact: map.exactTwin, tally: tally))
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

/// Multiplies exactly, and notes how much.
private struct TallyingMap: LinearMap {
  typealias Scalar = Float
  typealias Residuals = ExactMap<Float>.Residuals

  let exact: ExactMap<Float>
  let tally: ProductCount.Tally

  var inputSize: Int { exact.inputSize }
  var outputSize: Int { exact.outputSize }
  var cost: OperationCount { exact.cost }
  var exactTwin: ExactMap<Float> { exact }

  func forward(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
    tally.products.withLock { $0 += x.rows * inputSize * outputSize }
    return try exact.forward(x)
  }
  func imageForward(
    _ image: Tensor<Float>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Float> {
    tally.products.withLock { $0 += geometry.patchCount * inputSize * outputSize }
    return try exact.imageForward(image, geometry)
  }
  mutating func trainingForward(
    _ x: Tensor<Float>
  ) throws(TensorError) -> (Tensor<Float>, Residuals) {
    throw .notTrainable(operation: "counting map", reason: "it stands in for one in inference")
  }
  mutating func backward(_ dy: Tensor<Float>, _ residuals: consuming Residuals) -> Tensor<Float> {
    preconditionFailure("no trainingForward came before")
  }
  mutating func visit(_ visitor: inout some StateVisitor<Float>) {}
}

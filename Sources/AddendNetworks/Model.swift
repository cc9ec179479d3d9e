public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// A network with its parameters: a value.
///
/// One graph is trained, transformed, saved and run. Copies are independent.
public struct Model<Scalar: TensorScalar>: Sendable {
  public private(set) var network: Network
  /// The map of the layers that do not name their own.
  public private(set) var map: Specification
  /// The formats in which maps multiply and training updates.
  public let precision: Precision
  public var layers: Chain<Scalar>
  /// One example's output shape.
  public let output: Shape

  /// Builds `network` with `map` in its layers, parameters drawn from `seed`.
  /// - Throws: `NetworkError` naming the layer that cannot be built and why.
  public init(
    _ network: Network, map: Specification = Specification("float32"), precision: Precision = .own,
    seed: UInt64
  ) throws(NetworkError) {
    guard !network.layers.isEmpty else { throw .emptyNetwork }
    let configuration: any MapConfiguration
    do throws(CatalogueError) {
      configuration = try Maps.configuration(map)
    } catch {
      throw .parameters(layer: network.name, error)
    }
    var site = BuildingSite(
      map: configuration, precision: precision, random: RandomSource(seed: seed, stream: 1))
    self.network = network
    self.map = map
    self.precision = precision
    layers = try site.makeChain(network.layers, for: network.input, of: Scalar.self)
    output = try layers.outputShape(for: network.input)
  }

  /// The outputs (logits) for a batch: `[batch] + input` to `[batch] + output`.
  /// - Throws: `NetworkError.pass` when `x` is not shaped so.
  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(NetworkError) -> Tensor<Scalar> {
    try checkInput(x)
    return try located { () throws(TensorError) in try layers.forward(x, &context) }
  }

  public func forward(_ x: Tensor<Scalar>) throws(NetworkError) -> Tensor<Scalar> {
    var context = PassContext<Scalar>()
    return try forward(x, &context)
  }

  /// As `forward`, in training; `backward` goes back through it.
  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(NetworkError) -> Tensor<Scalar> {
    try checkInput(x)
    do throws(TensorError) {
      return try layers.trainingForward(x, &context)
    } catch {
      layers.discardResiduals()
      throw .pass(layer: network.name, error)
    }
  }

  /// Adds the loss's gradient to every parameter, given the gradient towards the outputs.
  public mutating func backward(_ dy: Tensor<Scalar>) { layers.parameterBackward(dy) }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) { layers.visit(&visitor) }
  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    layers.visitMaps(&visitor)
  }

  /// Lets `rewriter` change the layers; `network` describes the result. With `map` given, the layers
  /// that do not name their own map are described as having that one: replacing what they hold is
  /// the caller's part.
  public mutating func rewrite(
    _ rewriter: inout some ChainRewriter<Scalar>, map: Specification? = nil
  ) {
    layers.rewrite(&rewriter)
    network.layers = layers.specifications
    if let map { self.map = map }
  }

  /// Tells all maps where training stands.
  public mutating func prepare(for progress: TrainingProgress) {
    var visitor = MapAction<Scalar> { $0.prepare(for: progress) }
    visitMaps(&visitor)
  }

  /// The model in the form that is stored and run: maps drop what only training needs.
  public func frozen() -> Model {
    var model = self
    model.layers.discardResiduals()
    var visitor = MapAction<Scalar> { $0.freeze() }
    model.visitMaps(&visitor)
    return model
  }

  /// The precision as reports name it: the scalar's format where nothing is rounded.
  public var precisionName: String { precision == .own ? Scalar.formatName : precision.description }

  /// Operations of inference for one example.
  public var cost: OperationCount {
    layers.cost(for: network.input).counted(in: Scalar.self)
  }

  private func checkInput(_ x: Tensor<Scalar>) throws(NetworkError) {
    guard x.shape.rank == network.input.rank + 1, x.shape.element == network.input else {
      throw .pass(
        layer: network.name,
        .shapeMismatch(
          operation: "forward", argument: "x", expected: "batch×\(network.input)", found: x.shape))
    }
  }

  private func located<Result>(
    _ body: () throws(TensorError) -> Result
  ) throws(NetworkError) -> Result {
    do throws(TensorError) {
      return try body()
    } catch {
      throw .pass(layer: network.name, error)
    }
  }
}

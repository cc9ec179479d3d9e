public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// Layers one after another as one layer: what a branch of several layers is written as.
public struct Sequential: LayerConfiguration {
  public var layers: [Specification]

  public init(_ layers: [Specification]) { self.layers = layers }
  public init(@LayerBuilder _ layers: () -> [any LayerConfiguration]) {
    self.init(layers().map(\.specification))
  }

  public static let declaration = Declaration(
    "sequential", summary: "layers one after another",
    parameters: [.init("layers", .list, standard: .list([]), help: "the layers")])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(arguments.list("layers"))
  }
  public var specification: Specification { Specification("sequential", ["layers": .list(layers)]) }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    LayerHolder(
      SequentialLayer<Scalar>(chain: try site.makeChain(layers, for: input, of: scalar)))
  }
}

/// `y = f_n(… f_1(x))`; without layers `y = x`. Cost: the layers'.
public struct SequentialLayer<Scalar: TensorScalar>: Layer {
  var chain: Chain<Scalar>

  /// The chain keeps its layers' residuals itself.
  public struct Residuals: Sendable {}

  public var hasParameters: Bool { chain.hasParameters }
  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    try chain.outputShape(for: input)
  }
  public func cost(for input: Shape) -> OperationCount { chain.cost(for: input) }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    chain.emit(into: &graph, x)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try chain.forward(x, &context)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    (try chain.trainingForward(x, &context), Residuals())
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    chain.backward(dy)
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    chain.parameterBackward(dy)
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) { chain.visit(&visitor) }
  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    chain.visitMaps(&visitor)
  }
  public mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification
  ) {
    // The levels of a recurrent layer are a chain too, but its description counts them only.
    guard case .list = specification.arguments["layers"] else { return }
    chain.rewrite(&rewriter)
    specification.arguments["layers"] = .list(chain.specifications)
  }

  public mutating func discardResiduals() { chain.discardResiduals() }
}

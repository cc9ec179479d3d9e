public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// A layer of any kind in a network's hands, together with the residuals of the passes under way.
public protocol LayerSlot<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  var hasParameters: Bool { get }
  func outputShape(for input: Shape) throws(NetworkError) -> Shape
  func cost(for input: Shape) -> OperationCount
  func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar>
  mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar>
  mutating func backward(_ dy: Tensor<Scalar>) -> Tensor<Scalar>
  mutating func parameterBackward(_ dy: Tensor<Scalar>)
  mutating func visit(_ visitor: inout some StateVisitor<Scalar>)
  mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>)
  /// Forgets the residuals of passes that will not be gone back through.
  mutating func discardResiduals()
  mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification)
  var channelAffine: ChannelAffine? { get }
  var lookupStage: LookupStage? { get }
  var binaryStage: BinaryStage? { get }
  /// Appends what inference does with the result of node `x`, and returns the number of the node that
  /// holds it.
  func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int
  mutating func absorb(_ next: ChannelAffine, in specification: inout Specification) -> Bool
}

/// The one conformer of `LayerSlot`.
public struct LayerHolder<Held: Layer>: LayerSlot {
  public typealias Scalar = Held.Scalar

  public private(set) var layer: Held
  private var residuals: [Held.Residuals] = []

  public init(_ layer: Held) { self.layer = layer }

  public var hasParameters: Bool { layer.hasParameters }
  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    try layer.outputShape(for: input)
  }
  public func cost(for input: Shape) -> OperationCount { layer.cost(for: input) }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try layer.forward(x, &context)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    let (y, residual) = try layer.trainingForward(x, &context)
    residuals.append(residual)
    return y
  }

  public mutating func backward(_ dy: Tensor<Scalar>) -> Tensor<Scalar> {
    layer.backward(dy, popResidual())
  }

  public mutating func parameterBackward(_ dy: Tensor<Scalar>) {
    layer.parameterBackward(dy, popResidual())
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) { layer.visit(&visitor) }
  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    layer.visitMaps(&visitor)
  }
  public mutating func discardResiduals() {
    residuals.removeAll()
    layer.discardResiduals()
    var maps = MapAction<Scalar> { $0.discardResiduals() }
    layer.visitMaps(&maps)
  }

  public mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification
  ) {
    layer.rewriteChains(&rewriter, in: &specification)
  }
  public var channelAffine: ChannelAffine? { layer.channelAffine }
  public var lookupStage: LookupStage? { layer.lookupStage }
  public var binaryStage: BinaryStage? { layer.binaryStage }
  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int {
    if let value = layer.emit(into: &graph, x) { return value }
    // Shapes were checked when the layer was built.
    guard let shape = try? outputShape(for: graph.nodes[x].shape) else {
      preconditionFailure("a layer is given a shape that it takes")
    }
    return graph.append(.layer(self), [x], shape: shape)
  }
  public mutating func absorb(
    _ next: ChannelAffine, in specification: inout Specification
  ) -> Bool {
    layer.absorb(next, in: &specification)
  }

  private mutating func popResidual() -> Held.Residuals {
    guard let last = residuals.popLast() else {
      preconditionFailure("backward goes back through a trainingForward that came before it")
    }
    return last
  }
}

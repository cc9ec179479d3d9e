public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// One step of a network, with its derivative.
///
/// The outermost axis of every input is the batch. `trainingForward` returns what `backward` needs
/// as a value; inference is another call, so there is no training flag and no tape.
public protocol Layer<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  associatedtype Residuals: Sendable

  /// One example's output shape for one example's input shape.
  /// - Throws: `NetworkError.unsuitableInput` for a shape that the layer cannot take.
  func outputShape(for input: Shape) throws(NetworkError) -> Shape

  /// Operations of inference for one example of shape `input`.
  func cost(for input: Shape) -> OperationCount

  func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar>

  mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals)

  /// Adds to the parameters' gradients and returns `dx`.
  mutating func backward(_ dy: Tensor<Scalar>, _ residuals: consuming Residuals) -> Tensor<Scalar>

  /// `backward` where nobody wants `dx`: everything before is without parameters.
  mutating func parameterBackward(_ dy: Tensor<Scalar>, _ residuals: consuming Residuals)

  /// Visits all state, that of maps included, in a fixed order.
  mutating func visit(_ visitor: inout some StateVisitor<Scalar>)

  /// Visits the maps, for whatever concerns maps alone.
  mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>)

  /// Forgets the passes under way in the chains that a composite layer holds.
  mutating func discardResiduals()

  /// Whether gradients change anything in this layer.
  var hasParameters: Bool { get }

  /// Rewrites the chains that a composite layer holds, and the lists of them in the `specification`
  /// that made it.
  mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification)

  /// What inference does, where it is no more than a scaling and a shift of channels.
  var channelAffine: ChannelAffine? { get }

  /// What inference does, where look-ups and comparisons can do all of it.
  var lookupStage: LookupStage? { get }

  /// What inference does, where a program on bits can do all of it.
  var binaryStage: BinaryStage? { get }

  /// Appends what inference does with the result of node `x` to the graph, and returns the number of
  /// the node that holds it; `nil`, and nothing has been appended, for a layer that stays whole.
  func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int?

  /// Does what the layer after this one does too, and notes in the `specification` that made this
  /// one what it takes to build it so; `false`, and nothing has changed, where it cannot.
  mutating func absorb(_ next: ChannelAffine, in specification: inout Specification) -> Bool
}

/// `y = scale · x + shift`, channels (the last axis) apart.
public struct ChannelAffine: Hashable, Sendable {
  public var scale: [Double]
  public var shift: [Double]

  public init(scale: [Double], shift: [Double]) {
    precondition(scale.count == shift.count, "a scale and a shift for each channel")
    self.scale = scale
    self.shift = shift
  }
}

/// A layer as a program of look-ups takes it.
public enum LookupStage: Hashable, Sendable {
  /// Every number passes as it is.
  case identity
  /// `max(x, 0)`.
  case rectifier
  /// Sums of table entries, a bias among the offsets.
  case tables(LookupTables)
}

extension Layer {
  public mutating func parameterBackward(_ dy: Tensor<Scalar>, _ residuals: consuming Residuals) {
    _ = backward(dy, residuals)
  }
  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {}
  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {}
  public mutating func discardResiduals() {}
  public var hasParameters: Bool { false }
  public mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification
  ) {}
  public var channelAffine: ChannelAffine? { nil }
  public var lookupStage: LookupStage? { nil }
  public var binaryStage: BinaryStage? { nil }
  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? { nil }
  public mutating func absorb(
    _ next: ChannelAffine, in specification: inout Specification
  ) -> Bool { false }
  public func cost(for input: Shape) -> OperationCount { .zero }
}

/// Walks over a network's maps, and may replace them.
public protocol MapVisitor<Scalar> {
  associatedtype Scalar: TensorScalar
  mutating func visit(_ map: inout any MapSlot<Scalar>, _ role: MapRole, named name: String)
  mutating func enter(_ name: String)
  mutating func leave()
}

extension MapVisitor {
  public mutating func enter(_ name: String) {}
  public mutating func leave() {}
}

/// Does one thing to every map.
struct MapAction<Scalar: TensorScalar>: MapVisitor {
  let action: (inout any MapSlot<Scalar>) -> Void

  mutating func visit(_ map: inout any MapSlot<Scalar>, _ role: MapRole, named name: String) {
    action(&map)
  }
}

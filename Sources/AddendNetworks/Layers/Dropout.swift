public import AddendCatalogue
public import AddendTensors

/// Zeroes numbers at random while training: `Dropout(0.5)`.
public struct Dropout: LayerConfiguration {
  /// The probability that a number is zeroed.
  public var rate: Double

  public init(_ rate: Double) {
    precondition(0...1 ~= rate, "a rate is a probability")
    self.rate = rate
  }

  public static let declaration = Declaration(
    "dropout", summary: "zeroes numbers at random while training",
    parameters: [.init("rate", .number(0...1), standard: nil, help: "the share zeroed")])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(arguments.number("rate"))
  }
  public var specification: Specification { Specification("dropout", ["rate": .number(rate)]) }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    LayerHolder(DropoutLayer<Scalar>(rate: rate))
  }
}

/// `y = x ⊙ mask / (1 − rate)` in training, where `mask` is 0 with probability `rate` and else 1;
/// `y = x` in inference (Srivastava et al., 2014, inverted). Costs nothing in inference.
public struct DropoutLayer<Scalar: TensorScalar>: Layer {
  let rate: Double

  /// The mask; `nil` where nothing is dropped.
  public struct Residuals: Sendable { let mask: Tensor<Scalar>? }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape { input }
  public var lookupStage: LookupStage? { .identity }
  public var binaryStage: BinaryStage? { .identity }
  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? { x }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> { x }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    guard rate > 0 else { return (x, Residuals(mask: nil)) }
    let mask = Tensor<Scalar>(x.shape) {
      Scalar.dropoutMask(rate: rate, using: &context.random, into: &$0)
    }
    return (Self.masked(x, mask), Residuals(mask: mask))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    residuals.mask.map { Self.masked(dy, $0) } ?? dy
  }

  private static func masked(_ x: Tensor<Scalar>, _ mask: Tensor<Scalar>) -> Tensor<Scalar> {
    var y = x
    var span = y.mutableSpan
    Scalar.multiply(&span, by: mask.span)
    return y
  }
}

public import AddendCatalogue
internal import AddendKernels
public import AddendLinear
public import AddendTensors

/// `1` from zero on, else `−1`.
public struct Sign: LayerConfiguration {
  public init() {}
  public static let declaration = Declaration(
    "sign", summary: "1 from zero on, else −1, with hard tanh's slope in training")
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("sign") }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    LayerHolder(SignLayer<Scalar>())
  }
}

/// `y = sign x`, `sign 0 = 1`; the gradient passes straight through where `|x| ≤ 1`, `dx = dy ⊙
/// [|x| ≤ 1]`, and is 0 elsewhere (Hubara et al., *Binarized Neural Networks*, 2016, §1.3, eq. 4).
///
/// Cost: a comparison for each number.
public struct SignLayer<Scalar: TensorScalar>: Layer {
  public struct Residuals: Sendable { let x: Tensor<Scalar> }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape { input }

  public var binaryStage: BinaryStage? { .sign }

  public func cost(for input: Shape) -> OperationCount {
    OperationCount(comparisons: input.count)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> { x.quantized(by: .sign) }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    (x.quantized(by: .sign), Residuals(x: x))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    dy.passed(where: residuals.x, isWithin: -1...1)
  }
}

public import AddendCatalogue
public import AddendKernels
public import AddendTensors

/// `y = x W` computed as it stands, in the scalar's own arithmetic: float32 through oneDNN.
///
/// Shapes: `W` is `[inputSize, outputSize]`, row-major. Gradients: `dW = xᵀ dy`, `dx = dy Wᵀ`.
///
/// Cost per row: `inputSize · outputSize` multiplications and `(inputSize − 1) · outputSize`
/// additions.
public struct ExactMap<Scalar: TensorScalar>: LinearMap {
  public internal(set) var weight: Parameter<Scalar>

  public struct Residuals: Sendable { let input: Tensor<Scalar> }
  /// The image.
  public typealias ImageResiduals = Tensor<Scalar>

  public init(weight: Tensor<Scalar>) {
    precondition(weight.shape.rank == 2, "a weight is a matrix")
    self.weight = Parameter(weight)
  }

  public var inputSize: Int { weight.value.shape[0] }
  public var outputSize: Int { weight.value.shape[1] }
  public var exactTwin: ExactMap { self }

  public var cost: OperationCount {
    let products = inputSize * outputSize
    return OperationCount(
      multiplications: products, additions: max(0, products - outputSize),
      bytesRead: (products + inputSize) * MemoryLayout<Scalar>.size,
      bytesWritten: outputSize * MemoryLayout<Scalar>.size)
  }

  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "float32 map")
    return matmul(x, weight.value)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    (try forward(x), Residuals(input: x))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let dx = matmul(dy, weight.value, transposingB: true)
    parameterBackward(dy, residuals)
    return dx
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    let input = residuals.input
    weight.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      let shape = GEMMShape(
        m: input.shape[1], n: dy.shape[1], k: dy.shape[0], transposesA: true,
        accumulates: accumulates)
      Scalar.gemm(shape, input.span, dy.span, &span)
    }
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&weight, named: "weight")
  }
}

// A convolution takes the image as it is: patches would be `filterHeight · filterWidth` times its
// size, in memory and in time.
extension ExactMap {
  public func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    guard image.count == geometry.imageCount, geometry.patchSize == inputSize else {
      throw .shapeMismatch(
        operation: "float32 map", argument: "image",
        expected: "\(geometry.batch)×\(geometry.height)×\(geometry.width)×\(geometry.channels) "
          + "with patches of \(inputSize)", found: image.shape)
    }
    let (x, filter) = (image.span, weight.value.span)
    return Tensor(geometry.outputShape(channels: outputSize)) {
      Scalar.convolve(x, filter, geometry, into: &$0)
    }
  }

  public mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> (Tensor<Scalar>, Tensor<Scalar>) {
    (try imageForward(image, geometry), image)
  }

  public mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    imageParameterBackward(dy, residuals, geometry)
    let (gradient, filter) = (dy.span, weight.value.span)
    return Tensor([geometry.batch, geometry.height, geometry.width, geometry.channels]) {
      Scalar.convolutionInputGradient(gradient, filter, geometry, into: &$0)
    }
  }

  public mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) {
    let image = residuals
    weight.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      Scalar.convolutionFilterGradient(
        image.span, dy.span, geometry, accumulates: accumulates, into: &span)
    }
  }
}

/// `op(a) op(b)` of two matrices.
public func matmul<Scalar>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, transposingA: Bool = false, transposingB: Bool = false
) -> Tensor<Scalar> {
  let (m, k) = transposingA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
  let n = transposingB ? b.shape[0] : b.shape[1]
  precondition(k == (transposingB ? b.shape[1] : b.shape[0]), "matmul: \(a.shape) by \(b.shape)")
  let shape = GEMMShape(m: m, n: n, k: k, transposesA: transposingA, transposesB: transposingB)
  let (x, y) = (a.span, b.span)
  return Tensor([m, n]) { Scalar.gemm(shape, x, y, &$0) }
}

/// `float32`: exact products.
public struct ExactConfiguration: MapConfiguration {
  public static let declaration = Declaration(
    "float32", summary: "exact products in the model's own number format")

  public init() {}
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("float32") }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    Slot(ExactMap(weight: weight))
  }
}

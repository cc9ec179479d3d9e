public import AddendCatalogue
public import AddendKernels
public import AddendTensors

/// `y = x W` computed as it stands, in the scalar's own arithmetic.
///
/// Operands are rounded first, and sums kept, where `precision` says so, in all three products; the
/// weight that is kept, updated and stored is not rounded.
///
/// Shapes: `W` is `[inputSize, outputSize]`, row-major. Gradients: `dW = xᵀ dy`, `dx = dy Wᵀ`.
///
/// Cost per row: `inputSize · outputSize` multiplications and `(inputSize − 1) · outputSize`
/// additions.
public struct ExactMap<Scalar: TensorScalar>: LinearMap {
  public internal(set) var weight: Parameter<Scalar>
  public let precision: Precision

  /// The input.
  public struct Residuals: Sendable { let input: Tensor<Scalar> }
  /// The image.
  public typealias ImageResiduals = Tensor<Scalar>

  public init(weight: Tensor<Scalar>, precision: Precision = .own) {
    precondition(weight.shape.rank == 2, "a weight is a matrix")
    self.weight = Parameter(weight)
    self.precision = precision
  }

  public var inputSize: Int { weight.value.shape[0] }
  public var outputSize: Int { weight.value.shape[1] }
  public var exactWeight: Tensor<Scalar>? { precision.keeps(Scalar.self) ? weight.value : nil }
  /// The map without rounding.
  public var exactTwin: ExactMap { precision == .own ? self : ExactMap(weight: weight.value) }

  private var forwardProduct: ProductFormat {
    precision.product(precision.activations, precision.weights)
  }
  private var inputProduct: ProductFormat {
    precision.product(precision.gradients, precision.weights)
  }
  private var weightProduct: ProductFormat {
    precision.product(precision.activations, precision.gradients)
  }

  public mutating func addExactGradient(
    _ body: (inout Tensor<Scalar>, _ accumulates: Bool) -> Void
  ) {
    weight.addGradient(body)
  }

  public func stepProduct(transposed: Bool) -> ((Tensor<Scalar>) -> Tensor<Scalar>)? {
    guard !precision.keeps(Scalar.self) else { return nil }
    let format = transposed ? inputProduct : forwardProduct
    let weight = weight.value
    let (rows, columns) = transposed ? (outputSize, inputSize) : (inputSize, outputSize)
    let packed = Scalar.packed(
      weight.span, rows: rows, columns: columns, transposed: transposed, in: format)
    guard let packed else {
      return { matmul($0, weight, transposingB: transposed, in: format) }
    }
    return { x in
      let operand = x.span
      return Tensor([x.shape[0], columns]) { packed.multiply(operand, &$0) }
    }
  }

  public mutating func addStepGradient(_ x: Tensor<Scalar>, _ dy: Tensor<Scalar>) {
    addGradient(dy, Residuals(input: x))
  }

  public var cost: OperationCount {
    let products = inputSize * outputSize
    return OperationCount(
      multiplications: products, additions: max(0, products - outputSize),
      bytesRead: (products + inputSize) * MemoryLayout<Scalar>.size,
      bytesWritten: outputSize * MemoryLayout<Scalar>.size)
  }

  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try forward(x, bias: nil)
  }

  public func forward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "float32 map")
    return matmul(x, weight.value, bias: bias, in: forwardProduct)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try trainingForward(x, bias: nil)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, of: "float32 map")
    return (matmul(x, weight.value, bias: bias, in: forwardProduct), Residuals(input: x))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let dx = matmul(dy, weight.value, transposingB: true, in: inputProduct)
    addGradient(dy, residuals)
    return dx
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    addGradient(dy, residuals)
  }

  private mutating func addGradient(_ dy: Tensor<Scalar>, _ residuals: Residuals) {
    let (input, format) = (residuals.input, weightProduct)
    weight.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      let shape = GEMMShape(
        m: input.shape[1], n: dy.shape[1], k: dy.shape[0], transposesA: true,
        accumulates: accumulates)
      Scalar.gemm(shape, input.span, dy.span, bias: nil, in: format, &span)
    }
  }

  public mutating func scaleOutputs(by factors: [Double]) -> Bool {
    precondition(factors.count == outputSize, "a factor for each output")
    let width = outputSize
    var span = weight.value.mutableSpan
    for i in span.indices { span[i] = Scalar(span[i].double * factors[i % width]) }
    return true
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
    try checkImage(image, geometry, of: "float32 map")
    return convolved(image, geometry)
  }

  private func convolved(_ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry) -> Tensor<Scalar>
  {
    let (x, format) = (image.span, forwardProduct)
    return Tensor(geometry.outputShape(channels: outputSize)) {
      Scalar.convolve(x, weight.value.span, geometry, in: format, into: &$0)
    }
  }

  public mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> (Tensor<Scalar>, Tensor<Scalar>) {
    try checkImage(image, geometry, of: "float32 map")
    return (convolved(image, geometry), image)
  }

  public mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    addFilterGradient(dy, residuals, geometry)
    let (gradient, format) = (dy.span, inputProduct)
    return Tensor([geometry.batch, geometry.height, geometry.width, geometry.channels]) {
      Scalar.convolutionInputGradient(
        gradient, weight.value.span, geometry, in: format, into: &$0)
    }
  }

  public mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) {
    addFilterGradient(dy, residuals, geometry)
  }

  private mutating func addFilterGradient(
    _ dy: Tensor<Scalar>, _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) {
    let format = weightProduct
    weight.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      Scalar.convolutionFilterGradient(
        image.span, dy.span, geometry, in: format, accumulates: accumulates, into: &span)
    }
  }
}

/// `op(a) op(b)` of two matrices, plus `bias` in every row where there is one, rounded as `format` says.
public func matmul<Scalar>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, transposingA: Bool = false,
  transposingB: Bool = false, bias: Tensor<Scalar>? = nil, in format: ProductFormat = .own
) -> Tensor<Scalar> {
  let (m, k) = transposingA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
  let n = transposingB ? b.shape[0] : b.shape[1]
  precondition(k == (transposingB ? b.shape[1] : b.shape[0]), "matmul: \(a.shape) by \(b.shape)")
  let shape = GEMMShape(m: m, n: n, k: k, transposesA: transposingA, transposesB: transposingB)
  let (x, y) = (a.span, b.span)
  guard let bias else {
    return Tensor([m, n]) { Scalar.gemm(shape, x, y, bias: nil, in: format, &$0) }
  }
  let row = bias.span
  return Tensor([m, n]) { Scalar.gemm(shape, x, y, bias: row, in: format, &$0) }
}

/// `float32`: exact products.
public struct ExactConfiguration: MapConfiguration {
  public static let declaration = Declaration(
    "float32", summary: "exact products in the model's own number format")

  public init() {}
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("float32") }
  public var operandBits: OperandBits? { OperandBits(weights: 32, activations: 32) }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    Slot(ExactMap(weight: weight, precision: role.precision))
  }
}

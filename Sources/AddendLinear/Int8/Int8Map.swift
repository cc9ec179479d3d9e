public import AddendKernels
public import AddendTensors

/// `y = x W` with inputs as bytes and weights as int8 (Jacob et al., 2018, "Quantization and Training of
/// Neural Networks for Efficient Integer-Arithmetic-Only Inference").
///
/// Weights are symmetric, each output with a scale of its own: `t[j] = max_p |W[p, j]| / 127`, `w =
/// round(W / t)`. Inputs are affine, `x ≈ s (q − z)` with one range for the map
/// (`AffineQuantization`).
///
/// In training both are rounded in front of an exact product, `y = x̂ Ŵ`; gradients pass straight through
/// the rounding, `dW = x̂ᵀ dy` and `dx = dy Ŵᵀ` where `x` is within its range, 0 elsewhere. The
/// range is a moving average of the batches' extremes, from the first batch's on. Training passes
/// that are not gone back through are a conversion's: until the first `backward` products are
/// exact, and a histogram of the inputs is kept from which `RangeMethod` then chooses the first
/// range; so does `freeze`. A map that has seen nothing takes inputs from −4 to 4.
///
/// Frozen, it holds `w`, `t`, `s` and `z`, and computes `Int8Product`.
///
/// Shapes: `W` and `w` `[inputSize, outputSize]`, `t` `[outputSize]`.
///
/// Cost per row, frozen: `inputSize` multiplications, additions and twice as many comparisons to make the
/// bytes; `inputSize · outputSize` multiplications of bytes and as many additions of integers, the zero
/// point's correction included; `outputSize` multiplications. An image's pixels become bytes once.
public struct Int8Map<Scalar: TensorScalar>: LinearMap {
  public let inputSize: Int
  public let outputSize: Int
  let settings: Int8Configuration
  /// `[filterHeight, filterWidth, channels]` where rows are patches.
  private let patch: Shape?
  // One of the two is there.
  private var training: Int8Training<Scalar>?
  private var frozen: FrozenInt8<Scalar>?

  /// What `backward` needs: the input, and how it became bytes; `nil` for an exact product.
  public struct Residuals: Sendable {
    let input: Tensor<Scalar>
    public let quantization: AffineQuantization?
  }

  /// A map that starts from `weight: [inputSize, outputSize]`.
  public init(_ settings: Int8Configuration, _ role: MapRole, weight: Tensor<Scalar>) {
    precondition(weight.shape == [role.inputSize, role.outputSize], "a weight fits its role")
    inputSize = role.inputSize
    outputSize = role.outputSize
    self.settings = settings
    patch = role.isPatch ? role.inputGrid : nil
    training = Int8Training(settings, weight: weight)
  }

  public var exactTwin: ExactMap<Scalar> {
    if let frozen { return ExactMap(weight: frozen.effectiveWeight) }
    return ExactMap(weight: part.weight.value)
  }

  /// Of the frozen form.
  public var int8Product: Int8Product? { frozen?.product }

  /// Of the frozen form, frozen or not.
  public var cost: OperationCount { encoding(of: inputSize) + rowCost }

  private func encoding(of count: Int) -> OperationCount {
    OperationCount(
      multiplications: count, additions: count, comparisons: 2 * count,
      bytesRead: count * MemoryLayout<Scalar>.size, bytesWritten: count)
  }

  /// Of a row of bytes.
  private var rowCost: OperationCount {
    let products = inputSize * outputSize
    return OperationCount(
      multiplications: products + outputSize, additions: products,
      bytesRead: products + inputSize + 2 * outputSize * MemoryLayout<Float>.size,
      bytesWritten: outputSize * MemoryLayout<Scalar>.size)
  }

  public func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount {
    encoding(of: geometry.imageCount) + geometry.patchCount * rowCost
  }

  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try forward(x, bias: nil)
  }

  public func forward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "int8 map")
    guard let frozen else {
      return try part.exact(part.quantization).forward(part.rounded(x), bias: bias)
    }
    // A patch's weights are those of a filter as large as the image.
    let geometry = patch.map { frozen.geometry(ofPatches: x.shape[0], $0) }
    return frozen.convolve(
      x, geometry ?? Int8Product.rowGeometry(x.shape[0], inputs: inputSize), bias: bias
    ).reshaped([x.shape[0], outputSize])
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try trainingForward(x, bias: nil)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, of: "int8 map")
    let quantization = try observe(x)
    let y = try part.exact(quantization).forward(part.rounded(x, quantization), bias: bias)
    return (y, Residuals(input: x, quantization: quantization))
  }

  private mutating func observe(_ x: Tensor<Scalar>) throws(TensorError) -> AffineQuantization? {
    guard training != nil else {
      throw .notTrainable(operation: "int8 map", reason: "it is frozen, its weight is int8")
    }
    return training?.observe(x)
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    var exact = part.exact(residuals.quantization)
    let dx = exact.backward(dy, .init(input: part.rounded(residuals.input, residuals.quantization)))
    training?.takeGradient(of: exact)
    return part.passed(dx, residuals.input, residuals.quantization)
  }

  public mutating func parameterBackward(_ dy: Tensor<Scalar>, _ residuals: consuming Residuals) {
    var exact = part.exact(residuals.quantization)
    exact.parameterBackward(
      dy, .init(input: part.rounded(residuals.input, residuals.quantization)))
    training?.takeGradient(of: exact)
  }

  public mutating func scaleOutputs(by factors: [Double]) -> Bool {
    training?.scaleOutputs(by: factors) ?? false
  }

  public mutating func freeze() {
    guard let last = training.take() else { return }
    frozen = FrozenInt8(last.weight.value, input: last.finalQuantization, patch: patch)
  }

  /// The training form of a map that is not frozen.
  private var part: Int8Training<Scalar> {
    guard let training else { preconditionFailure("a map that is not frozen is in training") }
    return training
  }

  /// Visits first whether the map is frozen: a fresh map takes on the form that it is told.
  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    let weight = Tensor<Scalar>([inputSize, outputSize])
    if visitor.visit(frozen == nil ? .training : .frozen, of: "int8 map") == .frozen {
      if frozen == nil { frozen = FrozenInt8(weight, input: .init(covering: 0, 0), patch: patch) }
      training = nil
    } else if training == nil {
      training = Int8Training(settings, weight: weight)
      frozen = nil
    }
    training?.visit(&visitor)
    frozen?.visit(&visitor)
  }
}

// A convolution takes the image as it is.
extension Int8Map {
  public func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkImage(image, geometry, of: "int8 map")
    guard let frozen else {
      return try part.exact(part.quantization).imageForward(part.rounded(image), geometry)
    }
    guard geometry.dilation == 1 else {
      // The filter is laid out for taps that lie side by side.
      return try forward(image.patches(geometry))
        .reshaped(geometry.outputShape(channels: outputSize))
    }
    return frozen.convolve(image, geometry, bias: nil)
  }

  public mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkImage(image, geometry, of: "int8 map")
    let quantization = try observe(image)
    let y = try part.exact(quantization).imageForward(
      part.rounded(image, quantization), geometry)
    return (y, Residuals(input: image, quantization: quantization))
  }

  public mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    var exact = part.exact(residuals.quantization)
    let dx = exact.imageBackward(
      dy, part.rounded(residuals.input, residuals.quantization), geometry)
    training?.takeGradient(of: exact)
    return part.passed(dx, residuals.input, residuals.quantization)
  }

  public mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals, _ geometry: ConvolutionGeometry
  ) {
    var exact = part.exact(residuals.quantization)
    exact.imageParameterBackward(
      dy, part.rounded(residuals.input, residuals.quantization), geometry)
    training?.takeGradient(of: exact)
  }
}

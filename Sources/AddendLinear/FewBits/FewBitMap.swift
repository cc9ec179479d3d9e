public import AddendKernels
public import AddendTensors

/// `y = x̂ Ŵ`: a product whose weight has one or a few bits, and mostly its input, too.
///
/// `Ŵ` is made of a latent matrix `W` that training moves: its signs, or codes in a grid
/// (`CodeGrid`) whose range follows its root mean square; `x̂` of the input likewise
/// (`InputCoding`). Both are small integers times a unit, so the products, and sums below 2²⁴, are
/// exact, and the two units multiply the result.
///
/// Shapes: `W` and `Ŵ` are `[inputSize, outputSize]`. In an image what lies outside counts for
/// nothing: taps in the padding are zeros, not signs.
///
/// Gradients pass straight through (Bengio, Léonard & Courville, 2013): `dW = x̂ᵀ dy`, taken at `Ŵ` and
/// given to `W`; `dx = dy Ŵᵀ ⊙ [|x| ≤ r]`, with `r = 1` for signs, a grid's range for codes, and
/// everywhere for inputs that are taken as they come. For signs times a unit `u`, `dW = u x̂ᵀ dy`.
/// `dy` may itself be brought to few bits before both products (`GradientCoding`). Of a model's
/// precision, the format of the gradients counts here, and no other: operands have their own.
///
/// Latent weights behind signs begin uniform on ±1, are kept in [−1, 1] by every update, are spared
/// weight decay, and have rates multiplied by `1 / √(1.5 / (fanIn + fanOut))`, all as in
/// Courbariaux et al.'s reference implementation.
///
/// Cost per row: for signs on signs, `inputSize` comparisons, and for each output and word of 64
/// inputs an exclusive or, a population count and an addition; pixels take this eightfold, bit by
/// bit, without comparisons; real inputs are added or subtracted. Codes of more bits are
/// multiplied.
///
/// Courbariaux, Hubara, Soudry, El-Yaniv & Bengio, *Binarized Neural Networks* (2016, §1); Hubara et al.,
/// *Quantized Neural Networks* (JMLR 2018, §2–3).
public struct FewBitMap<Scalar: TensorScalar>: LinearMap {
  public let inputSize: Int
  public let outputSize: Int
  /// The map's, for messages.
  let name: String
  let weights: WeightCoding
  let precision: Precision
  /// Whether rows are patches, whose images are convolved.
  let isPatch: Bool
  var inputs: InputCoder<Scalar>
  var gradients: GradientCoding?
  /// `nil` once frozen.
  var latent: Parameter<Scalar>?
  /// The latent weight without its numbers: how it is trained.
  let latentTraits: Parameter<Scalar>
  /// The latent weight's codes, until it may have changed; once frozen, all that there is.
  var codes: WeightCodes<Scalar>?
  /// Once frozen, the codes as bits, where they are signs and products on bits can take the input's rows.
  var bits: PackedSigns?

  /// What `backward` needs: the input as it was multiplied, and as it came where gradients do not pass
  /// everywhere.
  public struct Residuals: Sendable {
    let codes: InputCodes<Scalar>
    let input: Tensor<Scalar>?
    let window: ClosedRange<Double>?
  }

  init(
    _ name: String, _ role: MapRole, weights: WeightCoding, inputs: InputCoding,
    gradients: GradientCoding?, latent: Parameter<Scalar>
  ) {
    inputSize = role.inputSize
    outputSize = role.outputSize
    self.name = name
    self.weights = weights
    precision = role.precision
    isPatch = role.isPatch
    self.inputs = InputCoder(inputs)
    self.gradients = gradients
    self.latent = latent
    latentTraits = Parameter(
      Tensor([0]), role: latent.role, bounds: latent.bounds, rateFactor: latent.rateFactor)
  }

  /// The weight's codes: those at hand, or new ones.
  var currentCodes: WeightCodes<Scalar> {
    if let codes { return codes }
    guard let latent else { preconditionFailure("a map has a latent weight or is frozen") }
    return weights.codes(of: latent.value, packs: false)
  }

  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x, of: "\(name) map")
    let w = currentCodes
    if let bits, x.shape[0] > 0, let rows = x as? Tensor<Float>,
      let sums = bits.sums(of: rows) as? Tensor<Scalar>
    {
      return sums.scaled(by: inputs.inferenceUnit * w.unit)
    }
    let a = inputs.codes(of: x)
    return w.multiplied(by: a).scaled(by: a.unit * w.unit)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x, of: "\(name) map")
    let (a, w, residuals) = try begin(x)
    return (w.multiplied(by: a).scaled(by: a.unit * w.unit), residuals)
  }

  /// Both operands of a training product, and what goes back needs.
  private mutating func begin(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (InputCodes<Scalar>, WeightCodes<Scalar>, Residuals) {
    guard latent != nil else {
      throw .notTrainable(operation: "\(name) map", reason: "it is frozen to its codes")
    }
    let a = try inputs.trainingCodes(of: x)
    var w = currentCodes
    codes = nil
    if !isPatch { w.expect(a) }
    codes = w
    let window = inputs.window
    return (a, w, Residuals(codes: a, input: window == nil ? nil : x, window: window))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let dy = gradientCodes(of: dy)
    addGradient(dy, residuals)
    var w = currentCodes
    codes = nil
    let dx = w.inputGradient(dy).scaled(by: w.unit)
    codes = w
    return passed(dx, residuals)
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    addGradient(gradientCodes(of: dy), residuals)
  }

  private func passed(_ dx: Tensor<Scalar>, _ residuals: Residuals) -> Tensor<Scalar> {
    guard let x = residuals.input, let window = residuals.window else { return dx }
    return dx.passed(where: x, isWithin: window)
  }

  private mutating func gradientCodes(of dy: Tensor<Scalar>) -> GradientCodes<Scalar> {
    let rounded = dy.rounded(to: precision.gradients)
    guard let coded = gradients?.codes(of: rounded) else {
      return GradientCodes(numbers: rounded, isNarrow: precision.gradients == .bfloat16)
    }
    return GradientCodes(numbers: coded, isNarrow: true)
  }

  /// What sums of products of the input's and the gradient's numbers stand for.
  private func gradientFactor(_ residuals: Residuals) -> Double {
    residuals.codes.unit * weights.gradientFactor(unit: currentCodes.unit)
  }

  private mutating func addGradient(_ dy: GradientCodes<Scalar>, _ residuals: Residuals) {
    let (a, factor) = (residuals.codes, gradientFactor(residuals))
    let scaled = dy.numbers.scaled(by: factor)
    // A power of two leaves a narrow number narrow.
    let isNarrow = a.isNarrow && dy.isNarrow && factor.significand == 1
    let (rows, inputs) = (a.numbers.shape[0], a.numbers.shape[1])
    latent?.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      if isNarrow, rows > 0 {
        let transposed = a.numbers.reshaped([rows, inputs, 1]).exchangingOuterAxes()
        NarrowMatrix(scaled).multiply(
          transposed.reshaped([inputs, rows]), accumulates: accumulates, into: &span)
      } else {
        let shape = GEMMShape(
          m: inputs, n: scaled.shape[1], k: rows, transposesA: true, accumulates: accumulates)
        Scalar.gemm(shape, a.numbers.span, scaled.span, &span)
      }
    }
  }

  public mutating func freeze() {
    guard let latent else { return }
    codes = weights.codes(of: latent.value, packs: false)
    self.latent = nil
    packCodes()
  }

  /// The signs, where they and the input's are all that is multiplied: inputs given as signs, or pixels.
  public var binaryWeight: BinaryWeight? {
    guard case .signs = weights else { return nil }
    let w = currentCodes
    let scales = w.unit == 1 ? nil : [Float](repeating: Float(w.unit), count: outputSize)
    return switch inputs.coding {
    case .given: BinaryWeight(signsOf: w.numbers, scales: scales, inputKind: .signs)
    case .pixels:
      BinaryWeight(signsOf: w.numbers, scales: scales, inputKind: .pixels(maximum: 255))
    case .signs, .real, .codes: nil
    }
  }

  /// Makes of frozen codes what their products read, once for all.
  mutating func packCodes() {
    guard let frozen = codes, !isPatch else { return }
    if case .signs = weights, let numbers = frozen.numbers as? Tensor<Float> {
      bits = PackedSigns(numbers, for: inputs.coding)
    }
    guard bits == nil, inputs.coding != .real else { return }
    codes = WeightCodes(frozen.numbers, unit: frozen.unit, packs: true)
  }

  /// The product with `Ŵ` of real inputs.
  public var exactTwin: ExactMap<Scalar> {
    let w = currentCodes
    return ExactMap(weight: w.numbers.scaled(by: w.unit))
  }
}

// A convolution takes the image as it is, so that what lies outside is zero and not a sign.
extension FewBitMap {
  public func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkImage(image, geometry, of: "\(name) map")
    let (a, w) = (inputs.codes(of: image), currentCodes)
    return w.convolved(a, geometry).scaled(by: a.unit * w.unit)
  }

  public mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkImage(image, geometry, of: "\(name) map")
    let (a, w, residuals) = try begin(image)
    return (w.convolved(a, geometry).scaled(by: a.unit * w.unit), residuals)
  }

  public mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    let dy = gradientCodes(of: dy)
    addFilterGradient(dy, residuals, geometry)
    let w = currentCodes
    let dx = w.inputGradient(dy, geometry).scaled(by: w.unit)
    return passed(dx, residuals)
  }

  public mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals, _ geometry: ConvolutionGeometry
  ) {
    addFilterGradient(gradientCodes(of: dy), residuals, geometry)
  }

  private mutating func addFilterGradient(
    _ dy: GradientCodes<Scalar>, _ residuals: Residuals, _ geometry: ConvolutionGeometry
  ) {
    let image = residuals.codes.numbers
    let scaled = dy.numbers.scaled(by: gradientFactor(residuals))
    latent?.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      Scalar.convolutionFilterGradient(
        image.span, scaled.span, geometry, accumulates: accumulates, into: &span)
    }
  }
}

public import AddendKernels
public import AddendTensors

/// `y = x W`: a learnable linear map with its two adjoints and its price.
///
/// The seam of the package: dense, convolutional and recurrent layers hold maps and never ask which.
/// Rows of `x: [rows, inputSize]` are examples, image patches or time steps;
/// `y: [rows, outputSize]`. Biases belong to layers, which hand theirs over to be added in the same pass.
///
/// Training calls `trainingForward`, then `backward` with the residuals that it returned, in reverse
/// order when there were several calls. Inference calls `forward`.
public protocol LinearMap<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// What `backward` needs of `trainingForward`.
  associatedtype Residuals: Sendable
  /// What `imageBackward` needs of `imageTrainingForward`.
  associatedtype ImageResiduals: Sendable = Residuals

  var inputSize: Int { get }
  var outputSize: Int { get }

  /// The map as inference computes it.
  /// - Throws: `TensorError.shapeMismatch` unless `x` is `[rows, inputSize]`.
  func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar>

  /// The map as training computes it; may learn from `x` (codebooks, statistics).
  /// - Throws: as `forward`, and `TensorError.notTrainable` once frozen.
  mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals)

  // The same with `bias: [outputSize]`, if there is one, added to every row of `y`.
  func forward(_ x: Tensor<Scalar>, bias: Tensor<Scalar>?) throws(TensorError) -> Tensor<Scalar>
  mutating func trainingForward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals)

  /// Adds to the parameters' gradients and returns `dx`.
  mutating func backward(_ dy: Tensor<Scalar>, _ residuals: consuming Residuals) -> Tensor<Scalar>

  /// `backward` for a network's first layer, whose `dx` nobody wants.
  mutating func parameterBackward(_ dy: Tensor<Scalar>, _ residuals: consuming Residuals)

  // A convolution: patches of `image: [batch, height, width, channels]` are the rows. The defaults
  // lay the patches out; a map that knows better takes the image as it is.
  func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar>
  mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> (Tensor<Scalar>, ImageResiduals)
  mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming ImageResiduals, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar>
  mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming ImageResiduals, _ geometry: ConvolutionGeometry)

  /// Visits all state in a fixed order: what it visits is what is stored.
  mutating func visit(_ visitor: inout some StateVisitor<Scalar>)

  /// Operations of `forward` for one row: exact, encoding and side tables included.
  var cost: OperationCount { get }

  /// Operations of `imageForward`.
  func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount

  /// Told before each training step where training stands, for maps with a schedule.
  mutating func prepare(for progress: TrainingProgress)

  /// Drops what only training needs, and computes the form that is stored and run.
  mutating func freeze()

  /// Multiplies the results of output `o` by `factors[o]`; `false`, and nothing has changed, for a
  /// map that cannot.
  mutating func scaleOutputs(by factors: [Double]) -> Bool

  /// The look-ups that the frozen form consists of, where it consists of look-ups in trees' codes;
  /// `nil` for any other map.
  var lookupTables: LookupTables? { get }

  /// The weights' signs, where the map multiplies by nothing else; `nil` for any other map.
  var binaryWeight: BinaryWeight? { get }

  /// `W`, where the map is nothing but the product with it in the scalar's own arithmetic; `nil` for
  /// any other map.
  var exactWeight: Tensor<Scalar>? { get }

  /// The product of bytes that the frozen form consists of; `nil` for any other map.
  var int8Product: Int8Product? { get }

  /// The exact map that this one approximates.
  var exactTwin: ExactMap<Scalar> { get }

  /// What gives `x W`, or `dy Wᵀ` where `transposed`, for the steps of one pass, with the weight
  /// laid out once for all of them; `nil` for a map that learns from a product, or that has an
  /// `exactWeight`. What these products have to do with the weight's gradient goes to
  /// `addStepGradient`.
  func stepProduct(transposed: Bool) -> ((Tensor<Scalar>) -> Tensor<Scalar>)?

  /// Adds `xᵀ dy` of all steps together to the gradient of a map with a `stepProduct`.
  mutating func addStepGradient(_ x: Tensor<Scalar>, _ dy: Tensor<Scalar>)

  /// For a layer that multiplies by `exactWeight` itself: has `body` add to its gradient, or replace
  /// what is there.
  mutating func addExactGradient(_ body: (inout Tensor<Scalar>, _ accumulates: Bool) -> Void)
}

/// How far training has come.
public struct TrainingProgress: Hashable, Sendable {
  /// Steps taken so far.
  public var step: Int
  public var stepsPerEpoch: Int
  public var epochs: Int

  public init(step: Int, stepsPerEpoch: Int, epochs: Int) {
    self.step = step
    self.stepsPerEpoch = stepsPerEpoch
    self.epochs = epochs
  }

  /// Epochs passed, with their fraction.
  public var epoch: Double { Double(step) / Double(max(1, stepsPerEpoch)) }
}

extension LinearMap {
  public func forward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> Tensor<Scalar> {
    var y = try forward(x)
    if let bias { y.addToEachRow(bias) }
    return y
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    var (y, residuals) = try trainingForward(x)
    if let bias { y.addToEachRow(bias) }
    return (y, residuals)
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    _ = backward(dy, residuals)
  }

  public mutating func prepare(for progress: TrainingProgress) {}
  public mutating func freeze() {}
  public mutating func scaleOutputs(by factors: [Double]) -> Bool { false }
  public var lookupTables: LookupTables? { nil }
  public var binaryWeight: BinaryWeight? { nil }
  public var int8Product: Int8Product? { nil }
  public var exactWeight: Tensor<Scalar>? { nil }
  public mutating func addExactGradient(
    _ body: (inout Tensor<Scalar>, _ accumulates: Bool) -> Void
  ) {
    preconditionFailure("a map without an exact weight has no gradient of one")
  }
  public func stepProduct(transposed: Bool) -> ((Tensor<Scalar>) -> Tensor<Scalar>)? { nil }
  public mutating func addStepGradient(_ x: Tensor<Scalar>, _ dy: Tensor<Scalar>) {
    preconditionFailure("a map without products of steps has no gradient of them")
  }

  public func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount {
    geometry.patchCount * cost
  }

  public func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    let y = try forward(image.patches(geometry))
    return y.reshaped(geometry.outputShape(channels: outputSize))
  }

  /// Checks `image`, and the size of its patches.
  public func checkImage(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry, of operation: String
  ) throws(TensorError) {
    guard image.count == geometry.imageCount, geometry.patchSize == inputSize else {
      throw .shapeMismatch(
        operation: operation, argument: "image",
        expected: "\(geometry.batch)×\(geometry.height)×\(geometry.width)×\(geometry.channels) "
          + "with patches of \(inputSize)", found: image.shape)
    }
  }

  /// Checks `x` against `[rows, inputSize]`.
  public func checkInput(_ x: Tensor<Scalar>, of operation: String) throws(TensorError) {
    guard x.shape.rank == 2, x.shape[1] == inputSize else {
      throw .shapeMismatch(
        operation: operation, argument: "x", expected: "rows×\(inputSize)", found: x.shape)
    }
  }
}

extension LinearMap where ImageResiduals == Residuals {
  public mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> (Tensor<Scalar>, ImageResiduals) {
    let (y, residuals) = try trainingForward(image.patches(geometry))
    return (y.reshaped(geometry.outputShape(channels: outputSize)), residuals)
  }

  public mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming ImageResiduals, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    let rows = backward(dy.reshaped([geometry.patchCount, outputSize]), residuals)
    var image = Tensor<Scalar>([
      geometry.batch, geometry.height, geometry.width, geometry.channels,
    ])
    var span = image.mutableSpan
    Scalar.addPatches(rows.span, geometry, to: &span)
    return image
  }

  public mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming ImageResiduals, _ geometry: ConvolutionGeometry
  ) {
    parameterBackward(dy.reshaped([geometry.patchCount, outputSize]), residuals)
  }
}

extension Tensor {
  /// The rows that a convolution of this image batch multiplies: `[patches, patchSize]`.
  public func patches(_ geometry: ConvolutionGeometry) -> Tensor {
    let source = span
    return Tensor([geometry.patchCount, geometry.patchSize]) {
      Scalar.patches(of: source, geometry, into: &$0)
    }
  }
}

extension ConvolutionGeometry {
  public func outputShape(channels: Int) -> Shape { [batch, outputHeight, outputWidth, channels] }
}

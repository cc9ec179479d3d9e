public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// Batch normalisation over all axes but the last.
public struct BatchNorm: LayerConfiguration {
  /// The share of a batch's moments in the running ones.
  public var momentum: Double
  /// What is added to variances.
  public var epsilon: Double

  public init(momentum: Double = 0.1, epsilon: Double = 1e-5) {
    self.momentum = momentum
    self.epsilon = epsilon
  }

  public static let declaration = Declaration(
    "batch-norm", summary: "channels brought to mean 0 and deviation 1, then scaled and shifted",
    parameters: [
      .init(
        "momentum", .number(0...1), standard: .number(0.1),
        help: "a batch's share in the running moments"),
      .init(
        "epsilon", .number(0...(.infinity)), standard: .number(1e-5), help: "added to variances"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(momentum: arguments.number("momentum"), epsilon: arguments.number("epsilon"))
  }
  public var specification: Specification {
    Specification("batch-norm", ["momentum": .number(momentum), "epsilon": .number(epsilon)])
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    guard let channels = input.last, channels > 0 else {
      throw .unsuitableInput(
        layer: site.location, expected: "channels in the last axis", found: input)
    }
    return LayerHolder(
      BatchNormLayer<Scalar>(channels: channels, momentum: momentum, epsilon: epsilon))
  }
}

/// `y = scale · (x − mean) / √(variance + ε) + shift`, channels apart (Ioffe & Szegedy, 2015,
/// algorithms 1 and 2).
///
/// Shapes: `x` and `y` are `[…, channels]`, all else `[channels]`. `scale` starts at 1, `shift` at 0.
/// Training takes mean and (biased) variance from the batch, and moves the running moments, which
/// start at 0 and 1, by `momentum` of the way towards it; the running variance is that of the
/// unbiased estimate `Σ(x − mean)² / (rows − 1)`. Inference takes the running moments.
///
/// Cost: a multiplication and two additions for each number, and a multiplication for each channel,
/// which a batch shares. `1 / √(variance + ε)` is a constant of the model and not counted.
public struct BatchNormLayer<Scalar: TensorScalar>: Layer {
  private var scale: Parameter<Scalar>
  private var shift: Parameter<Scalar>
  private var mean: Tensor<Scalar>
  private var variance: Tensor<Scalar>
  private let momentum: Double
  private let epsilon: Double

  public struct Residuals: Sendable { let x, mean, inverseDeviation: Tensor<Scalar> }

  init(channels: Int, momentum: Double, epsilon: Double) {
    scale = Parameter(Tensor([channels], repeating: Scalar(constant: 1)), role: .scale)
    shift = Parameter(Tensor([channels]), role: .bias)
    mean = Tensor([channels])
    variance = Tensor([channels], repeating: Scalar(constant: 1))
    self.momentum = momentum
    self.epsilon = epsilon
  }

  public var hasParameters: Bool { true }

  private var channels: Int { mean.count }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    guard input.last == channels else {
      throw .unsuitableInput(
        layer: "batch-norm", expected: "\(channels) channels in the last axis", found: input)
    }
    return input
  }

  public func cost(for input: Shape) -> OperationCount {
    OperationCount(multiplications: input.count + channels, additions: 2 * input.count)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x)
    return normalized(x, mean: mean, inverseDeviation: inverseDeviation(of: variance))
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x)
    var batchVariance = Tensor<Scalar>([channels]) { _ in }
    let batchMean = Tensor<Scalar>([channels]) {
      var variance = batchVariance.mutableSpan
      Scalar.columnMoments(of: x.span, mean: &$0, variance: &variance)
    }
    let unbiased = Double(x.rows) / Double(max(1, x.rows - 1))
    mean = moved(mean, towards: batchMean, by: momentum)
    variance = moved(variance, towards: batchVariance, by: momentum, scaled: unbiased)
    let inverseDeviation = inverseDeviation(of: batchVariance)
    return (
      normalized(x, mean: batchMean, inverseDeviation: inverseDeviation),
      Residuals(x: x, mean: batchMean, inverseDeviation: inverseDeviation)
    )
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let (x, gradient) = (residuals.x.span, dy.span)
    let (mean, inverse) = (residuals.mean.span, residuals.inverseDeviation.span)
    var scaleGradient = Tensor<Scalar>([channels]) { _ in }
    var shiftGradient = Tensor<Scalar>([channels]) { _ in }
    let dx = Tensor<Scalar>(dy.shape) { dx in
      var first = scaleGradient.mutableSpan
      var second = shiftGradient.mutableSpan
      Scalar.normalizationGradient(
        x: x, dy: gradient, mean: mean, inverseDeviation: inverse, scale: scale.value.span,
        into: &dx, scaleGradient: &first, shiftGradient: &second)
    }
    scale.addGradient(scaleGradient)
    shift.addGradient(shiftGradient)
    return dx
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&scale, named: "scale")
    visitor.visit(&shift, named: "shift")
    visitor.visit(&mean, named: "mean")
    visitor.visit(&variance, named: "variance")
  }

  public var channelAffine: ChannelAffine? {
    let (mean, variance) = (mean.elements, variance.elements)
    let (scale, shift) = (scale.value.elements, shift.value.elements)
    let factors = mean.indices.map {
      scale[$0].double / (variance[$0].double + epsilon).squareRoot()
    }
    return ChannelAffine(
      scale: factors,
      shift: mean.indices.map { shift[$0].double - factors[$0] * mean[$0].double })
  }

  public var binaryStage: BinaryStage? {
    .normalization(
      ChannelNormalization(
        mean: Tensor(mean), inverseDeviation: Tensor(inverseDeviation(of: variance)),
        scale: Tensor(scale.value), shift: Tensor(shift.value)))
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    guard let affine = channelAffine else { return nil }
    return graph.append(.affine(affine), [x], shape: graph.nodes[x].shape)
  }

  private func normalized(
    _ x: Tensor<Scalar>, mean: Tensor<Scalar>, inverseDeviation: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let source = x.span
    return Tensor(x.shape) {
      Scalar.normalize(
        source, mean: mean.span, inverseDeviation: inverseDeviation.span, scale: scale.value.span,
        shift: shift.value.span, into: &$0)
    }
  }

  // One number per channel: no kernel is needed.

  private func inverseDeviation(of variance: Tensor<Scalar>) -> Tensor<Scalar> {
    let variance = variance.span
    return Tensor([channels]) {
      for c in variance.indices {
        $0[c] = Scalar.inverseDeviation(of: variance[c], epsilon: epsilon)
      }
    }
  }

  private func moved(
    _ running: Tensor<Scalar>, towards batch: Tensor<Scalar>, by share: Double,
    scaled factor: Double = 1
  ) -> Tensor<Scalar> {
    let (running, batch) = (running.span, batch.span)
    return Tensor([channels]) {
      for c in running.indices {
        $0[c] = Scalar.moved(running[c], towards: batch[c], by: share, scaled: factor)
      }
    }
  }

  private func checkInput(_ x: Tensor<Scalar>) throws(TensorError) {
    guard x.shape.last == channels else {
      throw .shapeMismatch(
        operation: "batch-norm", argument: "x", expected: "…×\(channels)", found: x.shape)
    }
  }
}

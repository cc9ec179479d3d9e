public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// Layer normalisation over the last axis.
public struct LayerNorm: LayerConfiguration {
  /// What is added to variances.
  public var epsilon: Double

  public init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

  public static let declaration = Declaration(
    "layer-norm", summary: "rows brought to mean 0 and deviation 1, then scaled and shifted",
    parameters: [
      .init(
        "epsilon", .number(0...(.infinity)), standard: .number(1e-5), help: "added to variances")
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(epsilon: arguments.number("epsilon"))
  }
  public var specification: Specification {
    Specification("layer-norm", ["epsilon": .number(epsilon)])
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    guard let features = input.last, features > 0 else {
      throw .unsuitableInput(
        layer: site.location, expected: "features in the last axis", found: input)
    }
    return LayerHolder(LayerNormLayer<Scalar>(features: features, epsilon: epsilon))
  }
}

/// `y = scale · (x − mean(x)) / √(variance(x) + ε) + shift`, rows apart (Ba, Kiros & Hinton, 2016).
///
/// Shapes: `x` and `y` are `[…, features]`, `scale` and `shift` are `[features]` and start at 1 and
/// 0. The variance is the biased one.
///
/// Cost: for each row `3 features + 3` multiplications, a division among them, and
/// `5 features + 1` additions; its square root is not counted.
public struct LayerNormLayer<Scalar: TensorScalar>: Layer {
  private var scale: Parameter<Scalar>
  private var shift: Parameter<Scalar>
  private let epsilon: Double

  public struct Residuals: Sendable { let x, mean, inverseDeviation: Tensor<Scalar> }

  init(features: Int, epsilon: Double) {
    scale = Parameter(Tensor([features], repeating: Scalar(constant: 1)), role: .scale)
    shift = Parameter(Tensor([features]), role: .bias)
    self.epsilon = epsilon
  }

  public var hasParameters: Bool { true }

  private var features: Int { scale.value.count }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    guard input.last == features else {
      throw .unsuitableInput(
        layer: "layer-norm", expected: "\(features) features in the last axis", found: input)
    }
    return input
  }

  public func cost(for input: Shape) -> OperationCount {
    (input.count / features)
      * OperationCount(multiplications: 3 * features + 3, additions: 5 * features + 1)
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    graph.append(
      .rowNormalization(.init(scale: scale.value, shift: shift.value, epsilon: epsilon)), [x],
      shape: graph.nodes[x].shape)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try normalized(x).y
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try normalized(x)
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let (x, gradient) = (residuals.x.span, dy.span)
    let (mean, inverse) = (residuals.mean.span, residuals.inverseDeviation.span)
    var scaleGradient = Tensor<Scalar>([features]) { _ in }
    var shiftGradient = Tensor<Scalar>([features]) { _ in }
    let dx = Tensor<Scalar>(dy.shape) { dx in
      var first = scaleGradient.mutableSpan
      var second = shiftGradient.mutableSpan
      Scalar.rowNormalizationGradient(
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
  }

  private func normalized(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (y: Tensor<Scalar>, residuals: Residuals) {
    guard x.shape.last == features else {
      throw .shapeMismatch(
        operation: "layer-norm", argument: "x", expected: "…×\(features)", found: x.shape)
    }
    var mean = Tensor<Scalar>([x.rows]) { _ in }
    var inverseDeviation = Tensor<Scalar>([x.rows]) { _ in }
    let y = Tensor<Scalar>(x.shape) { y in
      var means = mean.mutableSpan
      var inverses = inverseDeviation.mutableSpan
      Scalar.normalizeRows(
        x.span, epsilon: epsilon, scale: scale.value.span, shift: shift.value.span, into: &y,
        mean: &means, inverseDeviation: &inverses)
    }
    return (y, Residuals(x: x, mean: mean, inverseDeviation: inverseDeviation))
  }
}

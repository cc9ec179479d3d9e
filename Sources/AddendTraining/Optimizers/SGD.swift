public import AddendCatalogue
public import AddendTensors

/// Gradient descent with momentum.
///
/// `d = g + λ w; v ← μ v + d; w ← w − η v` (Polyak, 1964), or with Nesterov's look-ahead
/// `w ← w − η (d + μ v)` (Sutskever et al., 2013). `decay` is `λ`, an L2 penalty's gradient;
/// `decoupled` shrinks the weights by `1 − η δ` beside the step instead (Loshchilov & Hutter, 2019).
public struct SGD: Optimizer {
  public var momentum: Double
  public var isNesterov: Bool
  public var decay: Double
  public var decoupledDecay: Double

  public init(
    momentum: Double = 0.9, nesterov: Bool = false, decay: Double = 0, decoupledDecay: Double = 0
  ) {
    self.momentum = momentum
    isNesterov = nesterov
    self.decay = decay
    self.decoupledDecay = decoupledDecay
  }

  public static let declaration = Declaration(
    "sgd", summary: "gradient descent with momentum",
    parameters: [
      .init("momentum", .number(0...1), standard: .number(0.9), help: "the velocity kept per step"),
      .init("nesterov", .flag, standard: .flag(false), help: "look ahead along the velocity"),
      .decay(standard: 0),
      .init(
        "decoupled", .number(0...1), standard: .number(0),
        help: "weight decay beside the gradient's step"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      momentum: arguments.number("momentum"), nesterov: arguments.flag("nesterov"),
      decay: arguments.number("decay"), decoupledDecay: arguments.number("decoupled"))
  }

  public var specification: Specification {
    Specification(
      "sgd",
      [
        "momentum": .number(momentum), "nesterov": .flag(isNesterov), "decay": .number(decay),
        "decoupled": .number(decoupledDecay),
      ])
  }

  public var stateNames: [String] { ["velocity"] }

  public func update<Scalar: TensorScalar>(
    _ value: inout Tensor<Scalar>, gradient: Tensor<Scalar>, state: inout [Tensor<Scalar>],
    _ moment: UpdateMoment
  ) {
    var weights = value.mutableSpan
    var velocity = state[0].mutableSpan
    if moment.decays && decoupledDecay > 0 {
      Scalar.scale(&weights, by: Scalar(1 - moment.learningRate * decoupledDecay))
    }
    let step = MomentumStep(
      learningRate: moment.learningRate, momentum: momentum,
      weightDecay: moment.decays ? decay : 0, form: isNesterov ? .nesterov : .classical)
    Scalar.update(&weights, gradient: gradient.span, velocity: &velocity, step)
  }
}

extension Declaration.Parameter {
  /// The parameter for an L2 penalty.
  static func decay(standard: Double) -> Self {
    .init(
      "decay", .number(0...1), standard: .number(standard),
      help: "L2 weight decay, added to the gradient")
  }
}

public import AddendCatalogue
public import AddendTensors

/// Gradient descent with momentum.
///
/// `d = g + λ w; v ← μ v + d; w ← w − η v` (Polyak, 1964), or with Nesterov's look-ahead
/// `w ← w − η (d + μ v)` (Sutskever et al., 2013). `decay` is `λ`, an L2 penalty's gradient;
/// `decoupled` shrinks the weights by `1 − η δ` beside the step instead (Loshchilov & Hutter, 2019).
///
/// With `compensation=kahan` what an addition to a weight loses is kept beside it, in the weight's own
/// format, and given to the next step (Kahan, 1965): three additions more a weight.
public struct SGD: Optimizer {
  /// How weights' sums make up for what they lose.
  public enum Compensation: String, Hashable, Sendable, CaseIterable {
    case none, kahan
  }

  public var momentum: Double
  public var isNesterov: Bool
  public var decay: Double
  public var decoupledDecay: Double
  public var compensation: Compensation

  public init(
    momentum: Double = 0.9, nesterov: Bool = false, decay: Double = 0, decoupledDecay: Double = 0,
    compensation: Compensation = .none
  ) {
    self.compensation = compensation
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
      .init(
        "compensation", .choice(Compensation.allCases.map(\.rawValue)), standard: .text("none"),
        help: "kahan keeps what additions to weights lose"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      momentum: arguments.number("momentum"), nesterov: arguments.flag("nesterov"),
      decay: arguments.number("decay"), decoupledDecay: arguments.number("decoupled"),
      compensation: Compensation(rawValue: arguments.text("compensation")) ?? .none)
  }

  public var specification: Specification {
    Specification(
      "sgd",
      [
        "momentum": .number(momentum), "nesterov": .flag(isNesterov), "decay": .number(decay),
        "decoupled": .number(decoupledDecay), "compensation": .text(compensation.rawValue),
      ])
  }

  public var stateNames: [String] {
    switch compensation {
    case .none: ["velocity"]
    case .kahan: ["velocity", "lost"]
    }
  }

  public func update<Scalar: TensorScalar>(
    _ value: inout Tensor<Scalar>, gradient: Tensor<Scalar>, state: inout [Tensor<Scalar>],
    _ moment: UpdateMoment
  ) {
    if moment.decays && decoupledDecay > 0 {
      var weights = value.mutableSpan
      Scalar.scale(&weights, by: Scalar(constant: 1 - moment.learningRate * decoupledDecay))
    }
    let step = MomentumStep(
      learningRate: moment.learningRate, momentum: momentum,
      weightDecay: moment.decays ? decay : 0, form: isNesterov ? .nesterov : .classical)
    var weights = value.mutableSpan
    switch compensation {
    case .none:
      var velocity = state[0].mutableSpan
      Scalar.update(&weights, gradient: gradient.span, velocity: &velocity, step)
    case .kahan:
      // Out of the array and back, so that two of its tensors can be written at once.
      var (velocity, lost) = (state[0], state[1])
      state.removeAll(keepingCapacity: true)
      var velocitySpan = velocity.mutableSpan
      var lostSpan = lost.mutableSpan
      Scalar.update(
        &weights, gradient: gradient.span, velocity: &velocitySpan, lost: &lostSpan, step)
      state.append(velocity)
      state.append(lost)
    }
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

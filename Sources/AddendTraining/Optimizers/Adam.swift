public import AddendCatalogue
public import AddendTensors

/// Adam (Kingma & Ba, 2015, algorithm 1), with an optional L2 penalty in the gradient.
public struct Adam: Optimizer {
  public var moments: AdamMoments
  public var decay: Double

  public init(moments: AdamMoments = AdamMoments(), decay: Double = 0) {
    self.moments = moments
    self.decay = decay
  }

  public static let declaration = Declaration(
    "adam", summary: "steps scaled by running moments of the gradient",
    parameters: AdamMoments.parameters + [.decay(standard: 0)])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(moments: AdamMoments(arguments), decay: arguments.number("decay"))
  }
  public var specification: Specification {
    Specification("adam", moments.values.merging(["decay": .number(decay)]) { $1 })
  }
  public var stateNames: [String] { ["first-moment", "second-moment"] }

  public func update<Scalar: TensorScalar>(
    _ value: inout Tensor<Scalar>, gradient: Tensor<Scalar>, state: inout [Tensor<Scalar>],
    _ moment: UpdateMoment
  ) {
    var step = moments.step(at: moment, in: Scalar.self)
    step.weightDecay = moment.decays ? decay : 0
    value.update(by: step, gradient: gradient, state: &state)
  }
}

/// Adam with weight decay beside the step (Loshchilov & Hutter, 2019, algorithm 2).
public struct AdamW: Optimizer {
  public var moments: AdamMoments
  public var decay: Double

  public init(moments: AdamMoments = AdamMoments(), decay: Double = 0.01) {
    self.moments = moments
    self.decay = decay
  }

  public static let declaration = Declaration(
    "adamw", summary: "Adam with decoupled weight decay",
    parameters: AdamMoments.parameters + [
      .init(
        "decay", .number(0...1), standard: .number(0.01),
        help: "weight decay beside the gradient's step, times the learning rate")
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(moments: AdamMoments(arguments), decay: arguments.number("decay"))
  }
  public var specification: Specification {
    Specification("adamw", moments.values.merging(["decay": .number(decay)]) { $1 })
  }
  public var stateNames: [String] { ["first-moment", "second-moment"] }

  public func update<Scalar: TensorScalar>(
    _ value: inout Tensor<Scalar>, gradient: Tensor<Scalar>, state: inout [Tensor<Scalar>],
    _ moment: UpdateMoment
  ) {
    var step = moments.step(at: moment, in: Scalar.self)
    step.decoupledWeightDecay = moment.decays ? decay : 0
    value.update(by: step, gradient: gradient, state: &state)
  }
}

/// What Adam and its relatives keep of past gradients.
public struct AdamMoments: Hashable, Sendable {
  /// The share of the first moment kept per step, `β₁`.
  public var firstDecay: Double
  /// The share of the second moment kept per step, `β₂`.
  public var secondDecay: Double
  /// Added to the denominator. At least the root of the least number that the weights' format has:
  /// where squares of gradients vanish and gradients do not, less would make steps of any size.
  public var epsilon: Double

  public init(firstDecay: Double = 0.9, secondDecay: Double = 0.999, epsilon: Double = 1e-8) {
    self.firstDecay = firstDecay
    self.secondDecay = secondDecay
    self.epsilon = epsilon
  }

  init(_ arguments: Arguments) {
    self.init(
      firstDecay: arguments.number("beta1"), secondDecay: arguments.number("beta2"),
      epsilon: arguments.number("epsilon"))
  }

  static let parameters: [Declaration.Parameter] = [
    .init(
      "beta1", .number(0...0.999999), standard: .number(0.9), help: "first moment kept per step"),
    .init(
      "beta2", .number(0...0.999999), standard: .number(0.999), help: "second moment kept per step"),
    .init("epsilon", .number(1e-12...1), standard: .number(1e-8), help: "added to the denominator"),
  ]

  var values: [String: ParameterValue] {
    ["beta1": .number(firstDecay), "beta2": .number(secondDecay), "epsilon": .number(epsilon)]
  }

  func step<Scalar: TensorScalar>(at moment: UpdateMoment, in scalar: Scalar.Type) -> AdamStep {
    AdamStep(
      learningRate: moment.learningRate, firstDecay: firstDecay, secondDecay: secondDecay,
      epsilon: max(epsilon, Scalar.leastPositive.squareRoot()), step: moment.step)
  }
}

extension Tensor {
  fileprivate mutating func update(
    by step: AdamStep, gradient: Tensor, state: inout [Tensor]
  ) {
    // Out of the array and back, so that two of its tensors can be written at once.
    var (first, second) = (state[0], state[1])
    state.removeAll(keepingCapacity: true)
    var weights = mutableSpan
    var firstSpan = first.mutableSpan
    var secondSpan = second.mutableSpan
    Scalar.update(
      &weights, gradient: gradient.span, firstMoment: &firstSpan, secondMoment: &secondSpan, step)
    state.append(first)
    state.append(second)
  }
}

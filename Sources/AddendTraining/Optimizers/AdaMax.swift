public import AddendCatalogue
public import AddendTensors

/// AdaMax (Kingma & Ba, 2015, algorithm 2): Adam with the largest recent gradient in place of the
/// second moment.
///
/// `m ← β₁ m + (1 − β₁) g; u ← max(β₂ u, |g| + ε); w ← w − η / (1 − β₁ᵗ) · m / u`; the ε, which
/// the paper has not, keeps u from zero.
public struct AdaMax: Optimizer {
  public var moments: AdamMoments
  public var decay: Double

  public init(moments: AdamMoments = AdamMoments(), decay: Double = 0) {
    self.moments = moments
    self.decay = decay
  }

  public static let declaration = Declaration(
    "adamax", summary: "Adam scaled by the largest recent gradient",
    parameters: AdamMoments.parameters + [.decay(standard: 0)])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(moments: AdamMoments(arguments), decay: arguments.number("decay"))
  }
  public var specification: Specification {
    Specification("adamax", moments.values.merging(["decay": .number(decay)]) { $1 })
  }
  public var stateNames: [String] { ["first-moment", "largest"] }

  public func update<Scalar: TensorScalar>(
    _ value: inout Tensor<Scalar>, gradient: Tensor<Scalar>, state: inout [Tensor<Scalar>],
    _ moment: UpdateMoment
  ) {
    let step = AdaMaxStep(
      correctedRate: moments.step(at: moment, in: Scalar.self).correctedRate,
      firstDecay: moments.firstDecay,
      secondDecay: moments.secondDecay,
      epsilon: max(moments.epsilon, Scalar.leastPositive),
      weightDecay: moment.decays ? decay : 0)
    // Out of the array and back, so that two of its tensors can be written at once.
    var (average, largest) = (state[0], state[1])
    state.removeAll(keepingCapacity: true)
    var weights = value.mutableSpan
    var averageSpan = average.mutableSpan
    var largestSpan = largest.mutableSpan
    Scalar.update(
      &weights, gradient: gradient.span, firstMoment: &averageSpan, largest: &largestSpan, step)
    state.append(average)
    state.append(largest)
  }
}

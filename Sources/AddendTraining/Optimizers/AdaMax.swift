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
    let rate = moments.step(at: moment).correctedRate
    let penalty = moment.decays ? decay : 0
    var (average, largest) = (state[0], state[1])
    state.removeAll(keepingCapacity: true)
    var weights = value.mutableSpan
    var m = average.mutableSpan
    var u = largest.mutableSpan
    let g = gradient.span
    for i in g.indices {
      let direction = g[i] + Scalar(penalty) * weights[i]
      let magnitude = direction < .zero ? -direction : direction
      m[i] = Scalar(moments.firstDecay) * m[i] + Scalar(1 - moments.firstDecay) * direction
      u[i] = max(Scalar(moments.secondDecay) * u[i], magnitude + Scalar(moments.epsilon))
      weights[i] -= Scalar(rate) * m[i] / u[i]
    }
    state.append(average)
    state.append(largest)
  }
}

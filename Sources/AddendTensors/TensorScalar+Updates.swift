/// A step of gradient descent with momentum (Polyak, 1964; Nesterov's form after Sutskever et al.,
/// 2013), in the arrangement whose velocity does not contain the learning rate:
/// `d = g + λ w`, `v ← μ v + d`, `w ← w − η v`, or `w ← w − η (d + μ v)` with look-ahead.
public struct MomentumStep: Hashable, Sendable {
  /// Where the gradient is thought to have been taken.
  public enum Form: Hashable, Sendable {
    /// At the weights: the velocity alone moves them.
    case classical
    /// Where the velocity will have carried the weights.
    case nesterov
  }

  /// `η`.
  public var learningRate: Double
  /// `μ`.
  public var momentum: Double
  /// `λ`, on the gradient.
  public var weightDecay: Double
  public var form: Form

  public init(
    learningRate: Double, momentum: Double = 0, weightDecay: Double = 0, form: Form = .classical
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.form = form
  }
}

/// A step of Adam (Kingma & Ba, 2015, algorithm 1; weight decay also as in Loshchilov & Hutter, 2019,
/// algorithm 2): `d = g + λ w`, `m ← β₁ m + (1 − β₁) d`, `v ← β₂ v + (1 − β₂) d²`,
/// `w ← w − η δ w − η (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)`.
public struct AdamStep: Hashable, Sendable {
  /// `η`.
  public var learningRate: Double
  /// `β₁`.
  public var firstDecay: Double
  /// `β₂`.
  public var secondDecay: Double
  /// `ε`.
  public var epsilon: Double
  /// `λ`, on the gradient.
  public var weightDecay: Double
  /// `δ`, on the weights beside the gradient's step.
  public var decoupledWeightDecay: Double
  /// `t`: 1 for the first step.
  public var step: Int

  public init(
    learningRate: Double, firstDecay: Double = 0.9, secondDecay: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0, decoupledWeightDecay: Double = 0, step: Int
  ) {
    precondition(step > 0, "Adam's steps are counted from 1")
    self.learningRate = learningRate
    self.firstDecay = firstDecay
    self.secondDecay = secondDecay
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.decoupledWeightDecay = decoupledWeightDecay
    self.step = step
  }

  /// `η / (1 − β₁ᵗ)`.
  public var correctedRate: Double { learningRate / (1 - Math.pow(firstDecay, Double(step))) }
  /// `1 / √(1 − β₂ᵗ)`.
  public var correctedScale: Double {
    1 / (1 - Math.pow(secondDecay, Double(step))).squareRoot()
  }
}

/// A step of AdaMax (Kingma & Ba, 2015, algorithm 2): `d = g + λ w`, `m ← β₁ m + (1 − β₁) d`,
/// `u ← max(β₂ u, |d| + ε)`, `w ← w − η / (1 − β₁ᵗ) · m / u`.
public struct AdaMaxStep: Hashable, Sendable {
  /// `η / (1 − β₁ᵗ)`.
  public var correctedRate: Double
  /// `β₁`.
  public var firstDecay: Double
  /// `β₂`.
  public var secondDecay: Double
  /// `ε`.
  public var epsilon: Double
  /// `λ`, on the gradient.
  public var weightDecay: Double

  public init(
    correctedRate: Double, firstDecay: Double = 0.9, secondDecay: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.correctedRate = correctedRate
    self.firstDecay = firstDecay
    self.secondDecay = secondDecay
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

extension TensorScalar {
  public static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    velocity: inout MutableSpan<Self>, _ step: MomentumStep
  ) {
    precondition(
      gradient.count == weights.count && velocity.count == weights.count, "update: extents")
    let (rate, momentum) = (Self(constant: step.learningRate), Self(constant: step.momentum))
    let decay = Self(constant: step.weightDecay)
    for i in weights.indices {
      let direction = gradient[i] + decay * weights[i]
      velocity[i] = momentum * velocity[i] + direction
      switch step.form {
      case .classical: weights[i] -= rate * velocity[i]
      case .nesterov: weights[i] -= rate * (direction + momentum * velocity[i])
      }
    }
  }

  public static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    velocity: inout MutableSpan<Self>, lost: inout MutableSpan<Self>, _ step: MomentumStep
  ) {
    precondition(
      gradient.count == weights.count && velocity.count == weights.count
        && lost.count == weights.count, "update: extents")
    let (rate, momentum) = (Self(constant: step.learningRate), Self(constant: step.momentum))
    let decay = Self(constant: step.weightDecay)
    for i in weights.indices {
      let direction = gradient[i] + decay * weights[i]
      velocity[i] = momentum * velocity[i] + direction
      let way = step.form == .nesterov ? direction + momentum * velocity[i] : velocity[i]
      let change = -(rate * way) - lost[i]
      let moved = weights[i] + change
      lost[i] = (moved - weights[i]) - change
      weights[i] = moved
    }
  }

  public static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    firstMoment: inout MutableSpan<Self>, secondMoment: inout MutableSpan<Self>, _ step: AdamStep
  ) {
    precondition(
      gradient.count == weights.count && firstMoment.count == weights.count
        && secondMoment.count == weights.count, "update: extents")
    let (first, second) = (Self(constant: step.firstDecay), Self(constant: step.secondDecay))
    let (firstShare, secondShare) = (
      Self(constant: 1 - step.firstDecay), Self(constant: 1 - step.secondDecay)
    )
    let (rate, scale) = (Self(constant: step.correctedRate), Self(constant: step.correctedScale))
    let (epsilon, decay) = (Self(constant: step.epsilon), Self(constant: step.weightDecay))
    let kept = Self(constant: 1 - step.learningRate * step.decoupledWeightDecay)
    for i in weights.indices {
      let direction = gradient[i] + decay * weights[i]
      firstMoment[i] = first * firstMoment[i] + firstShare * direction
      secondMoment[i] = second * secondMoment[i] + secondShare * direction * direction
      let denominator = squareRoot(secondMoment[i]) * scale + epsilon
      weights[i] = kept * weights[i] - rate * firstMoment[i] / denominator
    }
  }

  public static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    firstMoment: inout MutableSpan<Self>, largest: inout MutableSpan<Self>, _ step: AdaMaxStep
  ) {
    precondition(
      gradient.count == weights.count && firstMoment.count == weights.count
        && largest.count == weights.count, "update: extents")
    let (first, second) = (Self(constant: step.firstDecay), Self(constant: step.secondDecay))
    let (share, rate) = (Self(constant: 1 - step.firstDecay), Self(constant: step.correctedRate))
    let (epsilon, decay) = (Self(constant: step.epsilon), Self(constant: step.weightDecay))
    for i in weights.indices {
      let direction = gradient[i] + decay * weights[i]
      let magnitude = direction < .zero ? -direction : direction
      firstMoment[i] = first * firstMoment[i] + share * direction
      largest[i] = max(second * largest[i], magnitude + epsilon)
      weights[i] -= rate * firstMoment[i] / largest[i]
    }
  }
}

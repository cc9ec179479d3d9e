internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

extension FloatKernels {
  /// `d = g + λ w`, `v ← μ v + d`, `w ← w − η v`, or `w ← w − η (d + μ v)` when it looks ahead.
  public func momentumUpdate(
    _ weights: inout MutableSpan<Float>, gradient: Span<Float>,
    velocity: inout MutableSpan<Float>, learningRate: Double, momentum: Double,
    weightDecay: Double, looksAhead: Bool
  ) {
    precondition(
      gradient.count == weights.count && velocity.count == weights.count, "update: extents")
    let step = addend_momentum_step(
      rate: Float(learningRate), momentum: Float(momentum), decay: Float(weightDecay),
      looks_ahead: looksAhead)
    let count = weights.count
    guard let weights = unsafe weights.address, let gradient = unsafe gradient.address,
      let velocity = unsafe velocity.address
    else { return }
    unsafe withUnsafePointer(to: step) { step in
      ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
        unsafe table.pointee.momentum_update(
          step, count, gradient + first, weights + first, velocity + first)
      }
    }
  }

  /// The factors of an Adam step, its bias corrections worked in.
  public struct AdamFactors: Sendable {
    var step: addend_adam_step

    /// `d = g + decay · w`, `m ← first · m + firstShare · d`, `v ← second · v + secondShare · d²`,
    /// `w ← kept · w − rate · m / (scale · √v + epsilon)`.
    public init(
      rate: Double, scale: Double, epsilon: Double, decay: Double, kept: Double, first: Double,
      second: Double
    ) {
      step = addend_adam_step(
        rate: Float(rate), scale: Float(scale), epsilon: Float(epsilon), decay: Float(decay),
        kept: Float(kept), first: Float(first), first_share: Float(1 - first),
        second: Float(second), second_share: Float(1 - second))
    }
  }

  /// The factors of an AdaMax step, its bias correction worked in.
  public struct AdaMaxFactors: Sendable {
    var step: addend_adamax_step

    /// `d = g + decay · w`, `m ← first · m + firstShare · d`, `u ← max(second · u, |d| + epsilon)`,
    /// `w ← w − rate · m / u`.
    public init(rate: Double, epsilon: Double, decay: Double, first: Double, second: Double) {
      step = addend_adamax_step(
        rate: Float(rate), epsilon: Float(epsilon), decay: Float(decay), first: Float(first),
        first_share: Float(1 - first), second: Float(second))
    }
  }

  /// Moves the weights, their first moment and the largest gradients by one step of AdaMax.
  public func adaMaxUpdate(
    _ weights: inout MutableSpan<Float>, gradient: Span<Float>,
    firstMoment: inout MutableSpan<Float>, largest: inout MutableSpan<Float>,
    _ factors: AdaMaxFactors
  ) {
    precondition(
      gradient.count == weights.count && firstMoment.count == weights.count
        && largest.count == weights.count, "update: extents")
    let count = weights.count
    guard let weights = unsafe weights.address, let gradient = unsafe gradient.address,
      let m = unsafe firstMoment.address, let u = unsafe largest.address
    else { return }
    unsafe withUnsafePointer(to: factors.step) { step in
      ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
        unsafe table.pointee.adamax_update(
          step, count, gradient + first, weights + first, m + first, u + first)
      }
    }
  }

  /// Moves the weights and both moments by one step of Adam.
  public func adamUpdate(
    _ weights: inout MutableSpan<Float>, gradient: Span<Float>,
    firstMoment: inout MutableSpan<Float>, secondMoment: inout MutableSpan<Float>,
    _ factors: AdamFactors
  ) {
    precondition(
      gradient.count == weights.count && firstMoment.count == weights.count
        && secondMoment.count == weights.count, "update: extents")
    let count = weights.count
    guard let weights = unsafe weights.address, let gradient = unsafe gradient.address,
      let m = unsafe firstMoment.address, let v = unsafe secondMoment.address
    else { return }
    unsafe withUnsafePointer(to: factors.step) { step in
      ThreadPool.forEachPart(of: count, size: Self.partSize) { first, count in
        unsafe table.pointee.adam_update(
          step, count, gradient + first, weights + first, m + first, v + first)
      }
    }
  }
}

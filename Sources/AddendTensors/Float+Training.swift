internal import AddendKernels

// float32's losses, gates, normalisation of rows and updates through kernels.
extension Float {
  public static func softmaxCrossEntropy(
    _ logits: inout MutableSpan<Float>, columns: Int, classes: Span<Int32>, smoothing: Double,
    weight: Double
  ) -> Double {
    FloatKernels.best.softmaxCrossEntropy(
      &logits, columns: columns, classes: classes, smoothing: smoothing, weight: weight)
  }

  public static func squaredError(
    _ y: Span<Float>, targets: Span<Float>, weight: Double, gradient: inout MutableSpan<Float>
  ) -> Double {
    FloatKernels.best.squaredError(y, targets: targets, weight: weight, gradient: &gradient)
  }

  public static func squaredHinge(
    _ y: Span<Float>, columns: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    FloatKernels.best.squaredHinge(
      y, columns: columns, classes: classes, weight: weight, gradient: &gradient)
  }

  public static func isRanked(within rank: Int, column: Int, of row: Span<Float>) -> Bool {
    FloatKernels.best.isRanked(within: rank, column: column, of: row)
  }

  public static func blend(
    _ x: Span<Float>, _ h: Span<Float>, share t: Span<Float>, into y: inout MutableSpan<Float>
  ) { FloatKernels.best.blend(x, h, share: t, into: &y) }

  public static func blendGradient(
    _ x: Span<Float>, _ h: Span<Float>, share t: Span<Float>, dy: Span<Float>,
    into dx: inout MutableSpan<Float>, _ dh: inout MutableSpan<Float>,
    _ dt: inout MutableSpan<Float>
  ) { FloatKernels.best.blendGradient(x, h, share: t, dy: dy, into: &dx, &dh, &dt) }

  public static func normalizeRows(
    _ x: Span<Float>, epsilon: Double, scale: Span<Float>, shift: Span<Float>,
    into y: inout MutableSpan<Float>, mean: inout MutableSpan<Float>,
    inverseDeviation: inout MutableSpan<Float>
  ) {
    FloatKernels.best.normalizeRows(
      x, epsilon: epsilon, scale: scale, shift: shift, into: &y, mean: &mean,
      inverseDeviation: &inverseDeviation)
  }

  public static func rowNormalizationGradient(
    x: Span<Float>, dy: Span<Float>, mean: Span<Float>, inverseDeviation: Span<Float>,
    scale: Span<Float>, into dx: inout MutableSpan<Float>,
    scaleGradient: inout MutableSpan<Float>, shiftGradient: inout MutableSpan<Float>
  ) {
    FloatKernels.best.rowNormalizationGradient(
      x: x, dy: dy, mean: mean, inverseDeviation: inverseDeviation, scale: scale, into: &dx,
      scaleGradient: &scaleGradient, shiftGradient: &shiftGradient)
  }

  public static func update(
    _ weights: inout MutableSpan<Float>, gradient: Span<Float>,
    velocity: inout MutableSpan<Float>, _ step: MomentumStep
  ) {
    FloatKernels.best.momentumUpdate(
      &weights, gradient: gradient, velocity: &velocity, learningRate: step.learningRate,
      momentum: step.momentum, weightDecay: step.weightDecay, looksAhead: step.form == .nesterov)
  }

  public static func update(
    _ weights: inout MutableSpan<Float>, gradient: Span<Float>,
    firstMoment: inout MutableSpan<Float>, secondMoment: inout MutableSpan<Float>, _ step: AdamStep
  ) {
    let factors = FloatKernels.AdamFactors(
      rate: step.correctedRate, scale: step.correctedScale, epsilon: step.epsilon,
      decay: step.weightDecay, kept: 1 - step.learningRate * step.decoupledWeightDecay,
      first: step.firstDecay, second: step.secondDecay)
    FloatKernels.best.adamUpdate(
      &weights, gradient: gradient, firstMoment: &firstMoment, secondMoment: &secondMoment, factors)
  }

  public static func update(
    _ weights: inout MutableSpan<Float>, gradient: Span<Float>,
    firstMoment: inout MutableSpan<Float>, largest: inout MutableSpan<Float>, _ step: AdaMaxStep
  ) {
    let factors = FloatKernels.AdaMaxFactors(
      rate: step.correctedRate, epsilon: step.epsilon, decay: step.weightDecay,
      first: step.firstDecay, second: step.secondDecay)
    FloatKernels.best.adaMaxUpdate(
      &weights, gradient: gradient, firstMoment: &firstMoment, largest: &largest, factors)
  }
}

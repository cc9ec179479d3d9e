public import AddendKernels

// The logarithms' bulk operations, through the kernels of this machine's widest instruction set.

extension LogNumber {
  public static func gemm(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, bias: Span<Self>?,
    _ c: inout MutableSpan<Self>
  ) { kernels.gemm(shape, a, b, bias: bias, &c) }

  public static func add(_ x: Span<Self>, to y: inout MutableSpan<Self>) {
    kernels.addScaled(arithmetic.one, x, to: &y)
  }

  public static func addScaled(_ alpha: Self, _ x: Span<Self>, to y: inout MutableSpan<Self>) {
    kernels.addScaled(alpha.bitPattern, x, to: &y)
  }

  public static func multiply(_ y: inout MutableSpan<Self>, by x: Span<Self>) {
    kernels.multiply(&y, by: x)
  }

  public static func scale(_ y: inout MutableSpan<Self>, by alpha: Self) {
    kernels.scale(&y, by: alpha.bitPattern)
  }

  public static func addRow(_ row: Span<Self>, toEachRowOf y: inout MutableSpan<Self>) {
    kernels.addRow(row, times: arithmetic.one, toEachRowOf: &y)
  }

  public static func columnMeans(of x: Span<Self>, into means: inout MutableSpan<Self>) {
    kernels.columnMeans(of: x, into: &means)
  }

  /// A long sum each.
  public static func addColumnSums(of x: Span<Self>, to sums: inout MutableSpan<Self>) {
    guard sums.count > 0 else { return }
    precondition(x.count % sums.count == 0, "addColumnSums: extents")
    let shape = GEMMShape(m: 1, n: sums.count, k: x.count / sums.count, accumulates: true)
    kernels.gemm(shape, nil, x, bias: nil, &sums)
  }

  public static func activate(
    _ function: ActivationFunction, _ x: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    switch function {
    case .relu: kernels.rectify(slope: 0, x, into: &y)
    case .leakyReLU(let slope):
      kernels.rectify(slope: Self(constant: slope).bitPattern, x, into: &y)
    case .sigmoid, .tanh, .gelu, .swish, .hardTanh, .kTanH:
      precondition(x.count == y.count, "activate: extents")
      for i in x.indices { y[i] = value(of: function, at: x[i]) }
    }
  }

  public static func activationGradient(
    _ function: ActivationFunction, x: Span<Self>, y: Span<Self>, dy: Span<Self>,
    into dx: inout MutableSpan<Self>
  ) {
    switch function {
    case .relu: kernels.rectifierGradient(slope: 0, y: y, dy: dy, into: &dx)
    case .leakyReLU(let slope):
      kernels.rectifierGradient(
        slope: Self(constant: slope).bitPattern, y: slope < 0 ? x : y, dy: dy, into: &dx)
    case .sigmoid, .tanh, .gelu, .swish, .hardTanh, .kTanH:
      precondition(
        x.count == y.count && x.count == dy.count && x.count == dx.count, "activation: extents")
      for i in x.indices { dx[i] = dy[i] * slope(of: function, at: x[i], value: y[i]) }
    }
  }

  public static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    velocity: inout MutableSpan<Self>, _ step: MomentumStep
  ) {
    var none = MutableSpan<Self>()
    kernels.update(
      &weights, gradient: gradient, velocity: &velocity, lost: &none, patterns(of: step))
  }

  public static func update(
    _ weights: inout MutableSpan<Self>, gradient: Span<Self>,
    velocity: inout MutableSpan<Self>, lost: inout MutableSpan<Self>, _ step: MomentumStep
  ) {
    precondition(lost.count == weights.count, "update: extents")
    kernels.update(
      &weights, gradient: gradient, velocity: &velocity, lost: &lost, patterns(of: step))
  }

  private static func patterns(of step: MomentumStep) -> LogarithmicKernels.Step {
    LogarithmicKernels.Step(
      rate: Self(constant: step.learningRate).bitPattern,
      momentum: Self(constant: step.momentum).bitPattern,
      decay: Self(constant: step.weightDecay).bitPattern, looksAhead: step.form == .nesterov)
  }

  public static func lookUp(
    _ bytes: Span<UInt8>, in table: Span<Self>, into y: inout MutableSpan<Self>
  ) { LogarithmicKernels.lookUp(bytes, in: table, into: &y) }
}

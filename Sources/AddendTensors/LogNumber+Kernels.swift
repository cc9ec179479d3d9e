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

  public static func addRow(_ row: Span<Self>, toEachRowOf y: inout MutableSpan<Self>) {
    kernels.addRow(row, toEachRowOf: &y)
  }

  /// In the order of a product's sums.
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

  /// Each row's `e^(z − largest)` with their sum; the loss in logarithms, too.
  ///
  /// The class's gradient is `−Σ` of the other classes' shares, which `share − 1` would lose the places of.
  public static func softmaxCrossEntropy(
    _ logits: inout MutableSpan<Self>, columns: Int, classes: Span<Int32>, smoothing: Double,
    weight: Double
  ) -> Double {
    precondition(
      columns > 0 && logits.count == columns * classes.count,
      "softmaxCrossEntropy: one class a row")
    let spread = Self(constant: weight * smoothing / Double(columns))
    let mean = Self(constant: smoothing / Double(columns))
    let (weight, kept) = (Self(constant: weight), Self(constant: 1 - smoothing))
    let peak = weight * kept
    var loss = Self.zero
    for r in classes.indices {
      let row = r * columns..<(r + 1) * columns
      let target = Int(classes[r])
      precondition(target < columns, "softmaxCrossEntropy: class \(target) of \(columns)")
      guard target >= 0 else {
        for i in row { logits[i] = .zero }
        continue
      }
      let chosen = row.lowerBound + target
      let largest = largest(of: logits.span, in: row)
      var total = kept * (largest - logits[chosen])
      if smoothing > 0 { for i in row { total += mean * (largest - logits[i]) } }
      var others = Self.zero
      for i in row {
        logits[i] = exp(logits[i] - largest)
        if i != chosen { others += logits[i] }
      }
      let sum = others + logits[chosen]
      loss += total + log(sum)
      let factor = weight / sum
      // share − (1 − ε) = ε − (sum of the others' shares)
      let rest = weight - peak
      logits[chosen] = rest - others * factor - spread
      for i in row where i != chosen { logits[i] = logits[i] * factor - spread }
    }
    return loss.reported
  }
}

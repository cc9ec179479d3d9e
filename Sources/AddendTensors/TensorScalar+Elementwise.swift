public import AddendKernels

extension TensorScalar {
  public static func fill(_ y: inout MutableSpan<Self>, with value: Self) {
    y.update(repeating: value)
  }

  public static func add(_ x: Span<Self>, to y: inout MutableSpan<Self>) {
    precondition(x.count == y.count, "add: extents")
    for i in x.indices { y[i] += x[i] }
  }

  public static func addScaled(
    _ alpha: Self, _ x: Span<Self>, to y: inout MutableSpan<Self>
  ) {
    precondition(x.count == y.count, "addScaled: extents")
    for i in x.indices { y[i] += alpha * x[i] }
  }

  public static func scale(_ y: inout MutableSpan<Self>, by alpha: Self) {
    for i in y.indices { y[i] *= alpha }
  }

  public static func multiply(_ y: inout MutableSpan<Self>, by x: Span<Self>) {
    precondition(x.count == y.count, "multiply: extents")
    for i in x.indices { y[i] *= x[i] }
  }

  public static func sumOfSquares(_ x: Span<Self>) -> Double {
    var sum = 0.0
    for i in x.indices { sum += x[i].double * x[i].double }
    return sum
  }

  public static func activate(
    _ function: ActivationFunction, _ x: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    precondition(x.count == y.count, "activate: extents")
    for i in x.indices { y[i] = value(of: function, at: x[i]) }
  }

  public static func activationGradient(
    _ function: ActivationFunction, x: Span<Self>, y: Span<Self>, dy: Span<Self>,
    into dx: inout MutableSpan<Self>
  ) {
    precondition(
      x.count == y.count && x.count == dy.count && x.count == dx.count, "activation: extents")
    for i in x.indices { dx[i] = dy[i] * slope(of: function, at: x[i], value: y[i]) }
  }

  static func sigmoid(_ x: Self) -> Self { Self(constant: 1) / (Self(constant: 1) + exp(-x)) }

  /// `Φ(x)`, the normal distribution function.
  private static func normalDistribution(_ x: Self) -> Self {
    Self(constant: 0.5) * (Self(constant: 1) + erf(x * Self(constant: 0.5.squareRoot())))
  }

  /// `f(x)`: the definition.
  public static func value(of function: ActivationFunction, at x: Self) -> Self {
    switch function {
    case .relu: x > .zero ? x : .zero
    case .leakyReLU(let slope): x > .zero ? x : Self(constant: slope) * x
    case .sigmoid: sigmoid(x)
    case .tanh: tanh(x)
    case .gelu: x * normalDistribution(x)
    case .swish: x * sigmoid(x)
    case .hardTanh:
      x > Self(constant: 1) ? Self(constant: 1) : x < Self(constant: -1) ? Self(constant: -1) : x
    case .kTanH(let function): value(of: function, at: x)
    }
  }

  /// `f′(x)`, given `y = f(x)` where that is cheaper.
  public static func slope(of function: ActivationFunction, at x: Self, value y: Self) -> Self {
    switch function {
    case .relu: return x > .zero ? Self(constant: 1) : .zero
    case .leakyReLU(let slope): return x > .zero ? Self(constant: 1) : Self(constant: slope)
    case .sigmoid: return y * (Self(constant: 1) - y)
    case .tanh: return Self(constant: 1) - y * y
    case .gelu:
      let density = exp(-(x * x) * Self(constant: 0.5)) * Self(constant: 0.398_942_280_401_432_7)
      return normalDistribution(x) + x * density
    case .swish:
      let s = sigmoid(x)
      return s + y * (Self(constant: 1) - s)
    case .hardTanh:
      return x > Self(constant: -1) && x < Self(constant: 1) ? Self(constant: 1) : .zero
    case .kTanH(let function): return slope(of: function, at: x, value: y)
    }
  }
}

public import AddendKernels

// What derives from K-TanH: the definitions.
extension TensorScalar {
  /// `T` of `x` rounded to bfloat16.
  static func kTanH(_ x: Self) -> Self {
    let bits = KTanHFunction.tangent(bitPattern: BFloat16(x.double).bitPattern)
    return Self(BFloat16(bitPattern: bits).double)
  }

  private static var half: Self { Self(constant: 0.5) }

  /// `1/2 + 1/2 T(u)`.
  private static func share(_ tangent: Self) -> Self { half + half * tangent }

  private static var cubic: Self { Self(constant: 0.044715) }
  /// `√(2/π)`.
  private static var root: Self { Self(constant: 0.797_884_560_802_865_4) }

  /// What GELU's `T` is taken of.
  private static func argument(ofGELU x: Self) -> Self {
    root * x * (Self(constant: 1) + cubic * (x * x))
  }

  static func value(of function: KTanHFunction, at x: Self) -> Self {
    switch function {
    case .tanh: kTanH(x)
    case .sigmoid: share(kTanH(half * x))
    case .swish: x * share(kTanH(half * x))
    case .gelu: x * share(kTanH(argument(ofGELU: x)))
    }
  }

  /// The derivative with `1 − T²` for `T′`: that of the exact functions, were `T` the tangent.
  static func slope(of function: KTanHFunction, at x: Self, value y: Self) -> Self {
    switch function {
    case .tanh: return Self(constant: 1) - y * y
    case .sigmoid: return y * (Self(constant: 1) - y)
    case .swish:
      let s = share(kTanH(half * x))
      return s + y * (Self(constant: 1) - s)
    case .gelu:
      let t = kTanH(argument(ofGELU: x))
      let inner = root * (Self(constant: 1) + Self(constant: 3) * cubic * (x * x))
      return share(t) + half * x * ((Self(constant: 1) - t * t) * inner)
    }
  }
}

extension BFloat16 {
  public static func activate(
    _ function: ActivationFunction, _ x: Span<BFloat16>, into y: inout MutableSpan<BFloat16>
  ) {
    if function == .kTanH(.tanh) {
      KTanHKernels.best.tangents(of: x, into: &y)
      return
    }
    precondition(x.count == y.count, "activate: extents")
    for i in x.indices { y[i] = value(of: function, at: x[i]) }
  }
}

public import AddendKernels

extension TensorScalar {
  public static func quantize(
    _ x: Span<Self>, by rule: Quantization, into y: inout MutableSpan<Self>
  ) {
    precondition(x.count == y.count, "quantize: extents")
    switch rule {
    case .sign:
      let (minus, plus) = (Self(-1), Self(1))
      for i in x.indices { y[i] = .zero < x[i] || x[i] == .zero ? plus : minus }
    case .grid(let factor, let range):
      let factor = Self(factor)
      let (low, high) = (Self(Double(range.lowerBound)), Self(Double(range.upperBound)))
      for i in x.indices {
        let v = x[i] * factor
        let raised = v < low ? low : v
        y[i] = high < raised ? high : Self(raised.double.rounded(.toNearestOrEven))
      }
    case .powers(let factor, let count):
      let factor = Self(factor)
      for i in x.indices {
        let magnitude = (x[i] * factor).double.magnitude
        let exponent = magnitude.exponentOfPower + (magnitude.significand > 2.squareRoot() ? 1 : 0)
        y[i] = power(exponent, below: count, x[i])
      }
    }
  }

  public static func drawPowers(
    _ x: Span<Self>, factor: Double, count: Int, seed: UInt64, into y: inout MutableSpan<Self>
  ) {
    precondition(x.count == y.count, "drawPowers: extents")
    let factor = Self(factor)
    for i in x.indices {
      let magnitude = (x[i] * factor).double.magnitude
      let draw = Double(QuantizationKernels.draw(seed: seed, index: i)) * 0x1p-23
      let exponent =
        magnitude < 1
        ? (magnitude > draw ? 0 : -1)
        : magnitude.exponentOfPower + (draw < magnitude.significand - 1 ? 1 : 0)
      y[i] = power(exponent, below: count, x[i])
    }
  }

  private static func power(_ exponent: Int, below count: Int, _ x: Self) -> Self {
    guard exponent >= 0 else { return .zero }
    let value = Double(sign: .plus, exponent: min(exponent, count - 1), significand: 1)
    return Self(x.double < 0 ? -value : value)
  }

  public static func pass(
    _ dy: Span<Self>, where x: Span<Self>, isWithin range: ClosedRange<Double>,
    into dx: inout MutableSpan<Self>
  ) {
    precondition(x.count == dy.count && x.count == dx.count, "pass: extents")
    let (low, high) = (Self(range.lowerBound), Self(range.upperBound))
    for i in x.indices { dx[i] = x[i] >= low && x[i] <= high ? dy[i] : .zero }
  }

  public static func clamp(_ y: inout MutableSpan<Self>, to range: ClosedRange<Double>) {
    let (low, high) = (Self(range.lowerBound), Self(range.upperBound))
    for i in y.indices { y[i] = y[i] < low ? low : y[i] > high ? high : y[i] }
  }

  public static func extremes(of x: Span<Self>) -> (lowest: Double, highest: Double) {
    var (low, high) = (Double.infinity, -Double.infinity)
    for i in x.indices {
      let value = x[i].double
      low = value < low ? value : low
      high = value > high ? value : high
    }
    return low <= high ? (low, high) : (0, 0)
  }

  public static func packNarrow(
    _ b: Span<Self>, rows: Int, columns: Int, transposed: Bool
  ) -> PackedHalfMatrix? { nil }

  public static func multiplyNarrow(
    _ a: Span<Self>, rows: Int, by b: PackedHalfMatrix, accumulates: Bool,
    into c: inout MutableSpan<Self>
  ) {
    preconditionFailure("a format without narrow matrices multiplies none")
  }
}

extension Double {
  /// The exponent; below every power's for zero and NaN, above for infinity.
  fileprivate var exponentOfPower: Int {
    isNaN || self == 0 ? -1 : isInfinite ? 1 << 20 : Int(exponent)
  }
}

extension Tensor {
  /// Each number's code.
  public func quantized(by rule: Quantization) -> Tensor {
    let source = span
    return Tensor(shape) { Scalar.quantize(source, by: rule, into: &$0) }
  }

  /// These gradients where `x` lies in `range`, and 0 elsewhere.
  public func passed(where x: Tensor, isWithin range: ClosedRange<Double>) -> Tensor {
    let (source, condition) = (span, x.span)
    return Tensor(shape) {
      Scalar.pass(source, where: condition, isWithin: range, into: &$0)
    }
  }

  /// These numbers times `factor`; the same memory where that is 1.
  public consuming func scaled(by factor: Double) -> Tensor {
    guard factor != 1 else { return self }
    var scaled = self
    var span = scaled.mutableSpan
    Scalar.scale(&span, by: Scalar(factor))
    return scaled
  }
}

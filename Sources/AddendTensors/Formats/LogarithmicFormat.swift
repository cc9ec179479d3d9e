/// A sign and the logarithm to base 2 of a magnitude, in fixed point.
///
/// `x = ±2^(i / 2^fractionBits)` with an integer `|i| ≤ 2^(integerBits + fractionBits − 1) − 1`,
/// and 0: the integer takes `integerBits + fractionBits` bits in two's complement, and its least
/// pattern means 0. Rounding is to the nearest logarithm, ties to even; what is too large becomes
/// the largest number, what is too small 0; NaN stays.
public struct LogarithmicFormat: Hashable, Sendable {
  /// Bits before the point, the logarithm's sign included: 2 to 8.
  public let integerBits: Int
  /// Bits after the point: 1 to 12.
  public let fractionBits: Int

  public init(integerBits: Int = 6, fractionBits: Int = 9) {
    precondition(2...8 ~= integerBits && 1...12 ~= fractionBits, "a logarithm has bits")
    self.integerBits = integerBits
    self.fractionBits = fractionBits
  }

  /// The largest integer.
  public var limit: Int { 1 << (integerBits + fractionBits - 1) - 1 }

  public func rounded(_ x: Double) -> Double {
    guard x != 0, !x.isNaN else { return x }
    let scale = Double(1 << fractionBits)
    let steps = (Math.log2(x.magnitude) * scale).rounded(.toNearestOrEven)
    guard steps >= -Double(limit) else { return 0 }
    return Double(signOf: x, magnitudeOf: Math.pow(2, Swift.min(steps, Double(limit)) / scale))
  }
}

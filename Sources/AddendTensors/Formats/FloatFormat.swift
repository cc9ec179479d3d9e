internal import AddendKernels

/// A binary floating-point format of at most 16 bits: a sign, an exponent, a fraction.
///
/// `x = ±1.fraction · 2^(exponent − bias)`, `bias = 2^(exponentBits − 1) − 1`; exponent 0 holds subnormal
/// numbers `±0.fraction · 2^(1 − bias)`. Rounding is to nearest, ties to even. With infinities, as
/// in IEEE 754, numbers too large become infinite; without (E4M3 of Micikevicius et al., 2022, "FP8
/// Formats for Deep Learning", table 1) they become the greatest, infinity becomes NaN, and NaN is
/// all ones.
public struct FloatFormat: Hashable, Sendable {
  public let name: String
  public let exponentBits: Int
  public let fractionBits: Int
  public let hasInfinity: Bool

  private init(_ name: String, exponentBits: Int, fractionBits: Int, hasInfinity: Bool = true) {
    self.name = name
    self.exponentBits = exponentBits
    self.fractionBits = fractionBits
    self.hasInfinity = hasInfinity
  }

  public static let bfloat16 = FloatFormat("bfloat16", exponentBits: 8, fractionBits: 7)
  /// IEEE 754 binary16.
  public static let float16 = FloatFormat("float16", exponentBits: 5, fractionBits: 10)
  public static let e4m3 = FloatFormat(
    "e4m3", exponentBits: 4, fractionBits: 3, hasInfinity: false)
  public static let e5m2 = FloatFormat("e5m2", exponentBits: 5, fractionBits: 2)

  public var bitCount: Int { 1 + exponentBits + fractionBits }
  var bias: Int { 1 << (exponentBits - 1) - 1 }
  /// The exponent of the least normal number.
  public var leastExponent: Int { 1 - bias }
  private var greatestExponent: Int { (1 << exponentBits) - (hasInfinity ? 2 : 1) - bias }

  /// The greatest finite number.
  public var greatest: Double {
    let steps = (2 << fractionBits) - (hasInfinity ? 1 : 2)
    return Double(steps) * Self.power(greatestExponent - fractionBits)
  }

  /// The distance between 1 and the next number.
  public var epsilon: Double { Self.power(-fractionBits) }

  /// The nearest number of the format, ties to even.
  public func rounded(_ x: Double) -> Double { rounded(x) { $0.rounded(.toNearestOrEven) } }

  /// The neighbour below or above `x`, each with the probability that makes `x` the mean; `draw` is
  /// uniform on [0, 1). What is beyond the greatest number is rounded to nearest.
  public func rounded(_ x: Double, stochastically draw: Double) -> Double {
    x.magnitude > greatest ? rounded(x) : rounded(x) { ($0 + draw).rounded(.down) }
  }

  private func rounded(_ x: Double, _ whole: (Double) -> Double) -> Double {
    guard x.isFinite else { return x.isInfinite && !hasInfinity ? .nan : x }
    guard x != 0 else { return x }
    let quantum = Self.power(max(leastExponent, Int(x.exponent)) - fractionBits)
    let magnitude = whole(x.magnitude / quantum) * quantum
    let bounded =
      magnitude <= greatest ? magnitude : hasInfinity ? Double.infinity : greatest
    return Double(signOf: x, magnitudeOf: bounded)
  }

  /// The bit pattern of `x`, rounded; NaN becomes a quiet one.
  public func pattern(of x: Double) -> UInt16 {
    let value = rounded(x)
    let sign: UInt16 = value.sign == .minus && !value.isNaN ? 1 << (bitCount - 1) : 0
    let top = UInt16((1 << exponentBits) - 1) << fractionBits
    if value.isNaN {
      return top | UInt16(hasInfinity ? 1 << (fractionBits - 1) : (1 << fractionBits) - 1)
    }
    if value.isInfinite { return sign | top }
    let magnitude = value.magnitude
    guard magnitude >= Self.power(leastExponent) else {
      return sign | UInt16(magnitude / Self.power(leastExponent - fractionBits))
    }
    let exponent = Int(magnitude.exponent)
    let fraction = (magnitude / Self.power(exponent) - 1) / epsilon
    return sign | UInt16(exponent + bias) << fractionBits | UInt16(fraction)
  }

  /// The number that `pattern` stands for.
  public func value(of pattern: UInt16) -> Double {
    let fraction = Int(pattern) & ((1 << fractionBits) - 1)
    let exponent = Int(pattern) >> fractionBits & ((1 << exponentBits) - 1)
    let isTop = exponent == (1 << exponentBits) - 1
    let magnitude: Double
    if isTop && hasInfinity {
      magnitude = fraction == 0 ? .infinity : .nan
    } else if isTop && fraction == (1 << fractionBits) - 1 {
      magnitude = .nan
    } else if exponent == 0 {
      magnitude = Double(fraction) * Self.power(leastExponent - fractionBits)
    } else {
      magnitude = (1 + Double(fraction) * epsilon) * Self.power(exponent - bias)
    }
    return Int(pattern) >> (bitCount - 1) & 1 == 1 ? -magnitude : magnitude
  }

  /// The same for the kernels of float32.
  var rounding: FloatRounding {
    FloatRounding(
      fractionBits: fractionBits, leastExponent: leastExponent, greatest: Float(greatest),
      beyond: hasInfinity ? .infinity : Float(greatest), infinity: hasInfinity ? .infinity : .nan)
  }

  private static func power(_ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: 1)
  }
}

public import AddendKernels

/// A number as its sign and its logarithm: `x = ±2^(l / 2^fraction)`, in 16 bits and fewer.
///
/// `l` is an integer of `integer + fraction` bits. Products, quotients and square roots add, subtract and
/// halve logarithms. Sums are Gauss's: with `|a| ≥ |b|` and `d = log₂|a| − log₂|b|`,
/// `log₂|a ± b| = log₂|a| + log₂(1 ± 2⁻ᵈ)`, the correction read from a table with `steps` entries to a
/// unit, or one for every `d` where `steps` is 0. Near `d = 0`, where `log₂(1 − 2⁻ᵈ)` is steep,
/// differences have an entry for every `d` up to 1 always; so the difference of neighbours is right
/// to the last place. `e^x`, `ln x`, `tanh x` and `erf x` are tables and shifts as well.
/// (Swartzlander & Alexopoulos, 1975, "The Sign/Logarithm Number System"; Chuangsuwanich et al.,
/// 2018, train in it.)
///
/// Bits: the sign in bit 15; below it 0 for zero, else `l + 2^(integer + fraction − 1)`, two's complement
/// with its first bit turned over, so that numbers of one sign are ordered as their patterns and zero is
/// 0. `l` lies between `±(2^(integer + fraction − 1) − 1)`; the other patterns are no numbers.
///
/// Rounding is to the nearest logarithm, ties to even. What is larger than the largest number becomes the
/// largest (so does infinity, and what is divided by zero); what is below the smallest becomes zero.
/// There is no NaN: a float's becomes zero, so does the square root of what is below zero; the logarithm
/// of what is not above zero is the lowest number.
///
/// `Sum` says how products', normalisations' and softmax's long sums are added up.
public struct LogNumber<let integer: Int, let fraction: Int, let steps: Int, Sum: LongSumRule>:
  TensorScalar, Hashable
{
  public var bitPattern: UInt16

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The tables, and arithmetic on patterns.
  public static var arithmetic: LogarithmicArithmetic {
    LogarithmicArithmetic(integer: integer, fraction: fraction, steps: steps)
  }

  static var kernels: LogarithmicKernels { LogarithmicKernels(arithmetic, longSum: Sum.longSum) }

  /// `lns5.10`, with a table of 64 entries to a unit `lns5.10/64`, with Kahan's long sums
  /// `lns5.10/64+kahan`.
  public static var formatName: String {
    LogNumberFormats.name(
      integer: integer, fraction: fraction, steps: steps, longSum: Sum.longSum)
  }

  // 3 is none of its numbers, so symbols are patterns: of what is below zero, which no whole number of a
  // symbol taken for its value is.
  public static var symbolCount: Int { 1 << 15 }
  public init(symbol: Int) { bitPattern = symbol == 0 ? 0 : 0x8000 | UInt16(symbol) }
  public var symbol: Int? {
    bitPattern == 0 ? 0 : bitPattern > 0x8000 ? Int(bitPattern & 0x7FFF) : nil
  }

  public static var leastPositive: Double { Self(bitPattern: 1).reported }
  public static var isLogarithmic: Bool { true }
  public static var additionsPerSum: Int { Sum.longSum == .kahan ? 4 : 1 }

  /// A conversion: see `FloatConversions`.
  public init(_ value: Double) {
    FloatConversions.note("a Double into a logarithm")
    self.init(constant: value)
  }

  /// A conversion: see `FloatConversions`.
  public var double: Double {
    FloatConversions.note("a logarithm into a Double")
    return reported
  }

  public init(constant value: Double) { bitPattern = Self.arithmetic.pattern(of: value) }

  public var reported: Double { Self.arithmetic.double(of: bitPattern) }

  public static var zero: Self { Self(bitPattern: 0) }
  static var one: Self { Self(bitPattern: arithmetic.one) }

  public static func + (a: Self, b: Self) -> Self {
    Self(bitPattern: arithmetic.sum(a.bitPattern, b.bitPattern))
  }
  public static func - (a: Self, b: Self) -> Self { a + -b }
  public static func * (a: Self, b: Self) -> Self {
    Self(bitPattern: arithmetic.product(a.bitPattern, b.bitPattern))
  }
  public static func / (a: Self, b: Self) -> Self {
    Self(bitPattern: arithmetic.quotient(a.bitPattern, b.bitPattern))
  }
  public static prefix func - (a: Self) -> Self {
    Self(bitPattern: a.bitPattern == 0 ? 0 : a.bitPattern ^ 0x8000)
  }

  public static func exp(_ x: Self) -> Self {
    Self(bitPattern: arithmetic.exponential(x.bitPattern))
  }
  public static func log(_ x: Self) -> Self {
    Self(bitPattern: arithmetic.logarithm(of: x.bitPattern))
  }
  public static func tanh(_ x: Self) -> Self { Self(bitPattern: arithmetic.tangent(x.bitPattern)) }
  public static func erf(_ x: Self) -> Self { Self(bitPattern: arithmetic.error(x.bitPattern)) }
  public static func squareRoot(_ x: Self) -> Self {
    Self(bitPattern: arithmetic.squareRoot(x.bitPattern))
  }

  private var key: Int { LogarithmicArithmetic.order(of: bitPattern) }

  public static func == (a: Self, b: Self) -> Bool { a.key == b.key }
  public static func < (a: Self, b: Self) -> Bool { a.key < b.key }
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }

  public static func uniform(
    within limit: Double, using random: inout RandomSource
  ) -> Self {
    Self(bitPattern: arithmetic.uniform(random.next() >> 11)) * Self(constant: limit)
  }

  /// ε is at least the least number: smaller squares are zero.
  public static func inverseDeviation(of variance: Self, epsilon: Double) -> Self {
    one / squareRoot(variance + Self(constant: max(epsilon, leastPositive)))
  }

  public static func moved(
    _ running: Self, towards new: Self, by share: Double, scaled factor: Double
  ) -> Self {
    Self(constant: 1 - share) * running + Self(constant: share * factor) * new
  }
}

/// 16 bits: logarithms from −32 to 32 with 9 bits after the point, and sums by tables of 64 entries
/// to a unit. With 10 bits after it nothing below 2⁻¹⁶ is left of gradients and of steps.
public typealias LNS16 = LogNumber<6, 9, 64, BlockSum>

/// How a type of logarithms adds up long sums: `BlockSum` or `KahanSum`.
public protocol LongSumRule: Sendable {
  static var longSum: LogarithmicKernels.LongSum { get }
}

/// In blocks, then by pairs: one addition a term.
public enum BlockSum: LongSumRule {
  public static var longSum: LogarithmicKernels.LongSum { .blocks }
}

/// By Kahan's sum: four additions a term.
public enum KahanSum: LongSumRule {
  public static var longSum: LogarithmicKernels.LongSum { .kahan }
}

internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, tables live as
// long as `tables`, and C keeps no pointer.

/// Arithmetic on signs and logarithms: `x = ±2^(l / 2^fraction)`, `l` an integer of `integer + fraction`
/// bits in excess code; see `LogNumber` for what patterns mean.
///
/// All of it is done with integers and tables; `pattern(of:)` and `double(of:)` alone see a `Double`.
@safe public struct LogarithmicArithmetic: @unchecked Sendable {
  public let integer, fraction, steps: Int
  private let content: Unmanaged<LogarithmicContent>
  private let table: UnsafePointer<addend_lns_table>

  /// - Parameters:
  ///   - integer: bits before the point, the logarithm's sign among them, 2 to 9.
  ///   - fraction: bits after it, 6 to 12; 15 at most with those before.
  ///   - steps: entries to a unit in the tables of sums: 2, 8, 64, or 0 for one at every logarithm.
  public init(integer: Int, fraction: Int, steps: Int) {
    self.integer = integer
    self.fraction = fraction
    self.steps = steps
    unsafe content = LogarithmicContent.of(integer: integer, fraction: fraction, steps: steps)
    unsafe table = content._withUnsafeGuaranteedRef { unsafe $0.table }
  }

  /// What is added to a logarithm to make its code.
  public var bias: Int { unsafe Int(table.pointee.bias) }
  /// One's pattern.
  public var one: UInt16 { UInt16(bias) }
  /// The largest logarithm; the smallest is its negative.
  public var largest: Int { bias - 1 }
  /// Entries of the tables of sums, both together.
  public var entryCount: Int { withContent { $0.sums.count } }

  private func withContent<Result>(_ body: (LogarithmicContent) -> Result) -> Result {
    unsafe content._withUnsafeGuaranteedRef(body)
  }
  private var tables: LogarithmicTables { withContent { $0.tables } }

  @unsafe func withTable<Result>(
    _ body: (UnsafePointer<addend_lns_table>) -> Result
  ) -> Result {
    unsafe body(table)
  }

  // Single numbers, as patterns.

  public func sum(_ a: UInt16, _ b: UInt16) -> UInt16 {
    unsafe addend_lns_sum(table, a, b)
  }

  public func product(_ a: UInt16, _ b: UInt16) -> UInt16 {
    guard !isZero(a), !isZero(b) else { return 0 }
    return pattern(logarithm(a) + logarithm(b), isNegative: isNegative(a) != isNegative(b))
  }

  /// What is divided by zero becomes the largest number with its sign, zero stays zero.
  public func quotient(_ a: UInt16, _ b: UInt16) -> UInt16 {
    guard !isZero(a) else { return 0 }
    let sign = isNegative(a) != isNegative(b)
    return isZero(b)
      ? pattern(largest, isNegative: isNegative(a))
      : pattern(logarithm(a) - logarithm(b), isNegative: sign)
  }

  /// Half of the logarithm, ties to even; zero for what is below zero.
  public func squareRoot(_ a: UInt16) -> UInt16 {
    guard !isZero(a), !isNegative(a) else { return 0 }
    let l = logarithm(a)
    return pattern((l >> 1) + (l & (l >> 1) & 1), isNegative: false)
  }

  /// `e^x`: its logarithm is `x log₂e`, a number of fixed point that a table and a shift make of `x`.
  public func exponential(_ a: UInt16) -> UInt16 {
    guard !isZero(a) else { return one }
    let l = logarithm(a), (whole, part) = (l >> fraction, l & ((1 << fraction) - 1))
    let exponents = tables.exponents
    let power = UInt64(exponents.span[part])
    // power · 2^(whole + fraction − 30), to the nearest.
    let shift = 30 - fraction - whole
    guard shift > 0 else { return isNegative(a) ? 0 : pattern(largest, isNegative: false) }
    let magnitude = shift > 40 ? 0 : Int((power + (1 << UInt64(shift - 1))) >> UInt64(shift))
    return pattern(isNegative(a) ? -magnitude : magnitude, isNegative: false)
  }

  /// `ln x`: the logarithm times `ln 2`; the lowest number there is for zero and what is below.
  public func logarithm(of a: UInt16) -> UInt16 {
    guard !isZero(a), !isNegative(a) else { return pattern(largest, isNegative: true) }
    let l = logarithm(a)
    guard l != 0 else { return 0 }
    // −log₂ ln 2 = 0.528766…, in units of 2⁻³⁰ and rounded to ours.
    let constant = (567758570 + 1 << (29 - fraction)) >> (30 - fraction)
    return pattern(
      logarithm(ofInteger: UInt64(l.magnitude)) - fraction << fraction - constant,
      isNegative: l < 0)
  }

  public func tangent(_ a: UInt16) -> UInt16 { function(a, tables.tangents, slope: 0) }

  /// `2 / √π` is `2^0.174…`.
  public func error(_ a: UInt16) -> UInt16 {
    let errors = tables.errors
    return function(a, errors, slope: Int(errors.span[0]) - tables.firstOfFunctions)
  }

  /// An odd function: a line below the table, 1 above it.
  private func function(_ a: UInt16, _ table: AlignedBuffer<Int16>, slope: Int) -> UInt16 {
    guard !isZero(a) else { return 0 }
    let l = logarithm(a), place = l - tables.firstOfFunctions
    guard place < table.count else { return pattern(0, isNegative: isNegative(a)) }
    return pattern(
      place < 0 ? l + slope : Int(table.span[place]), isNegative: isNegative(a))
  }

  /// An integer's nearest number.
  public func pattern(ofInteger n: Int) -> UInt16 {
    n == 0 ? 0 : pattern(logarithm(ofInteger: UInt64(n.magnitude)), isNegative: n < 0)
  }

  /// `log₂ n` in units of the last place, to the nearest, also where the format does not have `n`.
  /// - Precondition: `n > 0`.
  public func logarithm(ofInteger n: Int) -> Int { logarithm(ofInteger: UInt64(n)) }

  /// `a / n`, also where the format has neither `n` nor `1 / n`.
  /// - Precondition: `n > 0`.
  public func quotient(_ a: UInt16, byInteger n: Int) -> UInt16 {
    isZero(a) ? 0 : pattern(logarithm(a) - logarithm(ofInteger: n), isNegative: isNegative(a))
  }

  /// A number drawn uniformly between −1 and 1: `(n − 2⁵²) / 2⁵²` with `n < 2⁵³`.
  public func uniform(_ n: UInt64) -> UInt16 {
    let distance = Int(n) - 1 << 52
    guard distance != 0 else { return 0 }
    return pattern(
      logarithm(ofInteger: UInt64(distance.magnitude)) - 52 << fraction, isNegative: distance < 0)
  }

  /// `log₂ n` in units of the last place, to the nearest; `n > 0`, of which the upper 31 bits count.
  private func logarithm(ofInteger n: UInt64) -> Int {
    let whole = 63 - n.leadingZeroBitCount
    let mantissa = UInt32(whole <= 30 ? n << UInt64(30 - whole) : n >> UInt64(whole - 30))
    let buffer = tables.halves
    let halves = buffer.span
    // How many halves are not above: they ascend.
    var (low, high) = (0, halves.count)
    while low < high {
      let middle = (low + high) / 2
      if halves[middle] <= mantissa { low = middle + 1 } else { high = middle }
    }
    return whole << fraction + low
  }

  /// The nearest by logarithm: the largest for what is larger, zero for what is below the smallest
  /// and for NaN.
  public func pattern(of x: Double) -> UInt16 {
    addend_lns_from_double(Int32(bias), Int32(fraction), x)
  }

  public func double(of a: UInt16) -> Double {
    addend_lns_to_double(Int32(bias), Int32(fraction), a)
  }

  // Parts of patterns.

  public func isZero(_ a: UInt16) -> Bool { a & 0x7FFF == 0 }
  public func isNegative(_ a: UInt16) -> Bool { a & 0x8000 != 0 }
  private func logarithm(_ a: UInt16) -> Int { Int(a & 0x7FFF) - bias }

  /// Patterns as integers in the numbers' order.
  public static func order(of a: UInt16) -> Int {
    let magnitude = Int(a & 0x7FFF)
    return a & 0x8000 == 0 ? magnitude : -magnitude
  }

  private func pattern(_ logarithm: Int, isNegative: Bool) -> UInt16 {
    guard logarithm >= -largest else { return 0 }
    return UInt16(min(logarithm, largest) + bias) | (isNegative ? 0x8000 : 0)
  }
}

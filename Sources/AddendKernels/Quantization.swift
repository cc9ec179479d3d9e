/// A way to make numbers few: each becomes a code, which is a number of the same format.
///
/// Codes are integers of at most 24 bits, so that sums of products of them are exact in float32 as long
/// as they stay below 2²⁴; the unit that a code stands for is the caller's.
public enum Quantization: Hashable, Sendable {
  /// `1` where `x ≥ 0`, else `−1`; zeros of both signs give 1, NaN −1.
  case sign
  /// `x · factor` cut to `range`, rounded to the nearest integer, ties to even; NaN stays.
  ///
  /// Hubara et al., *Quantized Neural Networks* (JMLR 2018, §2.3): LinearQuant, with the step apart.
  case grid(factor: Double, range: ClosedRange<Int>)
  /// `2^e` with the sign of `x`, `e` being the integer nearest to `log₂ |x · factor|`, at most `count −
  /// 1`; 0 where `e < 0`, NaN included.
  ///
  /// The same, LogQuant: the exponent is rounded. `count` is at most 127.
  case powers(factor: Double, count: Int)
}

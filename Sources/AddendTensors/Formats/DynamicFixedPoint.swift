/// Integers that share an exponent: DFP-16 (Das et al., 2018, "Mixed Precision Training of Convolutional
/// Neural Networks using Integer Operations", §3).
///
/// With `E = ⌊log₂ max|x|⌋` over a tensor, or over each block of consecutive numbers of it, and the
/// shared exponent `S = E − (bits − 2)`, a number is `i · 2^S` with `i = x / 2^S` to the nearest
/// integer, ties to even, of at most `2^(bits − 1) − 1`: what rounds to `2^(bits − 1)` saturates.
/// `S` is at least −126. Where a tensor or block has a number that is not finite, all of it is NaN.
public struct DynamicFixedPoint: Hashable, Sendable {
  /// 2 to 16, the sign included.
  public let bits: Int
  /// How many consecutive numbers share an exponent; `nil` for all of a tensor.
  public let blockLength: Int?

  public init(bits: Int = 16, blockLength: Int? = nil) {
    precondition(2...16 ~= bits && (blockLength ?? 1) > 0, "a format has bits, a block numbers")
    self.bits = bits
    self.blockLength = blockLength
  }

  /// The largest integer.
  public var limit: Int { 1 << (bits - 1) - 1 }

  /// `2^S` of numbers of which `magnitude` is the largest; NaN where it is not finite.
  public func quantum(greatest magnitude: Double) -> Double {
    guard magnitude.isFinite else { return .nan }
    let exponent = magnitude == 0 ? -126 : max(-126, Int(magnitude.exponent) - (bits - 2))
    return Double(sign: .plus, exponent: exponent, significand: 1)
  }

  /// `x` as a multiple of `quantum`.
  public func rounded(_ x: Double, quantum: Double) -> Double {
    guard !quantum.isNaN else { return .nan }
    let bound = Double(limit)
    return min(max((x / quantum).rounded(.toNearestOrEven), -bound), bound) * quantum
  }

  /// Where each block of `count` numbers begins and ends.
  func blocks(of count: Int) -> some Sequence<Range<Int>> {
    let length = max(1, blockLength ?? count)
    return stride(from: 0, to: count, by: length).lazy.map { $0..<Swift.min(count, $0 + length) }
  }
}

internal import AddendKernels
internal import AddendTensors

/// How gradients towards a map's output are brought to few bits before both products: LogQuant, a
/// sign and an exponent, the largest magnitude's power of two being the first of `2^(bits − 1) −
/// 1`.
struct GradientCoding: Hashable, Sendable {
  let bits: Int
  /// Draws between the two powers around a number, so that it is their mean.
  var random: RandomSource?

  /// The bits of the fewest and the most gradients.
  static let bitRange = 2...8

  /// Gradients as they are multiplied.
  mutating func codes<Scalar: TensorScalar>(of dy: Tensor<Scalar>) -> Tensor<Scalar> {
    let (lowest, highest) = Scalar.extremes(of: dy.span)
    let size = max(-lowest, highest)
    guard size > 0, size.isFinite else { return dy }
    // 2^top is the smallest power that is not below `size`.
    let top = max(-90, Int(size.exponent) + (size.significand > 1 ? 1 : 0))
    let count = min((1 << (bits - 1)) - 1, 31)
    let unit = Double(sign: .plus, exponent: top - count + 1, significand: 1)
    let source = dy.span
    let codes = Tensor<Scalar>(dy.shape) {
      if let seed = random?.next() {
        Scalar.drawPowers(source, factor: 1 / unit, count: count, seed: seed, into: &$0)
      } else {
        Scalar.quantize(source, by: .powers(factor: 1 / unit, count: count), into: &$0)
      }
    }
    return codes.scaled(by: unit)
  }
}

/// A gradient as it is multiplied.
struct GradientCodes<Scalar: TensorScalar>: Sendable {
  let numbers: Tensor<Scalar>
  /// Whether bfloat16 has all of the numbers.
  let isNarrow: Bool
}

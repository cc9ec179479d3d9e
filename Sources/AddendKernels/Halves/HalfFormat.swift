internal import CAddendKernels

/// Numbers of 16 bits that two float32 operands are rounded to before they are multiplied, with sums in
/// float32.
public enum HalfFormat: Hashable, Sendable {
  /// bfloat16, to nearest, ties to even. Of each two terms of a sum that follow one another the second is
  /// added first, as `VDPBF16PS` does it; denormals count as zeros.
  case bfloat16
  /// Dynamic fixed point: each tensor has one exponent, `e = ⌊log2 max|x|⌋ − (bits − 2)`, at least −126,
  /// and each number becomes the nearest integer, ties to even, of magnitude `2^(bits − 1) − 1` at most,
  /// times `2^e` (Das et al., 2018, "Mixed Precision Training of Convolutional Neural Networks using
  /// Integer Operations"). The operands may have different bits, the sign included.
  ///
  /// Products are added as integers of 32 bits as far as these can hold any of them, four where the bits
  /// are 31 together or fewer, since `4 (2¹⁵ − 1) (2¹⁴ − 1) < 2³¹ − 1`, and two otherwise, since
  /// `2 (2¹⁵ − 1)² < 2³¹ − 1`. Such a sum is rounded once to float32 and added there. With two,
  /// conversions and additions take longer than products.
  ///
  /// A tensor that holds an infinity or a NaN has no exponent: every result is NaN.
  case fixedPoint(left: Int, right: Int)

  /// 16 bits on the left and 15 on the right: four products.
  public static let dynamicFixedPoint = HalfFormat.fixedPoint(left: 16, right: 15)

  /// Magnitude bits of the operands' mantissas, where they are fixed-point.
  var mantissaBits: (left: Int, right: Int)? {
    switch self {
    case .bfloat16: return nil
    case .fixedPoint(let left, let right):
      precondition(2...16 ~= left && 2...16 ~= right, "mantissas have 2 to 16 bits")
      return (left - 1, right - 1)
    }
  }
}

/// The kernels of a format's products in one instruction set.
// Safe: tables of functions that live as long as the program.
@safe struct HalfKernels: @unchecked Sendable {
  let format: HalfFormat
  /// Of products, and of roundings.
  let products: UnsafePointer<addend_brgemm_kernels>
  let roundings: UnsafePointer<addend_halves_kernels>

  init(_ format: HalfFormat, _ set: InstructionSet) {
    self.format = format
    let isa = set.isa
    unsafe roundings = addend_halves_select(isa)
    if let bits = format.mantissaBits {
      unsafe products =
        bits.left + bits.right <= 29 ? addend_dfp_select(isa) : addend_dfp_wide_select(isa)
    } else {
      unsafe products = addend_bf16_select(isa)
    }
  }

  /// Numbers that a thread rounds at a time: 64 KiB of them.
  static let partSize = 1 << 14

  /// How a left operand's numbers are rounded.
  func left(_ x: Span<Float>) -> HalfRounding { rounding(x, bits: format.mantissaBits?.left) }
  /// The same for a right operand.
  func right(_ x: Span<Float>) -> HalfRounding { rounding(x, bits: format.mantissaBits?.right) }

  private func rounding(_ x: Span<Float>, bits: Int?) -> HalfRounding {
    guard let bits else { return HalfRounding(rounding: .init(), scale: .init()) }
    var scale = addend_halves_scale()
    let rounding = unsafe addend_halves_fixed(largest(x), Int32(bits), &scale)
    return HalfRounding(rounding: rounding, scale: scale)
  }

  /// The bit pattern of the largest magnitude.
  private func largest(_ x: Span<Float>) -> UInt32 {
    guard let address = unsafe x.address else { return 0 }
    let size = 4 * Self.partSize
    let maxima = AlignedBuffer<UInt32>(uninitializedCount: (x.count + size - 1) / size)
    var span = maxima.uniqueSpan
    guard let to = unsafe span.address else { return 0 }
    // Safe: parts lie inside x, and each writes a maximum of its own.
    ThreadPool.forEachPart(of: x.count, size: size) { first, count in
      unsafe to[first / size] = roundings.pointee.largest(count, address + first)
    }
    return maxima.span.indices.reduce(0) { max($0, maxima.span[$1]) }
  }
}

/// A tensor's rounding, and what its mantissas are multiplied by.
struct HalfRounding: Sendable {
  let rounding: addend_halves_rounding
  let scale: addend_halves_scale

  /// The factors of a product's sums.
  func factors(with other: HalfRounding) -> AlignedBuffer<Float> {
    let factors = AlignedBuffer<Float>(uninitializedCount: 2)
    var span = factors.uniqueSpan
    if let address = unsafe span.address {
      unsafe addend_halves_factors(scale, other.scale, address)
    }
    return factors
  }
}

internal import CAddendKernels

/// Numbers as bytes: `x ≈ scale · (q − zeroPoint)`, `q` from 0 to 255 (Jacob et al., 2018, eq. 1).
///
/// `q = round(min(max(x / scale + zeroPoint, 0), 255))`, ties to even; the quotient is `x` times
/// the float32 nearest to `1 / scale`, fused with the sum. A number within `lower … upper` is off
/// by half a `scale` at most (and float32's own rounding), zero by nothing; NaN becomes 0.
public struct AffineQuantization: Hashable, Sendable {
  public let scale: Float
  public let zeroPoint: UInt8

  public init(scale: Float, zeroPoint: UInt8) {
    precondition(Self.scales.contains(scale), "a scale is positive and has an inverse")
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// Scales that are neither zero nor so small or large that their inverse is not a normal number.
  public static let scales: ClosedRange<Float> = 0x1p-120...0x1p+120

  /// Bytes for `lower … upper`, widened to contain zero: the zero point is the byte nearest to it, and
  /// the range moves by up to half a step. A range without extent has steps of 1 / 255.
  public init(covering lower: Double, _ upper: Double) {
    precondition(lower.isFinite && upper.isFinite, "a range has ends")
    let (lower, upper) = (min(lower, 0), max(upper, 0))
    let width = upper > lower ? upper - lower : 1
    let limits = (Double(Self.scales.lowerBound), Double(Self.scales.upperBound))
    let step = min(max(width / 255, limits.0), limits.1)
    self.init(scale: Float(step), zeroPoint: UInt8(min(max((-lower / step).rounded(), 0), 255)))
  }

  /// The least and the largest number that are not clamped.
  public var lower: Float { -Float(zeroPoint) * scale }
  public var upper: Float { Float(255 - Int(zeroPoint)) * scale }

  public func code(of x: Float) -> UInt8 {
    let place = Float(zeroPoint).addingProduct(x, 1 / scale)
    // Of what compares as neither, 0.
    return UInt8(min(place > 0 ? place : 0, 255).rounded(.toNearestOrEven))
  }

  public func value(of code: UInt8) -> Float { Float(Int(code) - Int(zeroPoint)) * scale }

  /// `q = code(of: x)`.
  public func quantize(
    _ x: Span<Float>, into q: inout MutableSpan<UInt8>, using set: InstructionSet = .best
  ) {
    precondition(x.count == q.count, "quantize: extents")
    guard let x = unsafe x.address, let codes = unsafe q.address else { return }
    let (inverse, zero) = (1 / scale, Float(zeroPoint))
    // Safe: the extents agree, and parts are apart.
    ThreadPool.forEachPart(of: q.count, size: Self.partSize) { first, count in
      unsafe addend_int8_quantize(set.isa, count, x + first, inverse, zero, codes + first)
    }
  }

  /// `x = value(of: q)`.
  public func dequantize(
    _ q: Span<UInt8>, into x: inout MutableSpan<Float>, using set: InstructionSet = .best
  ) {
    precondition(x.count == q.count, "dequantize: extents")
    guard let codes = unsafe q.address, let numbers = unsafe x.address else { return }
    let zero = Int32(zeroPoint)
    ThreadPool.forEachPart(of: q.count, size: Self.partSize) { first, count in
      unsafe addend_int8_dequantize(
        set.isa, count, codes + first, zero, scale, numbers + first)
    }
  }

  private static let partSize = 1 << 16
}

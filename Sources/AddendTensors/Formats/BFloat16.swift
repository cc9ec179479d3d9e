/// Brain floating point: float32 with the lower 16 bits of its mantissa cut off, so 8 significant
/// bits and float32's range.
///
/// Rounding is to nearest, ties to even; overflow goes to infinity; NaN stays NaN (made quiet);
/// subnormals are kept. Sums of products accumulate in float32, as the hardware's do.
public struct BFloat16: TensorScalar, Hashable {
  public var bitPattern: UInt16

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
    } else {
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
  }

  /// Rounds once: a Double is first cut to float32 towards odd, which leaves the second rounding
  /// the information that it needs.
  public init(_ value: Double) {
    let nearest = Float(value)
    guard nearest.isFinite, Double(nearest) != value else {
      self.init(nearest)
      return
    }
    let towardZero = nearest.magnitude.double > value.magnitude ? nearest.towardZero : nearest
    self.init(Float(bitPattern: towardZero.bitPattern | 1))
  }

  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
  public var double: Double { Double(float) }

  public static var formatName: String { "bfloat16" }
  public static var symbolCount: Int { 257 }
  public static var leastPositive: Double { 0x1p-133 }

  public typealias Accumulator = Float
  public static func product(_ x: BFloat16, _ y: BFloat16) -> Float { x.float * y.float }
  public init(rounding sum: Float) { self.init(sum) }

  public static var zero: BFloat16 { BFloat16(bitPattern: 0) }
  public static func + (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float + b.float) }
  public static func - (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float - b.float) }
  public static func * (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float * b.float) }
  public static func / (a: BFloat16, b: BFloat16) -> BFloat16 { BFloat16(a.float / b.float) }
  public static prefix func - (a: BFloat16) -> BFloat16 {
    BFloat16(bitPattern: a.bitPattern ^ 0x8000)
  }
  public static func == (a: BFloat16, b: BFloat16) -> Bool { a.float == b.float }
  public static func < (a: BFloat16, b: BFloat16) -> Bool { a.float < b.float }
  public func hash(into hasher: inout Hasher) { hasher.combine(float) }
}

extension Float {
  /// The neighbour nearer to zero.
  fileprivate var towardZero: Float { self == 0 ? self : Float(bitPattern: bitPattern - 1) }
}

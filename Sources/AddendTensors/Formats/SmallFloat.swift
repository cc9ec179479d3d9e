/// A number of a narrow floating-point format, by its bit pattern: `Half`, `FloatE4M3`, `FloatE5M2`.
///
/// Sums, products and quotients are those of the exact numbers, rounded once: Double holds them
/// exactly, or with so many more digits that a second rounding does no harm (Figueroa, 1995). Sums
/// of products accumulate in float32.
public struct SmallFloat<Layout: SmallFloatLayout>: TensorScalar, Hashable {
  public var bitPattern: Layout.Pattern

  public init(bitPattern: Layout.Pattern) { self.bitPattern = bitPattern }

  public init(_ value: Double) {
    bitPattern = Layout.Pattern(truncatingIfNeeded: Layout.format.pattern(of: value))
  }

  public var double: Double { Layout.format.value(of: UInt16(bitPattern)) }

  public static var formatName: String { Layout.format.name }
  public static var symbolCount: Int { 2 << Layout.format.fractionBits + 1 }
  public static var leastPositive: Double { Layout.format.value(of: 1) }

  public typealias Accumulator = Float
  public static func product(_ x: Self, _ y: Self) -> Float { Float(x.double * y.double) }
  public init(rounding sum: Float) { self.init(sum.double) }

  public static var zero: Self { Self(bitPattern: 0) }
  public static func + (a: Self, b: Self) -> Self { Self(a.double + b.double) }
  public static func - (a: Self, b: Self) -> Self { Self(a.double - b.double) }
  public static func * (a: Self, b: Self) -> Self { Self(a.double * b.double) }
  public static func / (a: Self, b: Self) -> Self { Self(a.double / b.double) }
  public static prefix func - (a: Self) -> Self { Self(-a.double) }
  public static func == (a: Self, b: Self) -> Bool { a.double == b.double }
  public static func < (a: Self, b: Self) -> Bool { a.double < b.double }
  public func hash(into hasher: inout Hasher) { hasher.combine(double) }
}

/// Which format a `SmallFloat` has, and what holds its bits.
public protocol SmallFloatLayout {
  associatedtype Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable
  static var format: FloatFormat { get }
}

/// IEEE 754 binary16: 11 significant bits, 6.1e-5 to 65504 and subnormals down to 6.0e-8.
public typealias Half = SmallFloat<HalfLayout>
/// Four exponent bits, three of fraction: 1.6e-2 to 448 and subnormals down to 2.0e-3; no infinity.
public typealias FloatE4M3 = SmallFloat<E4M3Layout>
/// Five exponent bits, two of fraction: 6.1e-5 to 57344 and subnormals down to 1.5e-5.
public typealias FloatE5M2 = SmallFloat<E5M2Layout>

public enum HalfLayout: SmallFloatLayout {
  public typealias Pattern = UInt16
  public static var format: FloatFormat { .float16 }
}

public enum E4M3Layout: SmallFloatLayout {
  public typealias Pattern = UInt8
  public static var format: FloatFormat { .e4m3 }
}

public enum E5M2Layout: SmallFloatLayout {
  public typealias Pattern = UInt8
  public static var format: FloatFormat { .e5m2 }
}

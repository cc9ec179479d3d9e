public import AddendKernels

/// What a tensor's elements are: a number format.
///
/// The arithmetic is the *definition* of every operation; the bulk operations below it have
/// defaults written in that arithmetic, and a format overrides those for which it has kernels.
public protocol TensorScalar: BitwiseCopyable, Sendable, Comparable {
  /// The format's name in files and reports: `float32`.
  static var formatName: String { get }

  /// Every integer up to this magnitude is exact in the format.
  static var exactIntegerLimit: Int { get }

  /// The format in which sums of products of this one are kept.
  associatedtype Accumulator: TensorScalar = Self
  /// `x·y` in the accumulator's format.
  static func product(_ x: Self, _ y: Self) -> Accumulator
  /// A sum brought back to this format.
  init(rounding sum: Accumulator)

  /// The nearest number of the format, ties to even.
  init(_ value: Double)
  /// The value; exact.
  var double: Double { get }

  static var zero: Self { get }
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  static prefix func - (a: Self) -> Self

  static func exp(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func squareRoot(_ x: Self) -> Self
  static func erf(_ x: Self) -> Self

  /// One read of a precomputed table: the entry itself. A counting format counts it.
  static func lookUp(_ entry: Self) -> Self

  // Bulk operations: the definition of each stands in the file named after its heading.

  // TensorScalar+Products.swift
  /// `C = op(A) op(B)`.
  static func gemm(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, _ c: inout MutableSpan<Self>)

  // TensorScalar+Elementwise.swift
  /// `y += α x`.
  static func addScaled(_ alpha: Self, _ x: Span<Self>, to y: inout MutableSpan<Self>)
  /// `y ·= α`.
  static func scale(_ y: inout MutableSpan<Self>, by alpha: Self)
  /// `y ⊙= x`.
  static func multiply(_ y: inout MutableSpan<Self>, by x: Span<Self>)
  /// `Σ x²`, in a fixed order.
  static func sumOfSquares(_ x: Span<Self>) -> Double
  /// `y = f(x)`.
  static func activate(
    _ function: ActivationFunction, _ x: Span<Self>, into y: inout MutableSpan<Self>)
  /// `dx = dy · f′(x)`, where `y = f(x)`.
  static func activationGradient(
    _ function: ActivationFunction, x: Span<Self>, y: Span<Self>, dy: Span<Self>,
    into dx: inout MutableSpan<Self>)

  // TensorScalar+Rows.swift
  /// `y[r, :] += row` for each row of `y`.
  static func addRow(_ row: Span<Self>, toEachRowOf y: inout MutableSpan<Self>)
  /// `sums[c] += Σ_r x[r, c]`, rows in order.
  static func addColumnSums(of x: Span<Self>, to sums: inout MutableSpan<Self>)
  /// Each row of `logits` to its softmax.
  static func softmax(_ logits: Span<Self>, columns: Int, into y: inout MutableSpan<Self>)

  // TensorScalar+Patches.swift
  /// An image batch to the rows that a convolution multiplies, padding as zeros.
  static func patches(
    of image: Span<Self>, _ geometry: ConvolutionGeometry, into rows: inout MutableSpan<Self>)
  /// The adjoint of `patches`: adds every patch entry to the pixel that it came from.
  static func addPatches(
    _ rows: Span<Self>, _ geometry: ConvolutionGeometry, to image: inout MutableSpan<Self>)
}

extension TensorScalar {
  public static func += (a: inout Self, b: Self) { a = a + b }
  public static func -= (a: inout Self, b: Self) { a = a - b }
  public static func *= (a: inout Self, b: Self) { a = a * b }
  public static func lookUp(_ entry: Self) -> Self { entry }
  public static func exp(_ x: Self) -> Self { Self(Math.exp(x.double)) }
  public static func log(_ x: Self) -> Self { Self(Math.log(x.double)) }
  public static func tanh(_ x: Self) -> Self { Self(Math.tanh(x.double)) }
  public static func erf(_ x: Self) -> Self { Self(Math.erf(x.double)) }
  public static func squareRoot(_ x: Self) -> Self { Self(x.double.squareRoot()) }
}

extension TensorScalar where Accumulator == Self {
  public static func product(_ x: Self, _ y: Self) -> Self { x * y }
  public init(rounding sum: Self) { self = sum }
}

extension Float: TensorScalar {
  public static var formatName: String { "float32" }
  public static var exactIntegerLimit: Int { 1 << 24 }
  public var double: Double { Double(self) }
  public static func squareRoot(_ x: Float) -> Float { x.squareRoot() }

  public static func gemm(
    _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, _ c: inout MutableSpan<Float>
  ) {
    AddendKernels.gemm(shape, a, b, &c)
  }
}

extension Double: TensorScalar {
  public static var formatName: String { "float64" }
  public static var exactIntegerLimit: Int { 1 << 53 }
  public var double: Double { self }
  public static func squareRoot(_ x: Double) -> Double { x.squareRoot() }
}

public import AddendKernels

// The definitions: operands are rounded as whole tensors, sums kept as the format says. A
// convolution with sums of its own goes through patches, one product after the other.

/// The right operand of many products in one format.
public struct PackedOperand<Scalar: TensorScalar>: Sendable {
  /// `C = A B`, `A` `[m, rows]` and `C` `[m, columns]`.
  public let multiply: @Sendable (_ a: Span<Scalar>, _ c: inout MutableSpan<Scalar>) -> Void

  public init(
    _ multiply: @escaping @Sendable (_ a: Span<Scalar>, _ c: inout MutableSpan<Scalar>) -> Void
  ) { self.multiply = multiply }
}

extension TensorScalar {
  public static func gemm(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, bias: Span<Self>?,
    in format: ProductFormat, _ c: inout MutableSpan<Self>
  ) { roundedGEMM(shape, a, b, bias: bias, in: format, &c) }

  public static func convolve(
    _ image: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into y: inout MutableSpan<Self>
  ) { roundedConvolve(image, filter, geometry, in: format, into: &y) }

  public static func convolutionInputGradient(
    _ dy: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into dx: inout MutableSpan<Self>
  ) { roundedInputGradient(dy, filter, geometry, in: format, into: &dx) }

  public static func convolutionFilterGradient(
    _ image: Span<Self>, _ dy: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, accumulates: Bool, into filterGradient: inout MutableSpan<Self>
  ) {
    roundedFilterGradient(
      image, dy, geometry, in: format, accumulates: accumulates, into: &filterGradient)
  }

  public static func packed(
    _ b: Span<Self>, rows: Int, columns: Int, transposed: Bool, in format: ProductFormat
  ) -> PackedOperand<Self>? { nil }

  // What a scalar with kernels for some formats does in all others.

  static func roundedGEMM(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, bias: Span<Self>?,
    in format: ProductFormat, _ c: inout MutableSpan<Self>
  ) {
    if let left = format.roundedLeft(a) {
      return gemm(shape, left.span, b, bias: bias, in: format.leftOwn, &c)
    }
    if let right = format.roundedRight(b) {
      return gemm(shape, a, right.span, bias: bias, in: format.rightOwn, &c)
    }
    guard format.accumulation != .own else { return gemm(shape, a, b, bias: bias, &c) }
    leveledProduct(shape, a, b, format.accumulation, &c)
    if let bias { addRow(bias, toEachRowOf: &c) }
  }

  static func roundedConvolve(
    _ image: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into y: inout MutableSpan<Self>
  ) {
    if let left = format.roundedLeft(image) {
      return convolve(left.span, filter, geometry, in: format.leftOwn, into: &y)
    }
    if let right = format.roundedRight(filter) {
      return convolve(image, right.span, geometry, in: format.rightOwn, into: &y)
    }
    guard format.accumulation != .own else { return convolve(image, filter, geometry, into: &y) }
    convolveThroughPatches(image, filter, geometry, in: format, into: &y)
  }

  static func roundedInputGradient(
    _ dy: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into dx: inout MutableSpan<Self>
  ) {
    if let left = format.roundedLeft(dy) {
      return convolutionInputGradient(left.span, filter, geometry, in: format.leftOwn, into: &dx)
    }
    if let right = format.roundedRight(filter) {
      return convolutionInputGradient(dy, right.span, geometry, in: format.rightOwn, into: &dx)
    }
    guard format.accumulation != .own else {
      return convolutionInputGradient(dy, filter, geometry, into: &dx)
    }
    inputGradientThroughPatches(dy, filter, geometry, in: format, into: &dx)
  }

  static func roundedFilterGradient(
    _ image: Span<Self>, _ dy: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, accumulates: Bool, into filterGradient: inout MutableSpan<Self>
  ) {
    if let left = format.roundedLeft(image) {
      return convolutionFilterGradient(
        left.span, dy, geometry, in: format.leftOwn, accumulates: accumulates,
        into: &filterGradient)
    }
    if let right = format.roundedRight(dy) {
      return convolutionFilterGradient(
        image, right.span, geometry, in: format.rightOwn, accumulates: accumulates,
        into: &filterGradient)
    }
    guard format.accumulation != .own else {
      return convolutionFilterGradient(
        image, dy, geometry, accumulates: accumulates, into: &filterGradient)
    }
    filterGradientThroughPatches(
      image, dy, geometry, in: format, accumulates: accumulates, into: &filterGradient)
  }

  public static func leveledProduct(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, _ accumulation: Accumulation,
    _ c: inout MutableSpan<Self>
  ) {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(a.count == m * k && b.count == k * n && c.count == m * n, "gemm: extents")
    for i in 0..<m {
      for j in 0..<n {
        var sums = LeveledSum<Self>(accumulation.levels)
        for p in 0..<k {
          let x = a[shape.transposesA ? p * m + i : i * k + p]
          sums.add(x * b[shape.transposesB ? j * k + p : p * n + j])
        }
        let value = sums.total
        c[i * n + j] = shape.accumulates ? c[i * n + j] + value : value
      }
    }
  }
}

/// A sum under way in the levels of an `Accumulation`.
private struct LeveledSum<Scalar: TensorScalar> {
  let levels: [Accumulation.Level]
  var sums: [Scalar]
  var terms: [Int]

  init(_ levels: [Accumulation.Level]) {
    self.levels = levels
    sums = levels.map { _ in .zero }
    terms = levels.map { _ in 0 }
  }

  mutating func add(_ term: Scalar) {
    sums[0] = rounded(sums[0] + term, levels[0])
    terms[0] += 1
    var level = 0
    while level + 1 < levels.count, terms[level] == levels[level].length {
      moveUp(level)
      level += 1
    }
  }

  /// What the levels come to, those that are not full included.
  var total: Scalar {
    var rest = self
    for level in levels.indices.dropLast() { rest.moveUp(level) }
    return rest.sums[levels.count - 1]
  }

  private mutating func moveUp(_ level: Int) {
    sums[level + 1] = rounded(sums[level + 1] + sums[level], levels[level + 1])
    terms[level + 1] += 1
    (sums[level], terms[level]) = (.zero, 0)
  }

  private func rounded(_ x: Scalar, _ level: Accumulation.Level) -> Scalar {
    guard let format = level.format else { return Scalar(Float(x.double).double) }
    return Scalar(format.rounded(x.double))
  }
}

extension ProductFormat {
  /// The left operand in its format, where that is not its own.
  func roundedLeft<Scalar>(_ x: Span<Scalar>) -> Tensor<Scalar>? { Self.rounded(x, to: left) }
  func roundedRight<Scalar>(_ x: Span<Scalar>) -> Tensor<Scalar>? { Self.rounded(x, to: right) }

  /// The format of a product whose left operand is rounded already.
  var leftOwn: ProductFormat {
    ProductFormat(left: nil, right: right, accumulation: accumulation)
  }
  var rightOwn: ProductFormat {
    ProductFormat(left: left, right: nil, accumulation: accumulation)
  }

  private static func rounded<Scalar>(
    _ x: Span<Scalar>, to format: NumberFormat?
  ) -> Tensor<Scalar>? {
    guard let format, !format.isOwn(of: Scalar.self) else { return nil }
    return Tensor([x.count]) { Scalar.round(x, to: format, into: &$0) }
  }
}

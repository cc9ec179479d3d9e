internal import CAddendKernels

/// Products of float32 tensors that are rounded to 16 bits on the way, with results in float32: those of
/// matrices, of convolutions and of their gradients, on all threads of the current pool.
///
/// Rounding is part of packing: each operand is read once from where it lies (twice in dynamic
/// fixed point, whose exponent is found first). Results do not depend on the number of threads, and
/// all instruction sets give the same bits, but for which NaN a NaN is.
public struct HalfProducts: Sendable {
  public let format: HalfFormat
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ format: HalfFormat, using instructionSet: InstructionSet = .best) {
    self.format = format
    self.instructionSet = instructionSet
  }

  /// Products of bfloat16 numbers.
  public static let bfloat16 = HalfProducts(.bfloat16)
  /// Products in dynamic fixed point.
  public static let dynamicFixedPoint = HalfProducts(.dynamicFixedPoint)

  /// `C = op(A) op(B)`, `bias`, if there is one, added to every row: `gemm` of rounded operands.
  public func gemm(
    _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, bias: Span<Float>? = nil,
    _ c: inout MutableSpan<Float>
  ) {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(
      a.count == m * k && b.count == k * n && c.count == m * n && (bias?.count ?? n) == n,
      "gemm: extents")
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
      if !shape.accumulates { c.update(repeating: 0) }
      if let bias { FloatKernels(instructionSet).addRow(bias, toEachRowOf: &c) }
      return
    }
    let rows = HalfRows(
      rounding: a, rows: shape.m, columns: shape.k, transposed: shape.transposesA, to: format,
      using: instructionSet)
    let packed = PackedHalfMatrix(
      rounding: b, rows: shape.k, columns: shape.n, transposed: shape.transposesB, to: format,
      using: instructionSet)
    packed.multiply(rows, shape.accumulates, bias: bias, into: &c)
  }

  /// `y = patches(x) · filter`.
  public func convolve(
    _ x: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    into y: inout MutableSpan<Float>
  ) {
    guard let outputs = Self.outputs(geometry, filter: filter.count) else {
      return y.update(repeating: 0)
    }
    let convolution = HalfConvolution.cached(geometry, outputs: outputs, self)
    convolution.convolve(x, filter, into: &y)
  }

  /// `dx = patchesᵀ(dy · filterᵀ)`, overwritten.
  public func inputGradient(
    _ dy: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Float>
  ) {
    guard let outputs = Self.outputs(geometry, filter: filter.count) else {
      return dx.update(repeating: 0)
    }
    let convolution = HalfConvolution.cached(geometry, outputs: outputs, self)
    convolution.inputGradient(dy, filter, into: &dx)
  }

  /// `patches(x)ᵀ dy`, added to what `gradient` holds or put in its place.
  public func filterGradient(
    _ x: Span<Float>, _ dy: Span<Float>, _ geometry: ConvolutionGeometry, accumulates: Bool,
    into gradient: inout MutableSpan<Float>
  ) {
    guard let outputs = Self.outputs(geometry, filter: gradient.count) else {
      if !accumulates { gradient.update(repeating: 0) }
      return
    }
    let convolution = HalfConvolution.cached(geometry, outputs: outputs, self)
    convolution.filterGradient(x, dy, accumulates: accumulates, into: &gradient)
  }

  /// The number of outputs, or `nil` where there is nothing to multiply.
  private static func outputs(_ geometry: ConvolutionGeometry, filter count: Int) -> Int? {
    guard geometry.patchSize > 0, geometry.patchCount > 0, count > 0 else { return nil }
    return count / geometry.patchSize
  }
}

public import AddendKernels

// Products of float32 tensors in bfloat16 and in dynamic fixed point through kernels.

extension Float {
  public static func gemm(
    _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, bias: Span<Float>?,
    in format: ProductFormat, _ c: inout MutableSpan<Float>
  ) {
    guard let products = format.halfProducts else {
      return roundedGEMM(shape, a, b, bias: bias, in: format, &c)
    }
    products.gemm(shape, a, b, bias: bias, &c)
  }

  public static func packed(
    _ b: Span<Float>, rows: Int, columns: Int, transposed: Bool, in format: ProductFormat
  ) -> PackedOperand<Float>? {
    guard rows > 0, let half = format.halfProducts?.format else { return nil }
    let packed = PackedHalfMatrix(
      rounding: b, rows: rows, columns: columns, transposed: transposed, to: half)
    return PackedOperand { a, c in
      let operand = HalfRows(
        rounding: a, rows: a.count / rows, columns: rows, to: half)
      packed.multiply(operand, into: &c)
    }
  }

  public static func convolve(
    _ image: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into y: inout MutableSpan<Float>
  ) {
    guard let products = format.halfProducts else {
      return roundedConvolve(image, filter, geometry, in: format, into: &y)
    }
    products.convolve(image, filter, geometry, into: &y)
  }

  public static func convolutionInputGradient(
    _ dy: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, into dx: inout MutableSpan<Float>
  ) {
    guard let products = format.halfProducts else {
      return roundedInputGradient(dy, filter, geometry, in: format, into: &dx)
    }
    products.inputGradient(dy, filter, geometry, into: &dx)
  }

  public static func convolutionFilterGradient(
    _ image: Span<Float>, _ dy: Span<Float>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat, accumulates: Bool, into filterGradient: inout MutableSpan<Float>
  ) {
    guard let products = format.halfProducts else {
      return roundedFilterGradient(
        image, dy, geometry, in: format, accumulates: accumulates, into: &filterGradient)
    }
    products.filterGradient(image, dy, geometry, accumulates: accumulates, into: &filterGradient)
  }
}

extension ProductFormat {
  /// The kernels of the format, where both operands take 16 bits or fewer and sums are float32.
  var halfProducts: HalfProducts? {
    guard accumulation == .own else { return nil }
    switch (left, right) {
    case (.bfloat16, .bfloat16): return .bfloat16
    case (.fixed(let left), .fixed(let right))
    where left.blockLength == nil && right.blockLength == nil:
      return HalfProducts(.fixedPoint(left: left.bits, right: right.bits))
    default: return nil
    }
  }
}

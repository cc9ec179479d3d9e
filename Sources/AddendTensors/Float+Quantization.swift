public import AddendKernels

// float32's codes, and products of what bfloat16 holds, through kernels.
extension Float {
  public static func quantize(
    _ x: Span<Float>, by rule: Quantization, into y: inout MutableSpan<Float>
  ) { QuantizationKernels.best.quantize(x, by: rule, into: &y) }

  public static func drawPowers(
    _ x: Span<Float>, factor: Double, count: Int, seed: UInt64, into y: inout MutableSpan<Float>
  ) {
    QuantizationKernels.best.drawPowers(x, factor: factor, count: count, seed: seed, into: &y)
  }

  public static func pass(
    _ dy: Span<Float>, where x: Span<Float>, isWithin range: ClosedRange<Double>,
    into dx: inout MutableSpan<Float>
  ) { QuantizationKernels.best.pass(dy, where: x, isWithin: range, into: &dx) }

  public static func clamp(_ y: inout MutableSpan<Float>, to range: ClosedRange<Double>) {
    QuantizationKernels.best.clamp(&y, to: range)
  }

  public static func extremes(of x: Span<Float>) -> (lowest: Double, highest: Double) {
    let (lowest, highest) = QuantizationKernels.best.extremes(of: x)
    return (Double(lowest), Double(highest))
  }

  public static func packNarrow(
    _ b: Span<Float>, rows: Int, columns: Int, transposed: Bool
  ) -> PackedHalfMatrix? {
    guard rows > 0, columns > 0 else { return nil }
    return PackedHalfMatrix(
      rounding: b, rows: rows, columns: columns, transposed: transposed, to: .bfloat16)
  }

  public static func multiplyNarrow(
    _ a: Span<Float>, rows: Int, by b: PackedHalfMatrix, accumulates: Bool,
    into c: inout MutableSpan<Float>
  ) {
    b.multiply(
      HalfRows(rounding: a, rows: rows, columns: b.rows, to: .bfloat16), accumulates, into: &c)
  }
}

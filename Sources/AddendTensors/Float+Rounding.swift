public import AddendKernels

// Rounding of float32 numbers, and sums in narrower formats, through kernels.

extension Float {
  public static func round(
    _ x: Span<Float>, to format: NumberFormat, into y: inout MutableSpan<Float>
  ) {
    precondition(x.count == y.count, "round: extents")
    let kernels = RoundingKernels.best
    switch format {
    case .float32: for i in x.indices { y[i] = x[i] }
    case .bfloat16: FloatKernels.best.roundToBFloat16(x, into: &y)
    case .float(let format): kernels.round(x, to: format.rounding, into: &y)
    case .fixed(let format):
      kernels.round(
        x, inBlocksOf: format.blockLength ?? max(1, x.count), limit: format.limit, into: &y
      ) { Float(format.quantum(greatest: $0.double)) }
    case .logarithmic(let format) where format.integerBits < 8:
      LogarithmicRounding.of(fraction: format.fractionBits)
        .round(x, integer: format.integerBits, into: &y)
    case .logarithmic(let format): for i in x.indices { y[i] = Float(format.rounded(x[i].double)) }
    }
  }

  public static func leveledProduct(
    _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, _ accumulation: Accumulation,
    _ c: inout MutableSpan<Float>
  ) { RoundingKernels.best.gemm(shape, a, b, levels: accumulation.sumLevels, &c) }
}

internal import AddendKernels

// Copies of blocks and rows in float32 through kernels.
extension Float {
  public static func copyBlocks(
    _ count: Int, length: Int, from x: Span<Float>, _ source: StridedBlocks,
    to y: inout MutableSpan<Float>, _ target: StridedBlocks
  ) {
    FloatKernels.best.copyRuns(
      count, length: length, from: x, (source.first, source.step), to: &y,
      (target.first, target.step))
  }

  public static func gatherRows(
    of table: Span<Float>, width: Int, _ indices: Span<Int32>, into y: inout MutableSpan<Float>
  ) { FloatKernels.best.gatherRows(of: table, width: width, indices, into: &y) }

  public static func addRows(
    _ rows: Span<Float>, width: Int, at indices: Span<Int32>, to table: inout MutableSpan<Float>
  ) { FloatKernels.best.addRows(rows, width: width, at: indices, to: &table) }

  public static func indices(
    of x: Span<Float>, below limit: Int, into indices: inout MutableSpan<Int32>
  ) -> Int? {
    precondition(x.count == indices.count && limit <= Int(Int32.max), "indices: extents")
    for i in x.indices {
      guard let index = Int32(exactly: x[i]), 0..<Int32(limit) ~= index else { return i }
      indices[i] = index
    }
    return nil
  }

  public static func dropoutMask(
    rate: Double, using random: inout RandomSource, into mask: inout MutableSpan<Float>
  ) {
    let kept = rate < 1 ? Float(1 / (1 - rate)) : 0
    for i in mask.indices { mask[i] = random.uniform() < rate ? 0 : kept }
  }
}

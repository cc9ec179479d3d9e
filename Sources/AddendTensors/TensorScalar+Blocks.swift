extension TensorScalar {
  public static func copyBlocks(
    _ count: Int, length: Int, from x: Span<Self>, _ source: StridedBlocks,
    to y: inout MutableSpan<Self>, _ target: StridedBlocks
  ) {
    precondition(
      source.fit(x.count, length: length, count: count)
        && target.fit(y.count, length: length, count: count), "copyBlocks: extents")
    for block in 0..<count {
      let (from, to) = (source.first + block * source.step, target.first + block * target.step)
      for i in 0..<length { y[to + i] = x[from + i] }
    }
  }
}

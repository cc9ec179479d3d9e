internal import AddendKernels

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
      var part = y.part(to..<to + length)
      part.update(from: x.extracting(from..<from + length))
    }
  }
}

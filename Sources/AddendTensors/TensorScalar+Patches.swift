public import AddendKernels

extension TensorScalar {
  public static func patches(
    of image: Span<Self>, _ geometry: ConvolutionGeometry, into rows: inout MutableSpan<Self>
  ) {
    precondition(
      image.count == geometry.imageCount
        && rows.count == geometry.patchCount * geometry.patchSize, "patches: extents")
    forEachTap(of: geometry) { pixel, entry in
      for c in 0..<geometry.channels { rows[entry + c] = pixel.map { image[$0 + c] } ?? .zero }
    }
  }

  public static func addPatches(
    _ rows: Span<Self>, _ geometry: ConvolutionGeometry, to image: inout MutableSpan<Self>
  ) {
    precondition(
      image.count == geometry.imageCount
        && rows.count == geometry.patchCount * geometry.patchSize, "patches: extents")
    forEachTap(of: geometry) { pixel, entry in
      guard let pixel else { return }
      for c in 0..<geometry.channels { image[pixel + c] += rows[entry + c] }
    }
  }

  /// Calls `body` with the offset of a tap's pixel, `nil` in the padding, and of its patch entry.
  @inline(__always)
  private static func forEachTap(
    of g: ConvolutionGeometry, _ body: (_ pixel: Int?, _ entry: Int) -> Void
  ) {
    var entry = 0
    for n in 0..<g.batch {
      for p in 0..<g.outputHeight {
        for q in 0..<g.outputWidth {
          for r in 0..<g.filterHeight {
            for s in 0..<g.filterWidth {
              let (y, x) = (g.source(output: p, tap: r), g.source(output: q, tap: s))
              let isInside = 0..<g.height ~= y && 0..<g.width ~= x
              body(isInside ? ((n * g.height + y) * g.width + x) * g.channels : nil, entry)
              entry += g.channels
            }
          }
        }
      }
    }
  }
}

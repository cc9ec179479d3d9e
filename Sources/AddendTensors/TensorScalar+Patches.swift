public import AddendKernels

extension TensorScalar {
  public static func patches(
    of image: Span<Self>, _ geometry: ConvolutionGeometry, into rows: inout MutableSpan<Self>
  ) {
    precondition(
      image.count == geometry.imageCount
        && rows.count == geometry.patchCount * geometry.patchSize, "patches: extents")
    forEachRun(of: geometry) { pixel, entry, count in
      var own = rows.part(entry..<entry + count)
      if let pixel {
        own.update(from: image.extracting(pixel..<pixel + count))
      } else {
        own.update(repeating: .zero)
      }
    }
  }

  public static func addPatches(
    _ rows: Span<Self>, _ geometry: ConvolutionGeometry, to image: inout MutableSpan<Self>
  ) {
    precondition(
      image.count == geometry.imageCount
        && rows.count == geometry.patchCount * geometry.patchSize, "patches: extents")
    forEachRun(of: geometry) { pixel, entry, count in
      guard let pixel else { return }
      var own = image.part(pixel..<pixel + count)
      add(rows.extracting(entry..<entry + count), to: &own)
    }
  }

  /// Calls `body` for numbers that follow each other in a patch and in the image, with the first
  /// one's place in the image, `nil` in the padding, and in the patches: taps of a filter's row, or
  /// one each where it is dilated.
  @inline(__always)
  private static func forEachRun(
    of g: ConvolutionGeometry, _ body: (_ pixel: Int?, _ entry: Int, _ count: Int) -> Void
  ) {
    let length = g.dilation == 1 ? g.filterWidth : 1
    var entry = 0
    func run(_ pixel: Int?, taps: Int) {
      guard taps > 0 else { return }
      body(pixel, entry, taps * g.channels)
      entry += taps * g.channels
    }
    for n in 0..<g.batch {
      for p in 0..<g.outputHeight {
        for q in 0..<g.outputWidth {
          for r in 0..<g.filterHeight {
            let y = g.source(output: p, tap: r)
            for s in stride(from: 0, to: g.filterWidth, by: length) {
              let x = g.source(output: q, tap: s)
              guard 0..<g.height ~= y && x < g.width && x + length > 0 else {
                run(nil, taps: length)
                continue
              }
              let (first, end) = (max(0, x), min(x + length, g.width))
              run(nil, taps: first - x)
              run(((n * g.height + y) * g.width + first) * g.channels, taps: end - first)
              run(nil, taps: x + length - end)
            }
          }
        }
      }
    }
  }
}

public import AddendKernels

// A pooling window is a convolution's filter that sees one channel at a time: `geometry` has the
// window as its filter. Images are `[batch, height, width, channels]`, results `[batch,
// outputHeight, outputWidth, channels]`. Padding holds no pixels: it is neither the largest nor
// counted in an average. A window that lies in the padding altogether gives zero.

extension TensorScalar {
  public static func maxPool(
    _ x: Span<Self>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Self>,
    choices: inout MutableSpan<Int32>
  ) {
    geometry.checkPooling(image: x.count, result: y.count)
    precondition(choices.count == y.count, "maxPool: choices")
    for i in y.indices {
      y[i] = .zero
      choices[i] = -1
    }
    forEachWindowPixel(of: geometry) { pixel, result, tap in
      for c in 0..<geometry.channels
      where choices[result + c] < 0 || x[pixel + c] > y[result + c] {
        y[result + c] = x[pixel + c]
        choices[result + c] = Int32(tap)
      }
    }
  }

  public static func maxPoolGradient(
    _ dy: Span<Self>, choices: Span<Int32>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Self>
  ) {
    geometry.checkPooling(image: dx.count, result: dy.count)
    precondition(choices.count == dy.count, "maxPoolGradient: choices")
    for i in dx.indices { dx[i] = .zero }
    forEachWindowPixel(of: geometry) { pixel, result, tap in
      for c in 0..<geometry.channels where choices[result + c] == Int32(tap) {
        dx[pixel + c] += dy[result + c]
      }
    }
  }

  public static func averagePool(
    _ x: Span<Self>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Self>
  ) {
    geometry.checkPooling(image: x.count, result: y.count)
    if geometry.isWholeImage {
      let channels = geometry.channels, size = geometry.height * geometry.width * channels
      for n in 0..<geometry.batch {
        var means = y.part(n * channels..<(n + 1) * channels)
        columnMeans(of: x.extracting(n * size..<(n + 1) * size), into: &means)
      }
      return
    }
    for i in y.indices { y[i] = .zero }
    forEachWindowPixel(of: geometry) { pixel, result, _ in
      for c in 0..<geometry.channels { y[result + c] += x[pixel + c] }
    }
    let factors = averagingFactors(of: geometry)
    for i in y.indices { y[i] *= factors[geometry.position(ofResult: i)] }
  }

  public static func averagePoolGradient(
    _ dy: Span<Self>, _ geometry: ConvolutionGeometry, into dx: inout MutableSpan<Self>
  ) {
    geometry.checkPooling(image: dx.count, result: dy.count)
    for i in dx.indices { dx[i] = .zero }
    let factors = averagingFactors(of: geometry)
    forEachWindowPixel(of: geometry) { pixel, result, _ in
      let factor = factors[geometry.position(ofResult: result)]
      for c in 0..<geometry.channels { dx[pixel + c] += dy[result + c] * factor }
    }
  }

  /// One over the number of pixels under each output position of an image.
  private static func averagingFactors(of geometry: ConvolutionGeometry) -> [Self] {
    geometry.windowPixelCounts.map { Self(constant: 1 / Double(max(1, $0))) }
  }

  /// Calls `body` with the offsets of a pixel's and a result's first channel, and with the tap that
  /// joins them: results in order, taps in order within each.
  @inline(__always)
  private static func forEachWindowPixel(
    of g: ConvolutionGeometry, _ body: (_ pixel: Int, _ result: Int, _ tap: Int) -> Void
  ) {
    for n in 0..<g.batch {
      for p in 0..<g.outputHeight {
        for q in 0..<g.outputWidth {
          let result = ((n * g.outputHeight + p) * g.outputWidth + q) * g.channels
          for r in 0..<g.filterHeight {
            for s in 0..<g.filterWidth {
              let (y, x) = (g.source(output: p, tap: r), g.source(output: q, tap: s))
              guard 0..<g.height ~= y && 0..<g.width ~= x else { continue }
              body(((n * g.height + y) * g.width + x) * g.channels, result, r * g.filterWidth + s)
            }
          }
        }
      }
    }
  }
}

extension ConvolutionGeometry {
  /// Whether there is one window, with every pixel in it.
  fileprivate var isWholeImage: Bool { windowPixelCounts == [height * width] }

  fileprivate func checkPooling(image: Int, result: Int) {
    precondition(image == imageCount && result == patchCount * channels, "pooling: extents")
  }

  /// The output position, within its image, that a result's element belongs to.
  fileprivate func position(ofResult index: Int) -> Int {
    index / channels % (outputHeight * outputWidth)
  }
}

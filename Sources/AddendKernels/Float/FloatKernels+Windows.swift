internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, images lie inside them, and C
// keeps no pointer. Images of a batch are worked on apart.

extension FloatKernels {
  /// The largest pixel under each window, per channel, and the number of its tap.
  public func maxPool(
    _ x: Span<Float>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Float>,
    choices: inout MutableSpan<Int32>
  ) {
    geometry.checkPooling(image: x.count, result: y.count)
    precondition(choices.count == y.count, "maxPool: choices")
    guard let x = unsafe x.address, let y = unsafe y.address, let choices = unsafe choices.address
    else { return }
    unsafe forEachImage(of: geometry) { window, image, result in
      unsafe table.pointee.max_pool(window, x + image, y + result, choices + result)
    }
  }

  /// The same where nobody asks which pixel it was. Lines of results are shared out.
  public func maxPool(
    _ x: Span<Float>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Float>
  ) {
    geometry.checkPooling(image: x.count, result: y.count)
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    unsafe forEachLines(of: geometry, floats: geometry.channels) {
      window, first, end, image, result in
      unsafe table.pointee.max_values(window, first, end, x + image, y + result)
    }
  }

  /// `dx` of `maxPool`, overwritten.
  public func maxPoolGradient(
    _ dy: Span<Float>, choices: Span<Int32>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Float>
  ) {
    geometry.checkPooling(image: dx.count, result: dy.count)
    precondition(choices.count == dy.count, "maxPoolGradient: choices")
    guard let dy = unsafe dy.address, let choices = unsafe choices.address,
      let dx = unsafe dx.address
    else { return dx.update(repeating: 0) }
    unsafe forEachImage(of: geometry) { window, image, result in
      unsafe table.pointee.max_pool_gradient(window, dy + result, choices + result, dx + image)
    }
  }

  /// The mean of the pixels under each window, per channel.
  public func averagePool(
    _ x: Span<Float>, _ geometry: ConvolutionGeometry, into y: inout MutableSpan<Float>
  ) {
    averagePool(x, geometry, factors: geometry.averagingFactors.span, into: &y)
  }

  /// The same with the geometry's `averagingFactors`, and without asking for memory.
  public func averagePool(
    _ x: Span<Float>, _ geometry: ConvolutionGeometry, factors: Span<Float>,
    into y: inout MutableSpan<Float>
  ) {
    geometry.checkPooling(image: x.count, result: y.count)
    precondition(
      factors.count == geometry.outputHeight * geometry.outputWidth, "averagePool: factors")
    guard let x = unsafe x.address, let y = unsafe y.address,
      let factors = unsafe factors.address
    else { return }
    unsafe forEachImage(of: geometry) { window, image, result in
      unsafe table.pointee.average_pool(window, x + image, factors, y + result)
    }
  }

  /// `dx` of `averagePool`, overwritten.
  public func averagePoolGradient(
    _ dy: Span<Float>, _ geometry: ConvolutionGeometry, into dx: inout MutableSpan<Float>
  ) {
    geometry.checkPooling(image: dx.count, result: dy.count)
    let factors = geometry.averagingFactors
    guard let dy = unsafe dy.address, let factors = unsafe factors.span.address,
      let dx = unsafe dx.address
    else { return dx.update(repeating: 0) }
    unsafe forEachImage(of: geometry) { window, image, result in
      unsafe table.pointee.average_pool_gradient(window, dy + result, factors, dx + image)
    }
  }

  /// An image batch to the rows that a convolution multiplies, padding as zeros.
  public func patches(
    of image: Span<Float>, _ geometry: ConvolutionGeometry, into rows: inout MutableSpan<Float>
  ) {
    geometry.checkPatches(image: image.count, rows: rows.count)
    guard let rows = unsafe rows.address else { return }
    guard let x = unsafe image.address else { return }
    unsafe forEachLines(of: geometry, floats: geometry.patchSize) {
      window, first, end, image, result in
      unsafe table.pointee.patches(window, first, end, x + image, rows + result)
    }
  }

  /// The adjoint of `patches`: adds every patch entry to the pixel that it came from.
  public func addPatches(
    _ rows: Span<Float>, _ geometry: ConvolutionGeometry, to image: inout MutableSpan<Float>
  ) {
    geometry.checkPatches(image: image.count, rows: rows.count)
    guard let rows = unsafe rows.address, let x = unsafe image.address else { return }
    unsafe forEachImage(of: geometry) { window, image, result in
      let start = result / max(1, geometry.channels) * geometry.patchSize
      unsafe table.pointee.add_patches(window, rows + start, x + image)
    }
  }

  /// Calls `body` for all lines of results, those of one image at a time: with the first and the one
  /// past the last, the offset of the image's pixels, and that of the first line's results, which
  /// have so many `floats` at a position.
  private func forEachLines(
    of geometry: ConvolutionGeometry, floats: Int,
    _ body: (UnsafePointer<addend_window>, _ first: Int, _ end: Int, _ image: Int, _ result: Int) ->
      Void
  ) {
    let imageCount = geometry.height * geometry.width * geometry.channels
    let height = geometry.outputHeight
    let line = geometry.outputWidth * floats
    let pixels = imageCount / max(1, height)
    unsafe withUnsafePointer(to: addend_window(geometry)) { window in
      ThreadPool.forEachPart(
        of: geometry.batch * height, size: max(1, Self.partSize / max(1, line, pixels))
      ) { first, count in
        var next = first
        while next < first + count {
          let (image, top) = (next / height, next % height)
          let end = min(height, top + first + count - next)
          unsafe body(window, top, end, image * imageCount, next * line)
          next += end - top
        }
      }
    }
  }

  /// Calls `body` for each image of the batch with the offsets of its pixels and of its results,
  /// which have as many channels.
  private func forEachImage(
    of geometry: ConvolutionGeometry,
    _ body: (UnsafePointer<addend_window>, _ image: Int, _ result: Int) -> Void
  ) {
    let imageCount = geometry.height * geometry.width * geometry.channels
    let resultCount = geometry.outputHeight * geometry.outputWidth * geometry.channels
    // Small images go several to a part.
    let size = max(1, Self.partSize / max(1, imageCount))
    unsafe withUnsafePointer(to: addend_window(geometry)) { window in
      ThreadPool.forEachPart(of: geometry.batch, size: size) { first, count in
        for n in first..<first + count { unsafe body(window, n * imageCount, n * resultCount) }
      }
    }
  }
}

extension addend_window {
  init(_ g: ConvolutionGeometry) {
    self.init(
      height: g.height, width: g.width, channels: g.channels, filter_height: g.filterHeight,
      filter_width: g.filterWidth, output_height: g.outputHeight, output_width: g.outputWidth,
      stride: g.stride, padding: g.padding, dilation: g.dilation)
  }
}

extension ConvolutionGeometry {
  fileprivate func checkPooling(image: Int, result: Int) {
    precondition(image == imageCount && result == patchCount * channels, "pooling: extents")
  }

  fileprivate func checkPatches(image: Int, rows: Int) {
    precondition(image == imageCount && rows == patchCount * patchSize, "patches: extents")
  }

  /// One over the number of pixels under each output position of an image.
  public var averagingFactors: AlignedBuffer<Float> {
    let counts = windowPixelCounts
    let factors = AlignedBuffer<Float>(uninitializedCount: counts.count)
    var span = factors.uniqueSpan
    for i in counts.indices { span[i] = 1 / Float(max(1, counts[i])) }
    return factors
  }
}

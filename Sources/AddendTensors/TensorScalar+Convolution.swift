public import AddendKernels

// The definition of a convolution: the product of the image's patches with the filter
// `[patchSize, outputs]`, its rows in a patch's order (filter row, filter column, channel).

extension TensorScalar {
  public static func convolve(
    _ image: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    into y: inout MutableSpan<Self>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filter.count, result: y.count)
    let rows = Tensor<Self>([geometry.patchCount, geometry.patchSize]) {
      patches(of: image, geometry, into: &$0)
    }
    let shape = GEMMShape(m: geometry.patchCount, n: outputs, k: geometry.patchSize)
    gemm(shape, rows.span, filter, &y)
  }

  public static func convolutionInputGradient(
    _ dy: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Self>
  ) {
    let outputs = geometry.checkConvolution(
      image: dx.count, filter: filter.count, result: dy.count)
    let rows = Tensor<Self>([geometry.patchCount, geometry.patchSize]) { rows in
      let shape = GEMMShape(
        m: geometry.patchCount, n: geometry.patchSize, k: outputs, transposesB: true)
      gemm(shape, dy, filter, &rows)
    }
    for i in dx.indices { dx[i] = .zero }
    addPatches(rows.span, geometry, to: &dx)
  }

  public static func convolutionFilterGradient(
    _ image: Span<Self>, _ dy: Span<Self>, _ geometry: ConvolutionGeometry, accumulates: Bool,
    into filterGradient: inout MutableSpan<Self>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filterGradient.count, result: dy.count)
    let rows = Tensor<Self>([geometry.patchCount, geometry.patchSize]) {
      patches(of: image, geometry, into: &$0)
    }
    let shape = GEMMShape(
      m: geometry.patchSize, n: outputs, k: geometry.patchCount, transposesA: true,
      accumulates: accumulates)
    gemm(shape, rows.span, dy, &filterGradient)
  }
}

extension ConvolutionGeometry {
  /// The number of output channels, once the three extents agree on it.
  func checkConvolution(image: Int, filter: Int, result: Int) -> Int {
    let outputs = patchSize == 0 ? 0 : filter / patchSize
    precondition(
      image == imageCount && filter == patchSize * outputs && result == patchCount * outputs,
      "convolution: extents")
    return outputs
  }
}

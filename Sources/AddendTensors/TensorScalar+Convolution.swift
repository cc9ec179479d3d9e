public import AddendKernels

// The definition of a convolution: the product of the image's patches with the filter
// `[patchSize, outputs]`, its rows in a patch's order (filter row, filter column, channel).

extension TensorScalar {
  public static func convolve(
    _ image: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    into y: inout MutableSpan<Self>
  ) { convolveThroughPatches(image, filter, geometry, into: &y) }

  public static func convolutionInputGradient(
    _ dy: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Self>
  ) { inputGradientThroughPatches(dy, filter, geometry, into: &dx) }

  public static func convolutionFilterGradient(
    _ image: Span<Self>, _ dy: Span<Self>, _ geometry: ConvolutionGeometry, accumulates: Bool,
    into filterGradient: inout MutableSpan<Self>
  ) {
    filterGradientThroughPatches(
      image, dy, geometry, accumulates: accumulates, into: &filterGradient)
  }

  static func convolveThroughPatches(
    _ image: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat = .own, into y: inout MutableSpan<Self>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filter.count, result: y.count)
    let shape = GEMMShape(m: geometry.patchCount, n: outputs, k: geometry.patchSize)
    guard !geometry.isPointwise else {
      return gemm(shape, image, filter, bias: nil, in: format, &y)
    }
    let rows = patchRows(of: image, geometry)
    gemm(shape, rows.span, filter, bias: nil, in: format, &y)
  }

  static func inputGradientThroughPatches(
    _ dy: Span<Self>, _ filter: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat = .own, into dx: inout MutableSpan<Self>
  ) {
    let outputs = geometry.checkConvolution(
      image: dx.count, filter: filter.count, result: dy.count)
    let shape = GEMMShape(
      m: geometry.patchCount, n: geometry.patchSize, k: outputs, transposesB: true)
    guard !geometry.isPointwise else {
      return gemm(shape, dy, filter, bias: nil, in: format, &dx)
    }
    let rows = Tensor<Self>([geometry.patchCount, geometry.patchSize]) {
      gemm(shape, dy, filter, bias: nil, in: format, &$0)
    }
    fill(&dx, with: .zero)
    addPatches(rows.span, geometry, to: &dx)
  }

  static func filterGradientThroughPatches(
    _ image: Span<Self>, _ dy: Span<Self>, _ geometry: ConvolutionGeometry,
    in format: ProductFormat = .own, accumulates: Bool,
    into filterGradient: inout MutableSpan<Self>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filterGradient.count, result: dy.count)
    let shape = GEMMShape(
      m: geometry.patchSize, n: outputs, k: geometry.patchCount, transposesA: true,
      accumulates: accumulates)
    guard !geometry.isPointwise else {
      return gemm(shape, image, dy, bias: nil, in: format, &filterGradient)
    }
    let rows = patchRows(of: image, geometry)
    gemm(shape, rows.span, dy, bias: nil, in: format, &filterGradient)
  }

  private static func patchRows(
    of image: Span<Self>, _ geometry: ConvolutionGeometry
  ) -> Tensor<Self> {
    Tensor([geometry.patchCount, geometry.patchSize]) { patches(of: image, geometry, into: &$0) }
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

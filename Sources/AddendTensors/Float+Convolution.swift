public import AddendKernels

// float32 convolutions go to kernels that take images as they lie; 1×1 filters are products, and filters
// of very many taps go through patches.

extension Float {
  public static func convolve(
    _ image: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    into y: inout MutableSpan<Float>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filter.count, result: y.count)
    guard !geometry.isPointwise,
      PlainConvolution.convolve(image, filter, geometry, outputs: outputs, into: &y)
    else { return convolveThroughPatches(image, filter, geometry, into: &y) }
  }

  public static func convolutionInputGradient(
    _ dy: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Float>
  ) {
    let outputs = geometry.checkConvolution(
      image: dx.count, filter: filter.count, result: dy.count)
    guard !geometry.isPointwise,
      PlainConvolution.inputGradient(dy, filter, geometry, outputs: outputs, into: &dx)
    else { return inputGradientThroughPatches(dy, filter, geometry, into: &dx) }
  }

  public static func convolutionFilterGradient(
    _ image: Span<Float>, _ dy: Span<Float>, _ geometry: ConvolutionGeometry, accumulates: Bool,
    into filterGradient: inout MutableSpan<Float>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filterGradient.count, result: dy.count)
    guard !geometry.isPointwise,
      PlainConvolution.filterGradient(
        image, dy, geometry, outputs: outputs, accumulates: accumulates, into: &filterGradient)
    else {
      return filterGradientThroughPatches(
        image, dy, geometry, accumulates: accumulates, into: &filterGradient)
    }
  }
}

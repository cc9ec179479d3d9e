public import AddendKernels

// float32 convolutions go to oneDNN where it is linked and fast, and through patches elsewhere.

extension Float {
  public static func convolve(
    _ image: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    into y: inout MutableSpan<Float>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filter.count, result: y.count)
    guard let convolution = FloatConvolution.cached(.output, geometry, outputs: outputs) else {
      return convolveThroughPatches(image, filter, geometry, into: &y)
    }
    convolution.convolve(image, filter, into: &y)
  }

  public static func convolutionInputGradient(
    _ dy: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry,
    into dx: inout MutableSpan<Float>
  ) {
    let outputs = geometry.checkConvolution(
      image: dx.count, filter: filter.count, result: dy.count)
    guard let convolution = FloatConvolution.cached(.inputGradient, geometry, outputs: outputs)
    else { return inputGradientThroughPatches(dy, filter, geometry, into: &dx) }
    convolution.inputGradient(dy, filter, into: &dx)
  }

  public static func convolutionFilterGradient(
    _ image: Span<Float>, _ dy: Span<Float>, _ geometry: ConvolutionGeometry, accumulates: Bool,
    into filterGradient: inout MutableSpan<Float>
  ) {
    let outputs = geometry.checkConvolution(
      image: image.count, filter: filterGradient.count, result: dy.count)
    guard let convolution = FloatConvolution.cached(.filterGradient, geometry, outputs: outputs)
    else {
      return filterGradientThroughPatches(
        image, dy, geometry, accumulates: accumulates, into: &filterGradient)
    }
    convolution.filterGradient(image, dy, accumulates: accumulates, into: &filterGradient)
  }
}

internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// A convolution on the image as it lies, its groups included.
struct DirectKernel: LinearKernel {
  private let convolution: DirectConvolution
  private let filter: AlignedBuffer<Float>
  private let bias: Tensor<Float>?
  private let rectifies: Bool
  let scratchCount: Int

  init?(_ linear: LinearOperation<Float>, _ geometry: ConvolutionGeometry) {
    let (groups, weight) = (linear.weights.count, linear.weights[0])
    guard
      let convolution = DirectConvolution(geometry, outputs: weight.shape[1], groups: groups)
    else { return nil }
    self.convolution = convolution
    bias = linear.bias
    rectifies = linear.rectifies
    scratchCount = convolution.convolveScratchCount
    filter = AlignedBuffer(uninitializedCount: convolution.packedCount)
    let filters = Tensor<Float>([groups, weight.count]) { all in
      for (i, weight) in linear.weights.enumerated() {
        Float.copyBlocks(
          1, length: weight.count, from: weight.span, .init(step: 0), to: &all,
          .init(first: i * weight.count, step: 0))
      }
    }
    var packed = filter.uniqueSpan
    convolution.pack(filters.span, into: &packed)
  }

  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    convolution.convolve(
      x, filter.span, bias: bias?.span, residual: residual, rectifies: rectifies,
      scratch: &scratch, into: &y)
  }
}

/// A convolution in Winograd's tiles.
struct WinogradKernel: LinearKernel {
  private let convolution: WinogradConvolution
  private let filter: AlignedBuffer<Float>
  private let bias: Tensor<Float>?
  private let rectifies: Bool

  init?(
    _ linear: LinearOperation<Float>, _ geometry: ConvolutionGeometry,
    tile: WinogradConvolution.Tile
  ) {
    let weight = linear.weights[0]
    guard
      let convolution = WinogradConvolution(geometry, outputs: weight.shape[1], tile: tile)
    else { return nil }
    self.convolution = convolution
    bias = linear.bias
    rectifies = linear.rectifies
    filter = AlignedBuffer(uninitializedCount: convolution.packedCount)
    var packed = filter.uniqueSpan
    convolution.pack(weight.span, into: &packed)
  }

  var scratchCount: Int { convolution.scratchCount }

  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    convolution.convolve(
      x, filter.span, bias: bias?.span, residual: residual, rectifies: rectifies,
      scratch: &scratch, into: &y)
  }
}

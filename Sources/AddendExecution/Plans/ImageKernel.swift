internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// A convolution by one of our implementations, its groups included.
struct ImageKernel: LinearKernel {
  private let convolution: any ImageConvolution
  private let filter: AlignedBuffer<Float>
  private let bias: Tensor<Float>?
  private let rectifies: Bool
  let scratchCount: Int

  /// Computed directly; `nil` where the filter has too many taps.
  static func direct(
    _ linear: LinearOperation<Float>, _ geometry: ConvolutionGeometry
  ) -> ImageKernel? {
    DirectConvolution(
      geometry, outputs: linear.weights[0].shape[1], groups: linear.weights.count
    ).map { ImageKernel($0, linear) }
  }

  /// In Winograd's tiles; `nil` where the filter is not 3×3 with stride 1.
  static func winograd(
    _ linear: LinearOperation<Float>, _ geometry: ConvolutionGeometry,
    tile: WinogradConvolution.Tile
  ) -> ImageKernel? {
    WinogradConvolution(geometry, outputs: linear.weights[0].shape[1], tile: tile)
      .map { ImageKernel($0, linear) }
  }

  private init(_ convolution: any ImageConvolution, _ linear: LinearOperation<Float>) {
    self.convolution = convolution
    bias = linear.bias
    rectifies = linear.rectifies
    scratchCount = convolution.scratchCount
    filter = AlignedBuffer(uninitializedCount: convolution.packedCount)
    let length = linear.weights[0].count
    let filters = Tensor<Float>([linear.weights.count, length]) { all in
      for (i, weight) in linear.weights.enumerated() {
        Float.copyBlocks(
          1, length: length, from: weight.span, .init(step: 0), to: &all,
          .init(first: i * length, step: 0))
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

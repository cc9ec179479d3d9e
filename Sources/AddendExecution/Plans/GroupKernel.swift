internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// Groups of channels one after another: each gathered, laid out as patches, multiplied and put in its
/// place.
///
/// Its memory is its own: one run at a time.
struct GroupKernel: LinearKernel {
  private let geometry: ConvolutionGeometry
  private let bias: Tensor<Float>?
  private let rectifies: Bool
  private let weights: [PackedMatrix]
  private let image, patches, result: AlignedBuffer<Float>

  init(_ linear: LinearOperation<Float>, _ geometry: ConvolutionGeometry) {
    self.geometry = geometry
    bias = linear.bias
    rectifies = linear.rectifies
    weights = linear.weights.map {
      PackedMatrix($0.span, rows: $0.shape[0], columns: $0.shape[1])
    }
    image = AlignedBuffer(uninitializedCount: geometry.imageCount)
    patches = AlignedBuffer(uninitializedCount: geometry.patchCount * geometry.patchSize)
    result = AlignedBuffer(uninitializedCount: geometry.patchCount * weights[0].columns)
  }

  var scratchCount: Int { 0 }

  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    let (groups, channels) = (weights.count, geometry.channels)
    let outputs = weights[0].columns
    for (i, weight) in weights.enumerated() {
      var image = image.uniqueSpan
      Float.copyBlocks(
        geometry.batch * geometry.height * geometry.width, length: channels, from: x,
        .init(first: i * channels, step: groups * channels), to: &image, .init(step: channels))
      var patches = patches.uniqueSpan
      Float.patches(of: image.span, geometry, into: &patches)
      var result = result.uniqueSpan
      weight.multiply(patches.span, rows: geometry.patchCount, into: &result)
      Float.copyBlocks(
        geometry.patchCount, length: outputs, from: result.span, .init(step: outputs), to: &y,
        .init(first: i * outputs, step: groups * outputs))
    }
    FloatKernels.best.finish(
      &y, columns: groups * outputs, bias: bias?.span, residual: residual, rectifies: rectifies)
  }
}

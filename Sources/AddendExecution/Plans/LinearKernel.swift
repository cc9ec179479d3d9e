internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// One way to compute `y = max(x W + b + r, 0)` on a batch of fixed extents, its weights laid out as it
/// reads them.
protocol LinearKernel: Sendable {
  /// Numbers of memory that a run needs for itself.
  var scratchCount: Int { get }
  /// Whether a run asks the system for memory of its own.
  var allocates: Bool { get }
  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>)
}

extension LinearKernel {
  var allocates: Bool { false }
}

/// Rows times a matrix: dense layers, and convolutions whose patches are the image's pixels.
struct ProductKernel: LinearKernel {
  let weight: PackedMatrix
  let bias: Tensor<Float>?
  let rectifies: Bool
  let rows: Int

  init(_ linear: LinearOperation<Float>, rows: Int) {
    let matrix = linear.weights[0]
    weight = PackedMatrix(matrix.span, rows: matrix.shape[0], columns: matrix.shape[1])
    bias = linear.bias
    rectifies = linear.rectifies
    self.rows = rows
  }

  var scratchCount: Int { 0 }

  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    weight.multiply(
      x, rows: rows, bias: bias?.span, residual: residual, rectifies: rectifies, into: &y)
  }
}

/// The same by kernels that LIBXSMM writes for the extents.
struct LIBXSMMKernel: LinearKernel {
  private let product: LIBXSMMProduct
  private let bias: Tensor<Float>?
  private let rectifies: Bool

  /// `nil` where LIBXSMM has no kernels.
  init?(_ linear: LinearOperation<Float>, rows: Int) {
    let matrix = linear.weights[0]
    guard
      let product = LIBXSMMProduct(
        rows: rows, matrix.span, n: matrix.shape[1], k: matrix.shape[0])
    else { return nil }
    self.product = product
    bias = linear.bias
    rectifies = linear.rectifies
  }

  var scratchCount: Int { 0 }

  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    product.multiply(x, bias: bias?.span, residual: residual, rectifies: rectifies, into: &y)
  }
}

/// Patches laid out as rows, some at a time, and their products.
struct PatchKernel: LinearKernel {
  private let convolution: PatchConvolution
  private let bias: Tensor<Float>?
  private let rectifies: Bool

  init(_ linear: LinearOperation<Float>, _ geometry: ConvolutionGeometry) {
    let weight = linear.weights[0]
    convolution = PatchConvolution(geometry, weight.span, outputs: linear.outputs)
    bias = linear.bias
    rectifies = linear.rectifies
  }

  var scratchCount: Int { convolution.scratchCount }

  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    convolution.convolve(
      x, bias: bias?.span, residual: residual, rectifies: rectifies, scratch: &scratch, into: &y)
  }
}

/// What oneDNN computes, with the rest done afterwards.
struct LibraryKernel: LinearKernel {
  let convolution: OneDNNConvolution
  let filter: AlignedBuffer<Float>
  let bias: Tensor<Float>?
  let outputs: Int
  let rectifies: Bool

  init?(_ linear: LinearOperation<Float>, _ geometry: ConvolutionGeometry) {
    guard let convolution = OneDNNConvolution(geometry, outputs: linear.outputs) else {
      return nil
    }
    self.convolution = convolution
    bias = linear.bias
    outputs = linear.outputs
    rectifies = linear.rectifies
    let weight = linear.weights[0]
    filter = convolution.packed(weight.span)
  }

  var scratchCount: Int { convolution.scratchCount }
  /// oneDNN's handles live for one run, and running a primitive makes more of them.
  var allocates: Bool { true }

  func run(
    _ x: Span<Float>, adding residual: Span<Float>?, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    convolution.convolve(x, packed: filter, scratch: &scratch, into: &y)
    FloatKernels.best.finish(
      &y, columns: outputs, bias: bias?.span, residual: residual, rectifies: rectifies)
  }
}

/// The extents of a two-dimensional convolution (one group of it).
///
/// Images are `[batch, height, width, channels]`. A patch is a row of `filterHeight · filterWidth ·
/// channels` numbers in that order; there is one for each output position.
public struct ConvolutionGeometry: Hashable, Sendable {
  public var batch: Int
  public var height: Int
  public var width: Int
  public var channels: Int
  public var filterHeight: Int
  public var filterWidth: Int
  public var stride: Int
  /// Zeros put around the image, on each side.
  public var padding: Int
  /// The distance between neighbouring filter taps.
  public var dilation: Int

  public init(
    batch: Int, height: Int, width: Int, channels: Int, filterHeight: Int, filterWidth: Int,
    stride: Int = 1, padding: Int = 0, dilation: Int = 1
  ) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    self.filterHeight = filterHeight
    self.filterWidth = filterWidth
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
  }

  public var outputHeight: Int { outputExtent(height, filterHeight) }
  public var outputWidth: Int { outputExtent(width, filterWidth) }
  /// The length of a patch.
  public var patchSize: Int { filterHeight * filterWidth * channels }
  /// The number of patches: rows of the product.
  public var patchCount: Int { batch * outputHeight * outputWidth }
  public var imageCount: Int { batch * height * width * channels }

  /// Whether patches are the image's own pixels: a 1×1 filter that stops at each.
  public var isPointwise: Bool {
    filterHeight == 1 && filterWidth == 1 && stride == 1 && padding == 0
  }

  private func outputExtent(_ extent: Int, _ taps: Int) -> Int {
    let span = dilation * (taps - 1) + 1
    let padded = extent + 2 * padding
    return padded < span ? 0 : (padded - span) / stride + 1
  }

  /// The image row (or column) under a tap, which lies outside the image in the padding.
  public func source(output: Int, tap: Int) -> Int { output * stride + tap * dilation - padding }

  /// How many pixels lie under the filter, for each output position of one image in order.
  public var windowPixelCounts: [Int] {
    func counts(_ outputs: Int, _ taps: Int, _ extent: Int) -> [Int] {
      (0..<outputs).map { output in
        (0..<taps).count { 0..<extent ~= source(output: output, tap: $0) }
      }
    }
    let columns = counts(outputWidth, filterWidth, width)
    return counts(outputHeight, filterHeight, height).flatMap { rows in columns.map { rows * $0 } }
  }
}

/// The extents of a subsampling: every `stride`-th pixel of both directions, with as many channels of
/// zeros before and behind as make `outputChannels` (one more behind where they are odd).
public struct Subsampling: Hashable, Sendable {
  public var batch, height, width, channels: Int
  public var outputChannels: Int
  public var stride: Int

  public init(
    batch: Int, height: Int, width: Int, channels: Int, outputChannels: Int, stride: Int
  ) {
    precondition(stride > 0 && outputChannels >= channels, "a subsampling keeps the channels")
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    self.outputChannels = outputChannels
    self.stride = stride
  }

  public var outputHeight: Int { height == 0 ? 0 : (height - 1) / stride + 1 }
  public var outputWidth: Int { width == 0 ? 0 : (width - 1) / stride + 1 }
  public var imageCount: Int { batch * height * width * channels }
  public var outputCount: Int { batch * outputHeight * outputWidth * outputChannels }

  /// Calls `body` for each row of the small images with its pixels in the large images and in the
  /// small ones.
  fileprivate func forEachRow(
    _ body: (_ pixels: Int, _ sparse: StridedBlocks, _ dense: StridedBlocks) -> Void
  ) {
    let margin = (outputChannels - channels) / 2
    for n in 0..<batch {
      for i in 0..<outputHeight {
        body(
          outputWidth,
          StridedBlocks(
            first: (n * height + stride * i) * width * channels, step: stride * channels),
          StridedBlocks(
            first: (n * outputHeight + i) * outputWidth * outputChannels + margin,
            step: outputChannels))
      }
    }
  }
}

extension TensorScalar {
  /// `y[n, i, j, p + c] = x[n, stride · i, stride · j, c]`, zeros in the other channels.
  @specialized(where Self == Float)
  public static func subsample(
    _ x: Span<Self>, _ shape: Subsampling, into y: inout MutableSpan<Self>
  ) {
    precondition(x.count == shape.imageCount && y.count == shape.outputCount, "subsample: extents")
    fill(&y, with: .zero)
    shape.forEachRow { pixels, sparse, dense in
      copyBlocks(pixels, length: shape.channels, from: x, sparse, to: &y, dense)
    }
  }

  /// The adjoint of `subsample`.
  @specialized(where Self == Float)
  public static func subsamplingGradient(
    _ dy: Span<Self>, _ shape: Subsampling, into dx: inout MutableSpan<Self>
  ) {
    precondition(
      dx.count == shape.imageCount && dy.count == shape.outputCount, "subsamplingGradient: extents")
    fill(&dx, with: .zero)
    shape.forEachRow { pixels, sparse, dense in
      copyBlocks(pixels, length: shape.channels, from: dy, dense, to: &dx, sparse)
    }
  }
}

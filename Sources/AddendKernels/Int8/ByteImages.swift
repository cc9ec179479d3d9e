internal import CAddendKernels

extension ConvolutionGeometry {
  /// Max pooling of bytes: each window's largest pixel, per channel; `filler` for a window in the
  /// padding.
  public func maxPool(bytes x: Span<UInt8>, filler: UInt8, into y: inout MutableSpan<UInt8>) {
    precondition(x.count == imageCount && y.count == patchCount * channels, "pooling: extents")
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    let image = height * width * channels
    let result = outputHeight * outputWidth * channels
    let window = addend_window(self)
    ThreadPool.forEachPart(of: batch, size: max(1, (1 << 16) / max(1, image))) { first, count in
      var window = window
      unsafe addend_int8_max_pool(
        count, &window, x + first * image, filler, y + first * result)
    }
  }
}

/// `y[n, i, j] = x[n, stride · i, stride · j]` with channels of `filler` before and after.
public func subsampleBytes(
  _ x: Span<UInt8>, batch: Int, height: Int, width: Int, channels: Int, stride: Int,
  before: Int, after: Int, filler: UInt8, into y: inout MutableSpan<UInt8>
) {
  let (rows, columns) = ((height + stride - 1) / stride, (width + stride - 1) / stride)
  precondition(
    x.count == batch * height * width * channels
      && y.count == batch * rows * columns * (before + channels + after), "subsample: extents")
  guard let x = unsafe x.address, let y = unsafe y.address else { return }
  unsafe addend_int8_subsample(
    batch, height, width, channels, stride, before, after, x, filler, y)
}

// Memory that a plan hands out in float32 and that holds bytes.

extension Span where Element == Float {
  /// The first `count` bytes of the numbers' memory.
  @_lifetime(copy self)
  public func bytes(_ count: Int) -> Span<UInt8> {
    precondition(0...4 * self.count ~= count, "bytes of these numbers")
    guard let address = unsafe address else { return Span<UInt8>() }
    // Safe: any bits are bytes, and the memory lives as long as the span's.
    let start = unsafe UnsafeRawPointer(address).assumingMemoryBound(to: UInt8.self)
    return unsafe _overrideLifetime(
      Span<UInt8>(_unsafeStart: start, count: count), copying: self)
  }
}

extension MutableSpan where Element == Float {
  /// Lets `body` write the first `count` bytes of the numbers' memory.
  public mutating func withBytes(_ count: Int, _ body: (inout MutableSpan<UInt8>) -> Void) {
    precondition(0...4 * self.count ~= count, "bytes of these numbers")
    guard let address = unsafe address else { return }
    // Safe: any bits are bytes, and self is borrowed for writing meanwhile.
    let start = unsafe UnsafeMutableRawPointer(address).assumingMemoryBound(to: UInt8.self)
    var bytes = unsafe MutableSpan<UInt8>(_unsafeStart: start, count: count)
    body(&bytes)
  }
}

/// A float32 convolution of fixed extents and its two gradients, on images as they lie, by one
/// implementation. Nothing is allocated in a pass: the caller owns packed filters and scratch memory.
public protocol ImageConvolution: Sendable {
  /// Floats of the filter as `convolve` reads it.
  var packedCount: Int { get }
  /// Floats of the filter as `inputGradient` reads it.
  var gradientPackedCount: Int { get }
  // Floats of scratch memory, for all threads, that each pass needs.
  var scratchCount: Int { get }
  var inputGradientScratchCount: Int { get }
  var filterGradientScratchCount: Int { get }

  /// Puts a filter into the order of `convolve`.
  func pack(_ filter: Span<Float>, into packed: inout MutableSpan<Float>)
  /// Puts a filter into the order of `inputGradient`.
  func packForInputGradient(_ filter: Span<Float>, into packed: inout MutableSpan<Float>)

  /// `y = max(x * filter + bias + residual, 0)`, with the parts that are asked for.
  func convolve(
    _ x: Span<Float>, _ packed: Span<Float>, bias: Span<Float>?, residual: Span<Float>?,
    rectifies: Bool, scratch: inout MutableSpan<Float>, into y: inout MutableSpan<Float>)
  /// `dx`, overwritten.
  func inputGradient(
    _ dy: Span<Float>, _ packed: Span<Float>, scratch: inout MutableSpan<Float>,
    into dx: inout MutableSpan<Float>)
  /// The filter's gradient, added to what `gradient` holds or put in its place.
  func filterGradient(
    _ x: Span<Float>, _ dy: Span<Float>, accumulates: Bool, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>)
}

extension DirectConvolution: ImageConvolution {}
extension WinogradConvolution: ImageConvolution {}

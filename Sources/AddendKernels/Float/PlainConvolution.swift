internal import Synchronization

/// Float32 convolutions with filters as they lie, `[filterHeight, filterWidth, channels, outputs]`: those
/// of training, whose filters change from pass to pass.
///
/// The implementation is chosen by the extents alone, never by timing: the same seed gives the same bits.
/// 3×3 filters at stride 1 between at least 16 channels go through Winograd's 4×4 tiles, all others are
/// computed directly.
public enum PlainConvolution {
  /// Keeps to implementations that sum products as they stand; `$isExact.withValue(true)` sets it for a
  /// scope.
  @TaskLocal public static var isExact = false

  /// `y = patches(x) · filter`; `false`, and nothing was done, where no implementation takes the extents.
  public static func convolve(
    _ x: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry, outputs: Int,
    into y: inout MutableSpan<Float>
  ) -> Bool {
    guard let convolution = implementation(geometry, outputs) else { return false }
    let packed = AlignedBuffer<Float>(uninitializedCount: convolution.packedCount)
    let memory = AlignedBuffer<Float>(uninitializedCount: convolution.scratchCount)
    var order = packed.uniqueSpan
    var scratch = memory.uniqueSpan
    convolution.pack(filter, into: &order)
    convolution.convolve(
      x, packed.span, bias: nil, residual: nil, rectifies: false, scratch: &scratch, into: &y)
    return true
  }

  /// `dx = patchesᵀ(dy · filterᵀ)`, overwritten; `false` as above.
  public static func inputGradient(
    _ dy: Span<Float>, _ filter: Span<Float>, _ geometry: ConvolutionGeometry, outputs: Int,
    into dx: inout MutableSpan<Float>
  ) -> Bool {
    guard let convolution = implementation(geometry, outputs) else { return false }
    let packed = AlignedBuffer<Float>(uninitializedCount: convolution.gradientPackedCount)
    let memory = AlignedBuffer<Float>(uninitializedCount: convolution.inputGradientScratchCount)
    var order = packed.uniqueSpan
    var scratch = memory.uniqueSpan
    convolution.packForInputGradient(filter, into: &order)
    convolution.inputGradient(dy, packed.span, scratch: &scratch, into: &dx)
    return true
  }

  /// `patches(x)ᵀ dy`, added to what `gradient` holds or put in its place; `false` as above.
  public static func filterGradient(
    _ x: Span<Float>, _ dy: Span<Float>, _ geometry: ConvolutionGeometry, outputs: Int,
    accumulates: Bool, into gradient: inout MutableSpan<Float>
  ) -> Bool {
    guard let convolution = implementation(geometry, outputs) else { return false }
    let memory = AlignedBuffer<Float>(uninitializedCount: convolution.filterGradientScratchCount)
    var scratch = memory.uniqueSpan
    convolution.filterGradient(
      x, dy, accumulates: accumulates, scratch: &scratch, into: &gradient)
    return true
  }

  private struct Key: Hashable {
    let geometry: ConvolutionGeometry
    let outputs: Int
    let isExact: Bool
  }

  /// Plans, of which making one costs about as much as a small convolution.
  private static let cache = Mutex<[Key: any ImageConvolution]>([:])
  private static let cacheLimit = 512

  private static func implementation(
    _ geometry: ConvolutionGeometry, _ outputs: Int
  ) -> (any ImageConvolution)? {
    guard geometry.patchCount > 0, geometry.patchSize > 0, outputs > 0 else { return nil }
    let key = Key(geometry: geometry, outputs: outputs, isExact: isExact)
    return cache.withLock { cache in
      if let known = cache[key] { return known }
      if cache.count >= cacheLimit { cache.removeAll() }
      cache[key] = make(geometry, outputs, isExact: key.isExact)
      return cache[key]
    }
  }

  /// Fewer channels than this are not worth the transforms.
  private static let leastChannels = 16

  private static func make(
    _ geometry: ConvolutionGeometry, _ outputs: Int, isExact: Bool
  ) -> (any ImageConvolution)? {
    if !isExact, min(geometry.channels, outputs) >= leastChannels,
      let convolution = WinogradConvolution(geometry, outputs: outputs)
    {
      return convolution
    }
    return DirectConvolution(geometry, outputs: outputs)
  }
}

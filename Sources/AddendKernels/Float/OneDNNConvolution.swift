internal import CAddendKernels

/// A float32 convolution as oneDNN computes it directly, on images that lie
/// `[batch, height, width, channels]`: what executables try beside our own.
///
/// The batch is cut into parts whose number depends on the extents alone; each runs on one thread.
@safe public final class OneDNNConvolution: @unchecked Sendable {
  // Invariant behind @unchecked: all members are set once, and oneDNN's primitives do not change.

  private let geometry: ConvolutionGeometry
  private let outputs: Int
  private let partSize: Int
  private let whole: OpaquePointer
  /// For the last part, where that is smaller.
  private let rest: OpaquePointer?

  /// Whether oneDNN is linked.
  public static let isLinked = addend_convolution_is_linked()

  /// `nil` where oneDNN is not linked, has nothing better than a product with patches, or has nothing to
  /// compute.
  public init?(_ geometry: ConvolutionGeometry, outputs: Int) {
    guard geometry.patchCount > 0, geometry.patchSize > 0, outputs > 0 else { return nil }
    let parts = Self.partCount(
      products: geometry.patchCount * geometry.patchSize * outputs, batch: geometry.batch)
    self.geometry = geometry
    self.outputs = outputs
    partSize = (geometry.batch + parts - 1) / parts
    var window = addend_window(geometry)
    guard let whole = unsafe addend_convolution_create(partSize, &window, outputs) else {
      return nil
    }
    unsafe self.whole = whole
    let remainder = geometry.batch % partSize
    if remainder == 0 {
      unsafe rest = nil
    } else if let rest = unsafe addend_convolution_create(remainder, &window, outputs) {
      unsafe self.rest = rest
    } else {
      unsafe addend_convolution_destroy(whole)
      return nil
    }
  }

  deinit {
    unsafe addend_convolution_destroy(whole)
    if let rest = unsafe rest { unsafe addend_convolution_destroy(rest) }
  }

  /// A power of two, so that the usual batches divide: up to 16, of some 10 million products or more.
  private static func partCount(products: Int, batch: Int) -> Int {
    var parts = 1
    while parts < 16 && 2 * parts <= batch && products / (2 * parts) > 10_000_000 { parts *= 2 }
    return parts
  }

  /// The filter in the library's own order, for any number of passes.
  public func packed(_ filter: Span<Float>) -> AlignedBuffer<Float> {
    precondition(filter.count == geometry.patchSize * outputs, "convolution: the filter's extents")
    let packed = unsafe AlignedBuffer<Float>(
      uninitializedCount: addend_convolution_packed_count(whole))
    var span = packed.uniqueSpan
    unsafe addend_convolution_pack(whole, filter.address, span.address)
    return packed
  }

  /// Numbers of scratch memory for all parts of a pass.
  public var scratchCount: Int { (geometry.batch + partSize - 1) / partSize * partScratch }

  /// Of one part, on a border of 64 bytes.
  private var partScratch: Int {
    let bytes = unsafe max(
      addend_convolution_scratch_bytes(whole),
      rest.map { unsafe addend_convolution_scratch_bytes($0) } ?? 0)
    return (Int(bytes) + 63) / 64 * 16
  }

  /// `y = patches(x) · filter` with a filter that `packed` made, in scratch memory on a border of 64
  /// bytes.
  public func convolve(
    _ x: Span<Float>, packed filter: AlignedBuffer<Float>, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == geometry.imageCount && y.count == geometry.patchCount * outputs
        && scratch.count >= scratchCount, "convolution: extents")
    let imageCount = geometry.height * geometry.width * geometry.channels
    let resultCount = geometry.outputHeight * geometry.outputWidth * outputs
    let partScratch = partScratch
    let packed = filter.span
    guard let x = unsafe x.address, let y = unsafe y.address, let packed = unsafe packed.address
    else { return }
    let scratch = unsafe scratch.address
    ThreadPool.forEachPart(of: geometry.batch, size: partSize) { first, count in
      let convolution = unsafe count == partSize ? whole : rest ?? whole
      unsafe addend_convolution_run(
        convolution, x + first * imageCount, packed, y + first * resultCount,
        scratch.map { unsafe $0 + first / partSize * partScratch })
    }
  }
}

internal import CAddendKernels
internal import Synchronization

/// A float32 convolution in one direction, as oneDNN computes it on images that lie
/// `[batch, height, width, channels]`.
///
/// The batch is cut into parts whose number depends on the extents alone; each runs on one thread.
/// The parts of a filter gradient are summed in order.
@safe public final class FloatConvolution: @unchecked Sendable {
  // Invariant behind @unchecked: all members are set once, and oneDNN's primitives do not change.

  /// Which tensor is computed from the two others.
  public enum Pass: Hashable, Sendable { case output, inputGradient, filterGradient }

  private let geometry: ConvolutionGeometry
  private let outputs: Int
  private let partSize: Int
  private let whole: OpaquePointer
  /// For the last part, where that is smaller.
  private let rest: OpaquePointer?

  /// The convolution, from the cache where it has been asked for before; `nil` where oneDNN is not
  /// linked or has nothing better than a product with patches.
  public static func cached(
    _ pass: Pass, _ geometry: ConvolutionGeometry, outputs: Int
  ) -> FloatConvolution? {
    // A product takes 1×1 filters as they are, and nothing takes empty tensors.
    guard !geometry.isPointwise, geometry.patchCount > 0, geometry.patchSize > 0, outputs > 0
    else { return nil }
    let key = Key(pass: pass, geometry: geometry, outputs: outputs)
    return cache.withLock { cache in
      if let known = cache[key] { return known.convolution }
      if cache.count >= cacheLimit { cache.removeAll() }
      let convolution = FloatConvolution(pass, geometry, outputs)
      cache[key] = Entry(convolution: convolution)
      return convolution
    }
  }

  private struct Key: Hashable {
    let pass: Pass
    let geometry: ConvolutionGeometry
    let outputs: Int
  }
  private struct Entry { let convolution: FloatConvolution? }
  private static let cache = Mutex<[Key: Entry]>([:])
  private static let cacheLimit = 512

  private init?(_ pass: Pass, _ geometry: ConvolutionGeometry, _ outputs: Int) {
    let parts = Self.partCount(
      products: geometry.patchCount * geometry.patchSize * outputs, batch: geometry.batch)
    self.geometry = geometry
    self.outputs = outputs
    partSize = (geometry.batch + parts - 1) / parts
    let code: addend_convolution_pass =
      switch pass {
      case .output: ADDEND_CONVOLVE_OUTPUT
      case .inputGradient: ADDEND_CONVOLVE_INPUT
      case .filterGradient: ADDEND_CONVOLVE_FILTER
      }
    var window = addend_window(geometry)
    guard let whole = unsafe addend_convolution_create(code, partSize, &window, outputs) else {
      return nil
    }
    unsafe self.whole = whole
    let remainder = geometry.batch % partSize
    if remainder == 0 {
      unsafe rest = nil
    } else if let rest = unsafe addend_convolution_create(code, remainder, &window, outputs) {
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

  /// `y = patches(x) · filter`.
  public func convolve(
    _ x: Span<Float>, _ filter: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    let scratch = AlignedBuffer<Float>(uninitializedCount: scratchCount)
    var span = scratch.uniqueSpan
    convolve(x, packed: packed(filter), scratch: &span, into: &y)
  }

  /// `convolve` with a filter that `packed` made, in scratch memory on a border of 64 bytes.
  public func convolve(
    _ x: Span<Float>, packed filter: AlignedBuffer<Float>, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    check(x.count, geometry.patchSize * outputs, y.count)
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    // Safe: the pass only reads x and the filter.
    unsafe run(UnsafeMutablePointer(mutating: x), filter, y, 0, &scratch)
  }

  /// `dx = patchesᵀ(dy · filterᵀ)`, overwritten.
  public func inputGradient(
    _ dy: Span<Float>, _ filter: Span<Float>, into dx: inout MutableSpan<Float>
  ) {
    check(dx.count, filter.count, dy.count)
    guard let dy = unsafe dy.address, let dx = unsafe dx.address else { return }
    let scratch = AlignedBuffer<Float>(uninitializedCount: scratchCount)
    var span = scratch.uniqueSpan
    // Safe: the pass only reads dy.
    unsafe run(dx, packed(filter), UnsafeMutablePointer(mutating: dy), 0, &span)
  }

  /// `patches(x)ᵀ dy`, added to what `gradient` holds or put in its place.
  public func filterGradient(
    _ x: Span<Float>, _ dy: Span<Float>, accumulates: Bool,
    into gradient: inout MutableSpan<Float>
  ) {
    check(x.count, gradient.count, dy.count)
    let count = unsafe addend_convolution_packed_count(whole)
    let parts = (geometry.batch + partSize - 1) / partSize
    let sums = AlignedBuffer<Float>(uninitializedCount: parts * count)
    var sumSpan = sums.uniqueSpan
    let scratch = AlignedBuffer<Float>(uninitializedCount: scratchCount)
    var scratchSpan = scratch.uniqueSpan
    guard let x = unsafe x.address, let dy = unsafe dy.address, let sum = unsafe sumSpan.address
    else { return }
    // Safe: the pass only reads x and dy, and every part has its own sums.
    unsafe run(
      UnsafeMutablePointer(mutating: x), sums, UnsafeMutablePointer(mutating: dy), count,
      &scratchSpan)
    let table = unsafe FloatKernels.best.table
    for part in 1..<max(1, parts) {
      unsafe table.pointee.add_scaled(count, 1, sum + part * count, sum)
    }
    if accumulates {
      let total = AlignedBuffer<Float>(uninitializedCount: gradient.count)
      var totalSpan = total.uniqueSpan
      unsafe addend_convolution_unpack(whole, sum, totalSpan.address)
      FloatKernels.best.addScaled(1, total.span, to: &gradient)
    } else {
      unsafe addend_convolution_unpack(whole, sum, gradient.address)
    }
    // The address is used until here.
    withExtendedLifetime(sums) {}
  }

  private func check(_ x: Int, _ filter: Int, _ y: Int) {
    precondition(
      x == geometry.imageCount && filter == geometry.patchSize * outputs
        && y == geometry.patchCount * outputs, "convolution: extents")
  }

  /// Runs all parts; `packedStride` lies between the filters of one part and the next.
  @unsafe private func run(
    _ x: UnsafeMutablePointer<Float>, _ filter: AlignedBuffer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ packedStride: Int, _ scratch: inout MutableSpan<Float>
  ) {
    let imageCount = geometry.height * geometry.width * geometry.channels
    let resultCount = geometry.outputHeight * geometry.outputWidth * outputs
    let partScratch = partScratch
    precondition(scratch.count >= scratchCount, "convolution: scratch")
    var span = filter.uniqueSpan
    guard let packed = unsafe span.address else { return }
    let scratch = unsafe scratch.address
    ThreadPool.forEachPart(of: geometry.batch, size: partSize) { first, count in
      let convolution = unsafe count == partSize ? whole : rest ?? whole
      let part = first / partSize
      unsafe addend_convolution_run(
        convolution, x + first * imageCount, packed + part * packedStride,
        y + first * resultCount, scratch.map { unsafe $0 + part * partScratch })
    }
    // The addresses are used until here.
    withExtendedLifetime(filter) {}
  }
}

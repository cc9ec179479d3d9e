internal import CAddendKernels

/// A float32 convolution as a product of its patches with the filter, some lines of results at a time:
/// patches are in the cache when the product reads them, and never all in memory.
///
/// `y = max(patches(x) filter + bias + residual, 0)`, with the parts that are asked for. The work is cut
/// into parts whose number depends on the extents alone, and results do not depend on the thread count.
public struct PatchConvolution: Sendable {
  private let geometry: ConvolutionGeometry
  private let filter: PackedMatrix
  /// Lines of results whose patches are laid out together, and how many of these chunks a part has.
  private let chunkLines: Int
  private let partChunks: Int

  /// - Parameter filter: `[filterHeight, filterWidth, channels, outputs]`.
  public init(
    _ geometry: ConvolutionGeometry, _ filter: Span<Float>, outputs: Int,
    using set: InstructionSet = .best
  ) {
    self.geometry = geometry
    self.filter = PackedMatrix(filter, rows: geometry.patchSize, columns: outputs, using: set)
    let lines = geometry.batch * geometry.outputHeight
    let lineFloats = geometry.outputWidth * geometry.patchSize
    let products = lines * lineFloats * outputs
    let parts = max(1, min(Self.mostParts, products / Self.partProducts, lines))
    chunkLines = max(1, min(Self.chunkFloats / max(1, lineFloats), (lines + parts - 1) / parts))
    let chunks = (lines + chunkLines - 1) / chunkLines
    partChunks = max(1, (chunks + parts - 1) / parts)
  }

  private static let mostParts = 16
  /// What a part is worth at least, some 2 µs.
  private static let partProducts = 100_000
  /// 64 KiB of patches, where a line has no more.
  private static let chunkFloats = 1 << 14

  private var lineCount: Int { geometry.batch * geometry.outputHeight }

  /// Floats of a chunk's patches, on a border of 64 bytes.
  private var chunkScratch: Int {
    (chunkLines * geometry.outputWidth * geometry.patchSize + 15) / 16 * 16
  }

  /// Floats of scratch memory for all parts of a pass.
  public var scratchCount: Int {
    let partLines = chunkLines * partChunks
    return (lineCount + partLines - 1) / partLines * chunkScratch
  }

  public func convolve(
    _ x: Span<Float>, bias: Span<Float>? = nil, residual: Span<Float>? = nil,
    rectifies: Bool = false, scratch: inout MutableSpan<Float>, into y: inout MutableSpan<Float>
  ) {
    let outputs = filter.columns
    precondition(
      x.count == geometry.imageCount && y.count == geometry.patchCount * outputs
        && (bias?.count ?? outputs) == outputs && (residual?.count ?? y.count) == y.count
        && scratch.count >= scratchCount, "convolution by patches: extents")
    let panels = filter.panels.span
    guard let y = unsafe y.address, let x = unsafe x.address, let packed = unsafe panels.address,
      let scratch = unsafe scratch.address
    else { return y.update(repeating: 0) }
    let kernels = unsafe filter.set.batchReduceKernels
    // Safe: the extents were checked above, parts write apart, and C keeps no pointer.
    let whole = unsafe addend_gemm(
      m: 0, n: outputs, k: geometry.patchSize, first_panel: 0,
      panels: addend_brgemm_panel_count(kernels, outputs), transposes_a: false, a: scratch,
      lda: geometry.patchSize, b: packed, ldb: 0, c: y, ldc: outputs, accumulates: false,
      rectifies: rectifies, bias: bias?.address, residual: residual?.address, scale: nil)
    let partLines = chunkLines * partChunks
    unsafe withUnsafePointer(to: addend_window(geometry)) { window in
      ThreadPool.forEachPart(of: lineCount, size: partLines) { first, count in
        var gemm = unsafe whole
        let patches = unsafe scratch + first / partLines * chunkScratch
        unsafe gemm.a = UnsafePointer(patches)
        for line in stride(from: first, to: first + count, by: chunkLines) {
          let lines = min(chunkLines, first + count - line)
          unsafe layOut(x, window, line, lines, patches)
          let start = line * geometry.outputWidth * outputs
          unsafe gemm.m = lines * geometry.outputWidth
          unsafe gemm.c = whole.c + start
          unsafe gemm.residual = whole.residual.map { unsafe $0 + start }
          unsafe addend_gemm_run(kernels, &gemm)
        }
      }
    }
  }

  /// The patches of some lines, which may be of several images.
  @unsafe private func layOut(
    _ x: UnsafePointer<Float>, _ window: UnsafePointer<addend_window>, _ first: Int, _ count: Int,
    _ patches: UnsafeMutablePointer<Float>
  ) {
    let height = geometry.outputHeight
    let imageCount = geometry.imageCount / max(1, geometry.batch)
    let lineFloats = geometry.outputWidth * geometry.patchSize
    let table = unsafe FloatKernels(filter.set).table
    var line = first
    while line < first + count {
      let (image, top) = (line / height, line % height)
      let end = min(height, top + first + count - line)
      unsafe table.pointee.patches(
        window, top, end, x + image * imageCount, patches + (line - first) * lineFloats)
      line += end - top
    }
  }
}

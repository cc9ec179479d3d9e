internal import CAddendKernels

/// A matrix `[rows, columns]` of 16-bit numbers as the left operand of products.
public struct HalfRows: Sendable {
  public let rows: Int
  public let columns: Int
  public let format: HalfFormat
  fileprivate let isTransposed: Bool
  fileprivate let rounding: HalfRounding
  /// Pairs of columns, the first one's numbers in the lower half, an odd last one with zeros: `[rows,
  /// ⌈columns / 2⌉]`, or the other way round where the matrix is transposed.
  fileprivate let words: AlignedBuffer<Float>

  /// - Parameter transposed: `a` is stored `[columns, rows]`.
  public init(
    rounding a: Span<Float>, rows: Int, columns: Int, transposed: Bool = false,
    to format: HalfFormat,
    using set: InstructionSet = .best
  ) {
    precondition(a.count == rows * columns, "the extents of rows of 16-bit numbers")
    self.rows = rows
    self.columns = columns
    self.format = format
    isTransposed = transposed
    let kernels = HalfKernels(format, set)
    rounding = kernels.left(a)
    let pairs = (columns + 1) / 2
    words = AlignedBuffer(uninitializedCount: rows * pairs)
    var span = words.uniqueSpan
    guard let a = unsafe a.address, let words = unsafe span.address else { return }
    // Safe: the kernels write no more than these words, of which parts have their own.
    unsafe withUnsafePointer(to: rounding.rounding) { rounding in
      if transposed {
        ThreadPool.forEachPart(of: pairs, size: max(1, HalfKernels.partSize / max(1, 2 * rows))) {
          first, count in
          unsafe addend_halves_pair_rows(
            kernels.roundings, rounding, min(2 * count, columns - 2 * first), rows,
            a + 2 * first * rows, rows, rows, words.bits + first * rows)
        }
      } else {
        ThreadPool.forEachPart(of: rows, size: max(1, HalfKernels.partSize / max(1, columns))) {
          first, count in
          unsafe addend_halves_pair_channels(
            kernels.roundings, rounding, count, columns, a + first * columns,
            words.bits + first * pairs)
        }
      }
    }
  }
}

/// A matrix `[rows, columns]` of 16-bit numbers as the right operand of products, packed once for many of
/// them.
public struct PackedHalfMatrix: Sendable {
  public let rows: Int
  public let columns: Int
  public var format: HalfFormat { kernels.format }
  private let kernels: HalfKernels
  private let rounding: HalfRounding
  private let panels: AlignedBuffer<Float>

  /// - Parameter transposed: `b` is stored `[columns, rows]`.
  public init(
    rounding b: Span<Float>, rows: Int, columns: Int, transposed: Bool = false,
    to format: HalfFormat,
    using set: InstructionSet = .best
  ) {
    precondition(b.count == rows * columns, "a packed matrix's extents")
    self.rows = rows
    self.columns = columns
    kernels = HalfKernels(format, set)
    rounding = kernels.right(b)
    let pairs = (rows + 1) / 2
    panels = unsafe AlignedBuffer(
      uninitializedCount: pairs * addend_brgemm_padded(kernels.products, columns))
    if transposed { packTransposed(b) } else { pack(b) }
  }

  private func pack(_ b: Span<Float>) {
    var span = panels.uniqueSpan
    guard let b = unsafe b.address, let packed = unsafe span.address else { return }
    let (kernels, rows, columns) = (kernels, rows, columns)
    // Safe: the kernels write no more than the panels, of which pairs of rows have their own words.
    unsafe withUnsafePointer(to: rounding.rounding) { rounding in
      ThreadPool.forEachPart(
        of: (rows + 1) / 2, size: max(1, HalfKernels.partSize / max(1, 2 * columns))
      ) { first, count in
        unsafe addend_halves_pack(
          kernels.roundings, kernels.products, rounding, rows, columns, b, first, count,
          packed.bits)
      }
    }
  }

  private func packTransposed(_ b: Span<Float>) {
    let (kernels, rows, columns) = (kernels, rows, columns)
    let pairs = (rows + 1) / 2
    let words = AlignedBuffer<Float>(uninitializedCount: columns * pairs)
    var first = words.uniqueSpan
    var second = panels.uniqueSpan
    guard let b = unsafe b.address, let words = unsafe first.address,
      let packed = unsafe second.address
    else { return }
    // Safe: as above.
    unsafe withUnsafePointer(to: rounding.rounding) { rounding in
      ThreadPool.forEachPart(of: columns, size: max(1, HalfKernels.partSize / rows)) {
        first, count in
        unsafe addend_halves_pair_channels(
          kernels.roundings, rounding, count, rows, b + first * rows, words.bits + first * pairs)
      }
    }
    ThreadPool.forEachPart(
      of: unsafe addend_brgemm_panel_count(kernels.products, columns), size: max(1, 512 / rows)
    ) { first, count in
      unsafe addend_gemm_pack(
        kernels.products, true, columns, pairs, words, pairs, first, count, packed)
    }
  }

  /// `C = max(A B + C + bias + residual, 0)`, with the parts that are asked for, in float32; `A` is
  /// `[m, rows]`, `C` and the residual are `[m, columns]`.
  public func multiply(
    _ a: HalfRows, _ accumulates: Bool = false, bias: Span<Float>? = nil,
    residual: Span<Float>? = nil, rectifies: Bool = false, into c: inout MutableSpan<Float>
  ) {
    precondition(
      a.columns == rows && a.format == format && c.count == a.rows * columns
        && (bias?.count ?? columns) == columns && (residual?.count ?? c.count) == c.count,
      "a packed product's extents")
    let words = a.words.span
    let panels = panels.span
    let pairs = (rows + 1) / 2
    let factors = a.rounding.factors(with: rounding)
    let scale = factors.span
    guard let terms = unsafe words.address, let packed = unsafe panels.address,
      let c = unsafe c.address
    else { return }
    let kernels = unsafe kernels.products
    // Safe: the extents were checked above, and C keeps no pointer.
    let whole = unsafe addend_gemm(
      m: a.rows, n: columns, k: pairs, first_panel: 0,
      panels: addend_brgemm_panel_count(kernels, columns), transposes_a: a.isTransposed, a: terms,
      lda: a.isTransposed ? a.rows : pairs, b: packed, ldb: 0, c: c, ldc: columns,
      accumulates: accumulates, rectifies: rectifies, bias: bias?.address,
      residual: residual?.address, scale: scale.address)
    unsafe forEachPiece(of: whole) { unsafe addend_bf16_run(kernels, $0) }
  }
}

extension UnsafeMutablePointer<Float> {
  /// The same memory as whole words.
  @unsafe var bits: UnsafeMutablePointer<UInt32> {
    unsafe UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self)
  }
}

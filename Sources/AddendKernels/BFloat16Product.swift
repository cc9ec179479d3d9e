internal import CAddendKernels

/// `A [rows, columns]` in bfloat16 as the left operand of a product: rows of whole pairs of terms, where
/// an odd number of columns is followed by a zero.
public struct BFloat16Rows: Sendable {
  public let rows: Int
  public let columns: Int
  /// `[rows, ⌈columns / 2⌉]`, each a pair of bit patterns, the first term's in the lower half.
  fileprivate let words: AlignedBuffer<Float>

  /// Rounds to nearest, ties to even; NaN is made quiet.
  public init(rounding a: Span<Float>, rows: Int, columns: Int) {
    precondition(a.count == rows * columns, "the extents of rows in bfloat16")
    self.rows = rows
    self.columns = columns
    let wordCount = (columns + 1) / 2
    words = AlignedBuffer(uninitializedCount: rows * wordCount)
    var span = words.uniqueSpan
    guard let a = unsafe a.address, let words = unsafe span.address else { return }
    // A part is some 64 KiB. Safe: the memory is all that the kernel writes, in numbers of 16 bits.
    ThreadPool.forEachPart(of: rows, size: max(1, (1 << 14) / max(1, columns))) { first, count in
      unsafe addend_bf16_round(
        count, columns, a + first * columns, 2 * wordCount,
        UnsafeMutableRawPointer(words + first * wordCount).assumingMemoryBound(to: UInt16.self))
    }
  }
}

/// `B [rows, columns]` in bfloat16 as the kernels of a product read it, packed once for many products.
///
/// A product's sums are float32, added up as `VDPBF16PS` does (Intel, *Architecture Instruction Set
/// Extensions*, 2020): of each two terms that follow one another the second first, each product fused
/// with its addition, rounded once to nearest; denormals count as zeros, before and after. Processors
/// without the instruction compute the same bits.
public struct PackedBFloat16Matrix: Sendable {
  public let rows: Int
  public let columns: Int
  private let set: InstructionSet
  private let panels: AlignedBuffer<Float>

  /// Rounds to nearest, ties to even; NaN is made quiet.
  ///
  /// - Parameter transposed: `b` is stored `[columns, rows]`.
  public init(
    rounding b: Span<Float>, rows: Int, columns: Int, transposed: Bool = false,
    using set: InstructionSet = .best
  ) {
    precondition(rows > 0 && b.count == rows * columns, "a packed matrix's extents")
    self.rows = rows
    self.columns = columns
    self.set = set
    let kernels = unsafe set.bfloat16Kernels
    panels = unsafe AlignedBuffer(
      uninitializedCount: (rows + 1) / 2 * addend_brgemm_padded(kernels, columns))
    var span = panels.uniqueSpan
    let rounded = AlignedBuffer<UInt16>(uninitializedCount: b.count)
    var bits = rounded.uniqueSpan
    guard let b = unsafe b.address, let bits = unsafe bits.address,
      let packed = unsafe span.address
    else { return }
    unsafe addend_bf16_round(1, rows * columns, b, rows * columns, bits)
    ThreadPool.forEachPart(
      of: unsafe addend_brgemm_panel_count(kernels, columns), size: max(1, 512 / max(1, rows))
    ) { first, count in
      unsafe addend_bf16_pack(
        kernels, transposed, columns, rows, bits, transposed ? rows : columns, first, count, packed)
    }
  }

  /// `C = max(A B + C + bias + residual, 0)`, with the parts that are asked for, in float32; `A` is
  /// `[m, rows]`, `C` and the residual are `[m, columns]`.
  public func multiply(
    _ a: BFloat16Rows, _ accumulates: Bool = false, bias: Span<Float>? = nil,
    residual: Span<Float>? = nil, rectifies: Bool = false, into c: inout MutableSpan<Float>
  ) {
    precondition(
      a.columns == rows && c.count == a.rows * columns && (bias?.count ?? columns) == columns
        && (residual?.count ?? c.count) == c.count, "a packed product's extents")
    let words = a.words.span
    let panels = panels.span
    let wordCount = (rows + 1) / 2
    guard let terms = unsafe words.address, let packed = unsafe panels.address,
      let c = unsafe c.address
    else { return }
    let kernels = unsafe set.bfloat16Kernels
    // Safe: the extents were checked above, and C keeps no pointer.
    let whole = unsafe addend_gemm(
      m: a.rows, n: columns, k: wordCount, first_panel: 0,
      panels: addend_brgemm_panel_count(kernels, columns), transposes_a: false, a: terms,
      lda: wordCount, b: packed, ldb: 0, c: c, ldc: columns, accumulates: accumulates,
      rectifies: rectifies, bias: bias?.address, residual: residual?.address)
    unsafe forEachPiece(of: whole) { unsafe addend_bf16_run(kernels, $0) }
  }
}

extension InstructionSet {
  /// The table lives as long as the program.
  @unsafe fileprivate var bfloat16Kernels: UnsafePointer<addend_brgemm_kernels> {
    unsafe addend_bf16_select(addend_isa(UInt32(rawValue)))
  }
}

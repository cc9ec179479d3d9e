internal import CAddendKernels

/// The extents of `C = op(A) op(B)`, all matrices row-major and contiguous.
public struct GEMMShape: Hashable, Sendable {
  /// Rows of `C`.
  public var m: Int
  /// Columns of `C`.
  public var n: Int
  /// The length of the sums.
  public var k: Int
  /// `A` is stored `[k, m]` instead of `[m, k]`.
  public var transposesA: Bool
  /// `B` is stored `[n, k]` instead of `[k, n]`.
  public var transposesB: Bool
  /// The product is added to what `C` holds.
  public var accumulates: Bool

  public init(
    m: Int, n: Int, k: Int, transposesA: Bool = false, transposesB: Bool = false,
    accumulates: Bool = false
  ) {
    precondition(m >= 0 && n >= 0 && k >= 0, "extents are not negative")
    self.m = m
    self.n = n
    self.k = k
    self.transposesA = transposesA
    self.transposesB = transposesB
    self.accumulates = accumulates
  }
}

/// `C = op(A) op(B)` in float32, in tiles of batch-reduce kernels; `bias`, if there is one, is added to
/// every row of the result before it is stored.
///
/// The result is cut into pieces of a fixed size, so it does not depend on the thread count.
public func gemm(
  _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, bias: Span<Float>? = nil,
  _ c: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  let (m, n, k) = (shape.m, shape.n, shape.k)
  precondition(
    a.count == m * k && b.count == k * n && c.count == m * n && (bias?.count ?? n) == n,
    "gemm: extents")
  guard m > 0, n > 0 else { return }
  guard k > 0 else {
    if !shape.accumulates { c.update(repeating: 0) }
    if let bias { FloatKernels(set).addRow(bias, toEachRowOf: &c) }
    return
  }
  // Rows far apart cost address translations; columns that lie one after another have no other way.
  if k >= 4 * max(m, n), m * n * k >= 1 << 24, !shape.transposesB {
    multiplyAlongSums(shape, a, b, &c, using: set)
    if let bias { FloatKernels(set).addRow(bias, toEachRowOf: &c) }
    return
  }
  let isWide = shape.isWide
  if shape.transposesB || (isWide && !shape.copiesPanels) {
    let packed = PackedMatrix(b, rows: k, columns: n, transposed: shape.transposesB, using: set)
    packed.multiply(
      a, rows: m, transposed: shape.transposesA, shape.accumulates, bias: bias, into: &c)
  } else {
    guard let b = unsafe b.address else { return }
    unsafe multiplyInPieces(
      shape, a, .init(b: b, rowLength: n, isCopied: isWide), .init(bias: bias?.address), into: &c,
      using: set)
  }
}

extension GEMMShape {
  /// Whether the columns of a panel repay being brought together: rows of `B` lie on pages of their
  /// own, or, 4 KiB apart, push each other out of the caches.
  fileprivate var isWide: Bool { (n > 2048 && m >= 64) || (n % 1024 == 0 && m >= 512) }

  /// Whether a wide `B` is copied panel by panel on the way rather than packed before: each piece of
  /// the product then holds other panels, and the rows of `A` are so few that they stay in the cache,
  /// or are copied once for each piece at little cost.
  fileprivate var copiesPanels: Bool {
    m < n && (m <= 128 || (m <= 1024 && !addend_gemm_collides(transposesA ? m : k)))
  }
}

/// `B [rows, columns]` as the kernels of a product read it, packed once for many products.
public struct PackedMatrix: Sendable {
  public let rows: Int
  public let columns: Int
  let set: InstructionSet
  let panels: AlignedBuffer<Float>

  /// - Parameter transposed: `b` is stored `[columns, rows]`.
  public init(
    _ b: Span<Float>, rows: Int, columns: Int, transposed: Bool = false,
    using set: InstructionSet = .best
  ) {
    precondition(b.count == rows * columns, "a packed matrix's extents")
    self.rows = rows
    self.columns = columns
    self.set = set
    let kernels = unsafe set.batchReduceKernels
    panels = unsafe AlignedBuffer(
      uninitializedCount: rows * addend_brgemm_padded(kernels, columns))
    var span = panels.uniqueSpan
    guard let b = unsafe b.address, let packed = unsafe span.address else { return }
    // A part is some 64 KiB.
    ThreadPool.forEachPart(
      of: unsafe addend_brgemm_panel_count(kernels, columns), size: max(1, 256 / max(1, rows))
    ) { first, count in
      unsafe addend_gemm_pack(
        kernels, transposed, columns, rows, b, transposed ? rows : columns, first, count, packed)
    }
  }

  /// `C = max(op(A) B + C + bias + residual, 0)`, with the parts that are asked for; `A` is `[m, rows]`,
  /// stored `[rows, m]` when `transposed`, `C` and the residual are `[m, columns]`.
  public func multiply(
    _ a: Span<Float>, rows m: Int, transposed: Bool = false, _ accumulates: Bool = false,
    bias: Span<Float>? = nil, residual: Span<Float>? = nil, rectifies: Bool = false,
    into c: inout MutableSpan<Float>
  ) {
    precondition(
      a.count == m * rows && c.count == m * columns && (bias?.count ?? columns) == columns
        && (residual?.count ?? c.count) == c.count, "a packed product's extents")
    let panels = panels.span
    guard m > 0, columns > 0, let packed = unsafe panels.address else { return }
    let shape = GEMMShape(
      m: m, n: columns, k: rows, transposesA: transposed, accumulates: accumulates)
    unsafe multiplyInPieces(
      shape, a, .init(b: packed, rowLength: 0),
      .init(bias: bias?.address, residual: residual?.address, rectifies: rectifies), into: &c,
      using: set)
  }
}

extension InstructionSet {
  /// The table lives as long as the program.
  @unsafe var batchReduceKernels: UnsafePointer<addend_brgemm_kernels> {
    unsafe addend_brgemm_select(isa)
  }
}

/// The right operand: its rows' length, or zero for packed panels.
@unsafe private struct RightOperand {
  let b: UnsafePointer<Float>
  let rowLength: Int
  /// Whether its panels are copied together on the way.
  var isCopied = false
}

/// What is done to the sums before they are stored.
@unsafe private struct Epilogue {
  var bias: UnsafePointer<Float>?
  var residual: UnsafePointer<Float>?
  var rectifies = false
}

/// The product on all threads.
// Safe when the extents have been checked: C keeps no pointer.
@unsafe private func multiplyInPieces(
  _ shape: GEMMShape, _ a: Span<Float>, _ right: RightOperand, _ epilogue: Epilogue,
  into c: inout MutableSpan<Float>, using set: InstructionSet
) {
  let kernels = unsafe set.batchReduceKernels
  let (m, n, k) = (shape.m, shape.n, shape.k)
  guard let a = unsafe a.address, let c = unsafe c.address else { return }
  let whole = unsafe addend_gemm(
    m: m, n: n, k: k, first_panel: 0, panels: addend_brgemm_panel_count(kernels, n),
    transposes_a: shape.transposesA, a: a, lda: shape.transposesA ? m : k, b: right.b,
    ldb: right.rowLength, c: c, ldc: n, accumulates: shape.accumulates,
    rectifies: epilogue.rectifies, bias: epilogue.bias, residual: epilogue.residual, scale: nil)
  let run = unsafe right.isCopied ? addend_gemm_run_copying : addend_gemm_run
  unsafe forEachPiece(of: whole) { unsafe run(kernels, $0) }
}

/// Calls `body` on the pool for pieces of a product, which together are all of it.
@unsafe func forEachPiece(of whole: addend_gemm, _ body: (UnsafePointer<addend_gemm>) -> Void) {
  let pieces = unsafe GEMMPieces(m: whole.m, n: whole.n, k: whole.k, panels: whole.panels)
  ThreadPool.forEachPart(of: pieces.count, size: 1) { index, _ in
    let piece = pieces[index]
    let i = piece.firstRow
    var gemm = unsafe whole
    unsafe gemm.m = piece.rows
    unsafe gemm.first_panel = piece.firstPanel
    unsafe gemm.panels = piece.panels
    unsafe gemm.a += whole.transposes_a ? i : i * whole.lda
    unsafe gemm.c += i * whole.ldc
    unsafe gemm.residual = whole.residual.map { unsafe $0 + i * whole.ldc }
    unsafe body(&gemm)
  }
}

/// The product with the sums cut into eight parts, whose results are added in order: where the sums
/// are long and the result is small, its pieces would be too few to share.
private func multiplyAlongSums(
  _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, _ c: inout MutableSpan<Float>,
  using set: InstructionSet
) {
  let (m, n, k) = (shape.m, shape.n, shape.k)
  let depth = (k + 7) / 8
  let partial = AlignedBuffer<Float>(uninitializedCount: 8 * m * n)
  var partialSpan = partial.uniqueSpan
  let kernels = unsafe set.batchReduceKernels
  let panels = unsafe addend_brgemm_panel_count(kernels, n)
  guard let a = unsafe a.address, let b = unsafe b.address, let parts = unsafe partialSpan.address
  else { return }
  ThreadPool.forEachPart(of: k, size: depth) { first, count in
    var gemm = unsafe addend_gemm(
      m: m, n: n, k: count, first_panel: 0, panels: panels, transposes_a: shape.transposesA,
      a: a + (shape.transposesA ? first * m : first), lda: shape.transposesA ? m : k,
      b: b + first * n, ldb: n, c: parts + first / depth * m * n, ldc: n, accumulates: false,
      rectifies: false, bias: nil, residual: nil, scale: nil)
    unsafe addend_gemm_run(kernels, &gemm)
  }
  if !shape.accumulates { c.update(repeating: 0) }
  for part in 0..<(k + depth - 1) / depth {
    let sums = partial.span.extracting(part * m * n..<(part + 1) * m * n)
    FloatKernels(set).addScaled(1, sums, to: &c)
  }
}

/// The pieces of a product's result: about a fixed amount of work each, rows or panels.
private struct GEMMPieces {
  private let m: Int
  private let panels: Int
  /// Rows of a piece, or panels.
  private let size: Int
  private let cutsRows: Bool
  let count: Int

  init(m: Int, n: Int, k: Int, panels: Int) {
    self.m = m
    self.panels = panels
    // A piece is worth some 2 µs at least, a hand-over taking less than half of one; reading a number
    // of B takes as long as two products. A larger number of pieces balances the load better.
    let wanted = max(1, min(16, (m + 2) * n * max(1, k) / 100_000))
    cutsRows = m >= n || panels == 1
    // Whole blocks of rows: 48 of them stay in the cache together, and so do 24.
    let most =
      cutsRows ? ((m + wanted - 1) / wanted + 23) / 24 * 24 : (panels + wanted - 1) / wanted
    size = max(1, most)
    count = ((cutsRows ? m : panels) + size - 1) / size
  }

  subscript(index: Int) -> (firstRow: Int, rows: Int, firstPanel: Int, panels: Int) {
    let first = index * size
    return cutsRows
      ? (first, min(size, m - first), 0, panels)
      : (0, m, first, min(size, panels - first))
  }
}

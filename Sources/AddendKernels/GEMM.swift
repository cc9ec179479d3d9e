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

/// `C = op(A) op(B)` in float32, through oneDNN where it is linked.
///
/// The result is cut into tiles of a fixed size, so it does not depend on the thread count.
public func gemm(
  _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, _ c: inout MutableSpan<Float>
) {
  let (m, n, k) = (shape.m, shape.n, shape.k)
  precondition(a.count == m * k && b.count == k * n && c.count == m * n, "gemm: extents")
  guard m > 0, n > 0 else { return }
  guard k > 0 else {
    if !shape.accumulates { c.update(repeating: 0) }
    return
  }
  // Where the sums are long and the result is small, tiles of the result would each lay out most of
  // the operands again.
  if k >= 4 * max(m, n), m * n * k >= 1 << 24 { return gemmAlongSums(shape, a, b, &c) }
  let tiles = GEMMTiles(shape)
  let (lda, ldb) = (shape.transposesA ? m : k, shape.transposesB ? k : n)
  guard let a = unsafe a.address, let b = unsafe b.address, let c = unsafe c.address else { return }
  ThreadPool.forEachPart(of: tiles.count, size: 1) { index, _ in
    let tile = tiles[index]
    let (i, j) = (tile.firstRow, tile.firstColumn)
    unsafe gemmPiece(
      shape, m: tile.rows, n: tile.columns, k: k, a + (shape.transposesA ? i : i * k), lda,
      b + (shape.transposesB ? j * k : j), ldb, accumulates: shape.accumulates, c + i * n + j)
  }
}

/// The product with the sums cut into eight parts, whose results are added in order.
private func gemmAlongSums(
  _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, _ c: inout MutableSpan<Float>
) {
  let (m, n, k) = (shape.m, shape.n, shape.k)
  let depth = (k + 7) / 8
  let partial = AlignedBuffer<Float>(uninitializedCount: 8 * m * n)
  var partialSpan = partial.uniqueSpan
  let (lda, ldb) = (shape.transposesA ? m : k, shape.transposesB ? k : n)
  guard let a = unsafe a.address, let b = unsafe b.address, let parts = unsafe partialSpan.address
  else { return }
  ThreadPool.forEachPart(of: k, size: depth) { first, count in
    unsafe gemmPiece(
      shape, m: m, n: n, k: count, a + (shape.transposesA ? first * m : first), lda,
      b + (shape.transposesB ? first : first * n), ldb, accumulates: false,
      parts + first / depth * m * n)
  }
  if !shape.accumulates { c.update(repeating: 0) }
  for part in 0..<(k + depth - 1) / depth {
    let sums = partial.span.extracting(part * m * n..<(part + 1) * m * n)
    FloatKernels.best.addScaled(1, sums, to: &c)
  }
}

/// A part of a product, on the calling thread. `lda` and `ldb` are the operands' row lengths.
// Safe when the extents lie inside the operands: C keeps no pointer.
@unsafe private func gemmPiece(
  _ shape: GEMMShape, m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ lda: Int,
  _ b: UnsafePointer<Float>, _ ldb: Int, accumulates: Bool, _ c: UnsafeMutablePointer<Float>
) {
  let scratch = AlignedBuffer<Float>(uninitializedCount: addend_gemm_f32_scratch())
  var scratchSpan = scratch.uniqueSpan
  unsafe addend_gemm_f32(
    shape.transposesA, shape.transposesB, m, n, k, a, lda, b, ldb, accumulates, c, shape.n,
    scratchSpan.address)
  // The address is used until here.
  withExtendedLifetime(scratch) {}
}

/// The tiles of a product's result: about a fixed amount of work each.
private struct GEMMTiles {
  private let shape: GEMMShape
  private let rows: Int
  private let columns: Int
  private let tilesAcross: Int
  let count: Int

  init(_ shape: GEMMShape) {
    self.shape = shape
    // A tile below some 2 MFLOP is not worth a hand-over; a larger number balances the load better.
    let wanted = max(1, min(16, shape.m * shape.n * max(1, shape.k) / 1_000_000))
    if shape.m >= shape.n {
      rows = max(1, ((shape.m + wanted - 1) / wanted + 15) & ~15)
      columns = shape.n
    } else {
      rows = shape.m
      columns = max(1, ((shape.n + wanted - 1) / wanted + 63) & ~63)
    }
    tilesAcross = (shape.n + columns - 1) / columns
    count = tilesAcross * ((shape.m + rows - 1) / rows)
  }

  subscript(index: Int) -> (firstRow: Int, firstColumn: Int, rows: Int, columns: Int) {
    let (i, j) = (index / tilesAcross * rows, index % tilesAcross * columns)
    return (i, j, min(rows, shape.m - i), min(columns, shape.n - j))
  }
}

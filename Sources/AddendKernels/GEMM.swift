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
  guard k > 0 else {
    if !shape.accumulates { c.update(repeating: 0) }
    return
  }
  let tiles = GEMMTiles(shape)
  let (lda, ldb) = (shape.transposesA ? m : k, shape.transposesB ? k : n)
  guard let a = unsafe a.address, let b = unsafe b.address, let c = unsafe c.address else { return }
  ThreadPool.forEachPart(of: tiles.count, size: 1) { index, _ in
    let tile = tiles[index]
    let (i, j) = (tile.firstRow, tile.firstColumn)
    let scratch = AlignedBuffer<Float>(uninitializedCount: addend_gemm_f32_scratch())
    var scratchSpan = scratch.uniqueSpan
    // Safe: the extents were checked above, tiles lie inside them, and C keeps no pointer.
    unsafe addend_gemm_f32(
      shape.transposesA, shape.transposesB, tile.rows, tile.columns, k,
      a + (shape.transposesA ? i : i * k), lda, b + (shape.transposesB ? j * k : j), ldb,
      shape.accumulates, c + i * n + j, n, scratchSpan.address)
  }
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

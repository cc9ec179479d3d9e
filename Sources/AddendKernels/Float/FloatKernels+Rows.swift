internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

extension FloatKernels {
  /// Rows of a matrix that a thread works on at a time.
  static func partRows(columns: Int) -> Int { max(1, partSize / max(1, columns)) }

  /// `y[r, :] += row` for each row of `y`.
  public func addRow(_ row: Span<Float>, toEachRowOf y: inout MutableSpan<Float>) {
    let columns = row.count
    guard columns > 0, let row = unsafe row.address else { return }
    let rows = y.count / columns
    precondition(y.count == rows * columns, "addRow: extents")
    guard let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: rows, size: Self.partRows(columns: columns)) { first, count in
      unsafe table.pointee.add_row(count, columns, row, y + first * columns)
    }
  }

  /// Each row of `y` plus `bias`, plus `residual`, negative results made zero: the parts that are asked
  /// for, of rows as long as `columns`.
  public func finish(
    _ y: inout MutableSpan<Float>, columns: Int, bias: Span<Float>?, residual: Span<Float>?,
    rectifies: Bool
  ) {
    let rows = columns == 0 ? 0 : y.count / columns
    precondition(
      y.count == rows * columns && (bias?.count ?? columns) == columns
        && (residual?.count ?? y.count) == y.count, "finish: extents")
    guard bias != nil || residual != nil || rectifies, let y = unsafe y.address else { return }
    let (row, other) = unsafe (bias?.address, residual?.address)
    ThreadPool.forEachPart(of: rows, size: Self.partRows(columns: columns)) { first, count in
      unsafe table.pointee.finish_rows(
        count, columns, row, other.map { unsafe $0 + first * columns }, rectifies,
        y + first * columns)
    }
  }

  /// `sums[c] += Σ_r x[r, c]`.
  ///
  /// Wide matrices are shared out by columns, each summed in the order of the rows; narrow ones by
  /// rows, their parts' sums then added in order.
  public func addColumnSums(of x: Span<Float>, to sums: inout MutableSpan<Float>) {
    let columns = sums.count
    guard columns > 0, let sums = unsafe sums.address else { return }
    let rows = x.count / columns
    precondition(x.count == rows * columns, "addColumnSums: extents")
    guard let x = unsafe x.address else { return }
    let partRows = Self.partRows(columns: columns)
    guard columns < 1024, rows > partRows else {
      ThreadPool.forEachPart(of: columns, size: 512) { first, count in
        unsafe table.pointee.add_column_sums(rows, count, columns, x + first, sums + first)
      }
      return
    }
    let parts = (rows + partRows - 1) / partRows
    let partial = AlignedBuffer<Float>(uninitializedCount: parts * columns)
    var span = partial.uniqueSpan
    span.update(repeating: 0)
    guard let partSums = unsafe span.address else { return }
    ThreadPool.forEachPart(of: rows, size: partRows) { first, count in
      unsafe table.pointee.add_column_sums(
        count, columns, columns, x + first * columns, partSums + first / partRows * columns)
    }
    unsafe table.pointee.add_column_sums(parts, columns, columns, partSums, sums)
  }

  /// Each row of `logits` to its softmax.
  public func softmax(_ logits: Span<Float>, columns: Int, into y: inout MutableSpan<Float>) {
    precondition(columns > 0 && logits.count % columns == 0 && y.count == logits.count, "softmax")
    let rows = logits.count / columns
    guard let x = unsafe logits.address, let y = unsafe y.address else { return }
    ThreadPool.forEachPart(of: rows, size: Self.partRows(columns: columns)) { first, count in
      unsafe table.pointee.softmax(count, columns, x + first * columns, y + first * columns)
    }
  }

  /// Where the largest number is, the first of equals; 0 where there is none, or the first is NaN.
  public func indexOfLargest(_ x: Span<Float>) -> Int {
    guard let address = unsafe x.address else { return 0 }
    return unsafe table.pointee.index_of_largest(x.count, address)
  }

  /// Whether fewer than `rank` elements of `row` come before the one in `column`, larger ones first and
  /// the first of equals first. A NaN has no rank.
  public func isRanked(within rank: Int, column: Int, of row: Span<Float>) -> Bool {
    guard rank > 0, !row[column].isNaN, let address = unsafe row.address else { return false }
    return unsafe table.pointee.count_ahead(row.count, column, rank, address) < rank
  }
}

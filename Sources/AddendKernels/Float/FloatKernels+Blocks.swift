internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, runs and rows lie inside them, and
// nothing keeps a pointer.

extension FloatKernels {
  /// Equal runs of neighbouring numbers: the offset of the first and the distance between them.
  public typealias Runs = (first: Int, step: Int)

  /// Copies `count` runs of `length` numbers.
  public func copyRuns(
    _ count: Int, length: Int, from x: Span<Float>, _ source: Runs, to y: inout MutableSpan<Float>,
    _ target: Runs
  ) {
    guard count > 0, length > 0 else { return }
    precondition(
      source.first >= 0 && target.first >= 0 && source.step >= 0 && target.step >= 0
        && source.first + (count - 1) * source.step + length <= x.count
        && target.first + (count - 1) * target.step + length <= y.count, "copyRuns: extents")
    guard let x = unsafe x.address, let y = unsafe y.address else { return }
    let (from, to) = unsafe (x + source.first, y + target.first)
    if count == 1 {
      return ThreadPool.forEachPart(of: length, size: Self.partSize) { first, part in
        unsafe (to + first).update(from: from + first, count: part)
      }
    }
    // Runs that overlap are written in order, by one thread.
    let size = target.step < length ? count : max(1, Self.partSize / length)
    ThreadPool.forEachPart(of: count, size: size) { first, part in
      for i in first..<first + part {
        unsafe (to + i * target.step).update(from: from + i * source.step, count: length)
      }
    }
  }

  /// `y[i, :] = table[indices[i], :]`.
  public func gatherRows(
    of table: Span<Float>, width: Int, _ indices: Span<Int32>, into y: inout MutableSpan<Float>
  ) {
    precondition(y.count == indices.count * width, "gatherRows: extents")
    guard width > 0 else { return }
    Self.check(indices, rows: table.count / width)
    let count = indices.count
    guard let table = unsafe table.address, let indices = unsafe indices.address,
      let y = unsafe y.address
    else { return }
    ThreadPool.forEachPart(of: count, size: Self.partRows(columns: width)) { first, part in
      for i in first..<first + part {
        unsafe (y + i * width).update(from: table + Int(indices[i]) * width, count: width)
      }
    }
  }

  /// `table[indices[i], :] += rows[i, :]`, in order.
  public func addRows(
    _ rows: Span<Float>, width: Int, at indices: Span<Int32>, to table: inout MutableSpan<Float>
  ) {
    precondition(rows.count == indices.count * width, "addRows: extents")
    guard width > 0 else { return }
    Self.check(indices, rows: table.count / width)
    let count = indices.count
    guard let rows = unsafe rows.address, let indices = unsafe indices.address,
      let sums = unsafe table.address
    else { return }
    for i in 0..<count {
      unsafe self.table.pointee.add_scaled(
        width, 1, rows + i * width, sums + Int(indices[i]) * width)
    }
  }

  private static func check(_ indices: Span<Int32>, rows: Int) {
    for i in indices.indices {
      precondition(0..<rows ~= Int(indices[i]), "an index names a row")
    }
  }
}

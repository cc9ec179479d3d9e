internal import CAddendKernels

// Safe throughout, for the reasons that LogarithmicKernels.swift states.

extension LogarithmicKernels {
  /// `y[r, :] += α row` for each row of `y`, the product rounded first.
  public func addRow<Number: BitwiseCopyable>(
    _ row: Span<Number>, times alpha: UInt16, toEachRowOf y: inout MutableSpan<Number>
  ) {
    let width = row.count
    guard width > 0, let x = unsafe row.patterns else { return }
    let kernels = unsafe kernels
    unsafe forEachRow(of: &y, width: width) { unsafe kernels.add($0, width, alpha, x, $1) }
  }

  /// `y[r, :] ⊙= row` for each row of `y`.
  public func multiplyRows<Number: BitwiseCopyable>(
    of y: inout MutableSpan<Number>, by row: Span<Number>
  ) {
    let width = row.count
    guard width > 0, let x = unsafe row.patterns else { return }
    let kernels = unsafe kernels
    unsafe forEachRow(of: &y, width: width) { unsafe kernels.multiply($0, width, x, $1) }
  }

  /// `sums[c] = Σ_r x[r, c]`, a long sum each.
  public func columnSums<Number: BitwiseCopyable>(
    of x: Span<Number>, into sums: inout MutableSpan<Number>
  ) { sum(x, isByRow: false, over: 1, into: &sums) }

  /// `means[c] = Σ_r x[r, c] / rows`; neither the sum nor `1 / rows` need be numbers of the format.
  public func columnMeans<Number: BitwiseCopyable>(
    of x: Span<Number>, into means: inout MutableSpan<Number>
  ) { sum(x, isByRow: false, over: x.count / max(1, means.count), into: &means) }

  /// `sums[r] = Σ_c x[r, c]`, a long sum each.
  public func rowSums<Number: BitwiseCopyable>(
    of x: Span<Number>, into sums: inout MutableSpan<Number>
  ) { sum(x, isByRow: true, over: 1, into: &sums) }

  /// `means[r] = Σ_c x[r, c] / columns`; neither the sum nor `1 / columns` need be numbers of the
  /// format.
  public func rowMeans<Number: BitwiseCopyable>(
    of x: Span<Number>, into means: inout MutableSpan<Number>
  ) { sum(x, isByRow: true, over: x.count / max(1, means.count), into: &means) }

  private func sum<Number: BitwiseCopyable>(
    _ x: Span<Number>, isByRow: Bool, over count: Int, into sums: inout MutableSpan<Number>
  ) {
    guard sums.count > 0 else { return }
    precondition(x.count.isMultiple(of: sums.count), "sums of rows or columns: extents")
    let shape = GEMMShape(m: 1, n: sums.count, k: x.count / sums.count, transposesB: isByRow)
    gemm(shape, nil, x, bias: nil, shift: -arithmetic.logarithm(ofInteger: max(1, count)), &sums)
  }

  @unsafe private func forEachRow<Number: BitwiseCopyable>(
    of y: inout MutableSpan<Number>, width: Int,
    _ body: (UnsafePointer<addend_lns_table>, _ row: UnsafeMutablePointer<UInt16>) -> Void
  ) {
    precondition(y.count.isMultiple(of: width), "rows are whole")
    let rows = y.count / width
    guard let y = unsafe y.patterns else { return }
    ThreadPool.forEachPart(of: rows, size: max(1, Self.partSize / width)) { first, count in
      unsafe arithmetic.withTable { table in
        for r in first..<first + count { unsafe body(table, y + r * width) }
      }
    }
  }
}

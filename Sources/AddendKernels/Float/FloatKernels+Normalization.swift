internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

extension FloatKernels {
  /// Each column's mean and biased variance over the rows of `x`.
  ///
  /// Parts of the rows have their own moments, which are merged in double precision (Chan, Golub &
  /// LeVeque, 1983, eq. 2.1).
  public func columnMoments(
    of x: Span<Float>, mean: inout MutableSpan<Float>, variance: inout MutableSpan<Float>
  ) {
    let columns = mean.count
    precondition(variance.count == columns, "columnMoments: extents")
    let rows = Self.rowCount(x.count, columns)
    let partRows = Self.partRows(columns: columns)
    let (sums, squares) = unsafe columnSumPairs(rows: rows, columns: columns) {
      first, count, a, b in
      guard let x = unsafe x.address else { return }
      unsafe table.pointee.column_moments(count, columns, x + first * columns, a, b)
    }
    for c in 0..<columns {
      var total = 0.0
      for part in stride(from: c, to: sums.count, by: columns) { total += Double(sums.span[part]) }
      let center = total / Double(max(1, rows))
      var spread = 0.0
      for part in stride(from: c, to: sums.count, by: columns) {
        let count = Double(min(partRows, rows - part / columns * partRows))
        let deviation = Double(sums.span[part]) / count - center
        spread += Double(squares.span[part]) + count * deviation * deviation
      }
      mean[c] = Float(center)
      variance[c] = Float(spread / Double(max(1, rows)))
    }
  }

  /// `y = scale · (x − mean) · inverseDeviation + shift`, columns apart.
  public func normalize(
    _ x: Span<Float>, mean: Span<Float>, inverseDeviation: Span<Float>, scale: Span<Float>,
    shift: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    let columns = mean.count
    precondition(
      inverseDeviation.count == columns && scale.count == columns, "normalize: extents")
    let slope = Self.row(columns) { scale[$0] * inverseDeviation[$0] }
    normalize(x, mean: mean, slope: slope.span, shift: shift, into: &y)
  }

  /// `y = slope · (x − mean) + shift`, columns apart.
  public func normalize(
    _ x: Span<Float>, mean: Span<Float>, slope: Span<Float>, shift: Span<Float>,
    into y: inout MutableSpan<Float>
  ) {
    let columns = mean.count
    let rows = Self.rowCount(x.count, columns)
    precondition(
      slope.count == columns && shift.count == columns && y.count == x.count, "normalize: extents")
    guard let x = unsafe x.address, let mean = unsafe mean.address, let y = unsafe y.address,
      let slope = unsafe slope.address, let shift = unsafe shift.address
    else { return }
    ThreadPool.forEachPart(of: rows, size: Self.partRows(columns: columns)) { first, count in
      let offset = first * columns
      unsafe table.pointee.normalize(
        count, columns, x + offset, mean, slope, shift, y + offset)
    }
  }

  /// The gradients of `normalize` with the batch's own moments; all three results are overwritten.
  public func normalizationGradient(
    x: Span<Float>, dy: Span<Float>, mean: Span<Float>, inverseDeviation: Span<Float>,
    scale: Span<Float>, into dx: inout MutableSpan<Float>,
    scaleGradient: inout MutableSpan<Float>, shiftGradient: inout MutableSpan<Float>
  ) {
    let columns = mean.count
    let rows = Self.rowCount(x.count, columns)
    precondition(
      dy.count == x.count && dx.count == x.count && inverseDeviation.count == columns
        && scale.count == columns && scaleGradient.count == columns
        && shiftGradient.count == columns, "normalizationGradient: extents")
    let (sums, products) = unsafe columnSumPairs(rows: rows, columns: columns) {
      first, count, a, b in
      guard let x = unsafe x.address, let dy = unsafe dy.address, let mean = unsafe mean.address
      else { return }
      unsafe table.pointee.column_products(
        count, columns, x + first * columns, dy + first * columns, mean, a, b)
    }
    for c in 0..<columns {
      var (sum, product) = (0.0, 0.0)
      for part in stride(from: c, to: sums.count, by: columns) {
        sum += Double(sums.span[part])
        product += Double(products.span[part])
      }
      shiftGradient[c] = Float(sum)
      scaleGradient[c] = Float(product * Double(inverseDeviation[c]))
    }
    // dx = scale · inverseDeviation · (dy − shiftGradient / rows − x̂ · scaleGradient / rows)
    let share = 1 / Float(max(1, rows))
    let (dShift, dScale) = (shiftGradient.span, scaleGradient.span)
    let slope = Self.row(columns) { scale[$0] * inverseDeviation[$0] }
    let offset = Self.row(columns) { dShift[$0] * share }
    let tilt = Self.row(columns) { dScale[$0] * inverseDeviation[$0] * share }
    guard let x = unsafe x.address, let dy = unsafe dy.address, let mean = unsafe mean.address,
      let offset = unsafe offset.span.address, let tilt = unsafe tilt.span.address,
      let slope = unsafe slope.span.address, let dx = unsafe dx.address
    else { return }
    ThreadPool.forEachPart(of: rows, size: Self.partRows(columns: columns)) { first, count in
      let start = first * columns
      unsafe table.pointee.normalization_gradient(
        count, columns, x + start, dy + start, mean, offset, tilt, slope, dx + start)
    }
  }

  /// Two sums for every column and every part of the rows: `[parts, columns]` each.
  func columnSumPairs(
    rows: Int, columns: Int,
    _ body: (
      _ first: Int, _ count: Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void
  ) -> (AlignedBuffer<Float>, AlignedBuffer<Float>) {
    let partRows = Self.partRows(columns: columns)
    let count = (rows + partRows - 1) / partRows * columns
    let pair = (
      AlignedBuffer<Float>(uninitializedCount: count),
      AlignedBuffer<Float>(uninitializedCount: count)
    )
    var first = pair.0.uniqueSpan
    var second = pair.1.uniqueSpan
    guard let a = unsafe first.address, let b = unsafe second.address else { return pair }
    ThreadPool.forEachPart(of: rows, size: partRows) { row, count in
      let start = row / partRows * columns
      unsafe body(row, count, a + start, b + start)
    }
    return pair
  }

  /// A number for every column.
  private static func row(_ columns: Int, _ value: (Int) -> Float) -> AlignedBuffer<Float> {
    let row = AlignedBuffer<Float>(uninitializedCount: columns)
    var span = row.uniqueSpan
    for c in 0..<columns { span[c] = value(c) }
    return row
  }

  private static func rowCount(_ count: Int, _ columns: Int) -> Int {
    guard columns > 0 else { return 0 }
    precondition(count % columns == 0, "normalisation: rows are whole")
    return count / columns
  }
}

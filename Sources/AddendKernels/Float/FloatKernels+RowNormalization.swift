internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

extension FloatKernels {
  /// `y = scale · (x − mean) / √(variance + ε) + shift`, each row with its own moments, which are left in
  /// `mean` and `inverseDeviation`.
  public func normalizeRows(
    _ x: Span<Float>, epsilon: Double, scale: Span<Float>, shift: Span<Float>,
    into y: inout MutableSpan<Float>, mean: inout MutableSpan<Float>,
    inverseDeviation: inout MutableSpan<Float>
  ) {
    let (rows, columns) = (mean.count, scale.count)
    precondition(
      shift.count == columns && y.count == x.count && x.count == rows * columns
        && inverseDeviation.count == rows, "normalizeRows: extents")
    guard let mean = unsafe mean.address, let inverse = unsafe inverseDeviation.address,
      let x = unsafe x.address, let scale = unsafe scale.address, let shift = unsafe shift.address,
      let y = unsafe y.address
    else { return }
    ThreadPool.forEachPart(of: rows, size: Self.partRows(columns: columns)) { first, count in
      let start = first * columns
      unsafe table.pointee.normalize_rows(
        count, columns, Float(epsilon), x + start, scale, shift, y + start, mean + first,
        inverse + first)
    }
  }

  /// The gradients of `normalizeRows`; all three results are overwritten.
  public func rowNormalizationGradient(
    x: Span<Float>, dy: Span<Float>, mean: Span<Float>, inverseDeviation: Span<Float>,
    scale: Span<Float>, into dx: inout MutableSpan<Float>,
    scaleGradient: inout MutableSpan<Float>, shiftGradient: inout MutableSpan<Float>
  ) {
    let (rows, columns) = (mean.count, scale.count)
    precondition(
      x.count == rows * columns && dy.count == x.count && dx.count == x.count
        && inverseDeviation.count == rows && scaleGradient.count == columns
        && shiftGradient.count == columns, "rowNormalizationGradient: extents")
    let target = unsafe dx.address
    let (scales, shifts) = unsafe columnSumPairs(rows: rows, columns: columns) {
      first, count, scaleSums, shiftSums in
      guard let x = unsafe x.address, let dy = unsafe dy.address, let mean = unsafe mean.address,
        let inverse = unsafe inverseDeviation.address, let scale = unsafe scale.address,
        let dx = unsafe target
      else { return }
      let start = first * columns
      unsafe table.pointee.row_normalization_gradient(
        count, columns, x + start, dy + start, mean + first, inverse + first, scale, dx + start,
        scaleSums, shiftSums)
    }
    for c in 0..<columns {
      var (scaleSum, shiftSum) = (0.0, 0.0)
      for part in stride(from: c, to: scales.count, by: columns) {
        scaleSum += Double(scales.span[part])
        shiftSum += Double(shifts.span[part])
      }
      scaleGradient[c] = Float(scaleSum)
      shiftGradient[c] = Float(shiftSum)
    }
  }
}

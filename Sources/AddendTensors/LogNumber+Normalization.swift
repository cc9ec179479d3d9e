internal import AddendKernels

// Normalisation of logarithms through kernels. Added one by one, equal numbers stop adding up after
// some 2^(fraction + 1) / ln 2 of them, fewer than a batch has pixels: moments and gradients are long
// sums, and are divided before they are rounded.

extension LogNumber {
  public static func columnMoments(
    of x: Span<Self>, mean: inout MutableSpan<Self>, variance: inout MutableSpan<Self>
  ) {
    let channels = mean.count
    precondition(
      variance.count == channels && x.count.isMultiple(of: max(1, channels)),
      "columnMoments: extents")
    guard channels > 0 else { return }
    kernels.columnMeans(of: x, into: &mean)
    var deviations = copy(of: x)
    var span = deviations.mutableSpan
    kernels.addRow(mean.span, times: minusOne, toEachRowOf: &span)
    square(&span)
    kernels.columnMeans(of: deviations.span, into: &variance)
  }

  public static func normalize(
    _ x: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>, scale: Span<Self>,
    shift: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    let channels = mean.count
    precondition(
      inverseDeviation.count == channels && scale.count == channels && shift.count == channels
        && y.count == x.count, "normalize: extents")
    y.update(from: x)
    let slopes = product(of: scale, inverseDeviation)
    kernels.addRow(mean, times: minusOne, toEachRowOf: &y)
    kernels.multiplyRows(of: &y, by: slopes.span)
    addRow(shift, toEachRowOf: &y)
  }

  public static func normalizationGradient(
    x: Span<Self>, dy: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>,
    scale: Span<Self>, into dx: inout MutableSpan<Self>, scaleGradient: inout MutableSpan<Self>,
    shiftGradient: inout MutableSpan<Self>
  ) {
    let channels = mean.count
    precondition(
      dy.count == x.count && dx.count == x.count && inverseDeviation.count == channels
        && scale.count == channels && scaleGradient.count == channels
        && shiftGradient.count == channels && x.count.isMultiple(of: max(1, channels)),
      "normalizationGradient: extents")
    guard channels > 0 else { return }
    let rows = max(1, x.count / channels)
    var deviations = copy(of: x)
    var centered = deviations.mutableSpan
    kernels.addRow(mean, times: minusOne, toEachRowOf: &centered)

    kernels.columnSums(of: dy, into: &shiftGradient)
    dx.update(from: dy)
    multiply(&dx, by: centered.span)
    kernels.columnSums(of: dx.span, into: &scaleGradient)
    multiply(&scaleGradient, by: inverseDeviation)

    // dx = scale · inverseDeviation · (dy − shiftGradient / rows − x̂ · scaleGradient / rows)
    let tilts = product(of: scaleGradient.span, inverseDeviation)
    let tilt = Tensor<Self>([channels]) { divide(tilts.span, by: rows, into: &$0) }
    let offset = Tensor<Self>([channels]) { divide(shiftGradient.span, by: rows, into: &$0) }
    kernels.multiplyRows(of: &centered, by: tilt.span)
    dx.update(from: dy)
    kernels.addRow(offset.span, times: minusOne, toEachRowOf: &dx)
    kernels.addScaled(minusOne, centered.span, to: &dx)
    let slopes = product(of: scale, inverseDeviation)
    kernels.multiplyRows(of: &dx, by: slopes.span)
  }

  public static func normalizeRows(
    _ x: Span<Self>, epsilon: Double, scale: Span<Self>, shift: Span<Self>,
    into y: inout MutableSpan<Self>, mean: inout MutableSpan<Self>,
    inverseDeviation: inout MutableSpan<Self>
  ) {
    let (rows, columns) = (mean.count, scale.count)
    precondition(
      shift.count == columns && y.count == x.count && x.count == rows * columns
        && inverseDeviation.count == rows, "normalizeRows: extents")
    guard x.count > 0 else { return }
    kernels.rowMeans(of: x, into: &mean)
    y.update(from: x)
    subtractEach(of: mean.span, fromRowsOf: &y)
    var squares = copy(of: y.span)
    var span = squares.mutableSpan
    square(&span)
    kernels.rowMeans(of: squares.span, into: &inverseDeviation)
    for r in 0..<rows {
      inverseDeviation[r] = Self.inverseDeviation(of: inverseDeviation[r], epsilon: epsilon)
    }
    multiplyRows(of: &y, byEachOf: inverseDeviation.span)
    kernels.multiplyRows(of: &y, by: scale)
    addRow(shift, toEachRowOf: &y)
  }

  public static func rowNormalizationGradient(
    x: Span<Self>, dy: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>,
    scale: Span<Self>, into dx: inout MutableSpan<Self>, scaleGradient: inout MutableSpan<Self>,
    shiftGradient: inout MutableSpan<Self>
  ) {
    let (rows, columns) = (mean.count, scale.count)
    precondition(
      x.count == rows * columns && dy.count == x.count && dx.count == x.count
        && inverseDeviation.count == rows && scaleGradient.count == columns
        && shiftGradient.count == columns, "rowNormalizationGradient: extents")
    guard x.count > 0 else {
      fill(&scaleGradient, with: .zero)
      fill(&shiftGradient, with: .zero)
      return
    }
    var numbers = copy(of: x)
    var normalized = numbers.mutableSpan
    subtractEach(of: mean, fromRowsOf: &normalized)
    multiplyRows(of: &normalized, byEachOf: inverseDeviation)

    dx.update(from: dy)
    multiply(&dx, by: normalized.span)
    kernels.columnSums(of: dx.span, into: &scaleGradient)
    kernels.columnSums(of: dy, into: &shiftGradient)

    // dx = (g − mean(g) − x̂ mean(g x̂)) / deviation, where g = dy · scale
    kernels.multiplyRows(of: &dx, by: scale)
    let tilt = Tensor<Self>([rows]) { kernels.rowMeans(of: dx.span, into: &$0) }
    multiplyRows(of: &normalized, byEachOf: tilt.span)
    dx.update(from: dy)
    kernels.multiplyRows(of: &dx, by: scale)
    let offset = Tensor<Self>([rows]) { kernels.rowMeans(of: dx.span, into: &$0) }
    subtractEach(of: offset.span, fromRowsOf: &dx)
    kernels.addScaled(minusOne, normalized.span, to: &dx)
    multiplyRows(of: &dx, byEachOf: inverseDeviation)
  }

  private static var minusOne: UInt16 { (-one).bitPattern }

  private static func copy(of x: Span<Self>) -> Tensor<Self> {
    Tensor([x.count]) { $0.update(from: x) }
  }

  private static func product(of a: Span<Self>, _ b: Span<Self>) -> Tensor<Self> {
    var result = copy(of: a)
    var span = result.mutableSpan
    multiply(&span, by: b)
    return result
  }

  static func square(_ y: inout MutableSpan<Self>) {
    let factor = copy(of: y.span)
    multiply(&y, by: factor.span)
  }

  /// `y = x / n`, where neither `n` nor `1 / n` need be numbers of the format.
  private static func divide(_ x: Span<Self>, by n: Int, into y: inout MutableSpan<Self>) {
    for i in x.indices {
      y[i] = Self(bitPattern: arithmetic.quotient(x[i].bitPattern, byInteger: n))
    }
  }

  /// `y[r, :] -= column[r]`.
  private static func subtractEach(of column: Span<Self>, fromRowsOf y: inout MutableSpan<Self>) {
    let width = y.count / column.count
    let ones = Tensor<Self>([width], repeating: one)
    for r in column.indices {
      var row = y.part(r * width..<(r + 1) * width)
      kernels.addScaled((-column[r]).bitPattern, ones.span, to: &row)
    }
  }

  /// `y[r, :] ·= column[r]`.
  private static func multiplyRows(
    of y: inout MutableSpan<Self>, byEachOf column: Span<Self>
  ) {
    let width = y.count / column.count
    for r in column.indices {
      var row = y.part(r * width..<(r + 1) * width)
      scale(&row, by: column[r])
    }
  }
}

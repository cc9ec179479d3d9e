// Batch normalisation (Ioffe & Szegedy, 2015, algorithm 1) of `x: [rows, channels]`:
//   x̂ = (x − mean) · inverseDeviation,  inverseDeviation = 1 / √(variance + ε),  y = scale · x̂ + shift

extension TensorScalar {
  public static func columnMoments(
    of x: Span<Self>, mean: inout MutableSpan<Self>, variance: inout MutableSpan<Self>
  ) {
    let channels = mean.count
    precondition(variance.count == channels, "columnMoments: extents")
    let rows = rowCount(x.count, channels)
    let share = Self(constant: 1 / Double(max(1, rows)))
    for c in 0..<channels {
      var sum = Self.zero
      for r in 0..<rows { sum += x[r * channels + c] }
      mean[c] = sum * share
      var squares = Self.zero
      for r in 0..<rows {
        let deviation = x[r * channels + c] - mean[c]
        squares += deviation * deviation
      }
      variance[c] = squares * share
    }
  }

  public static func normalize(
    _ x: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>, scale: Span<Self>,
    shift: Span<Self>, into y: inout MutableSpan<Self>
  ) {
    let channels = mean.count
    let rows = rowCount(x.count, channels)
    precondition(
      inverseDeviation.count == channels && scale.count == channels && shift.count == channels
        && y.count == x.count, "normalize: extents")
    for c in 0..<channels {
      let slope = scale[c] * inverseDeviation[c]
      for r in 0..<rows {
        let i = r * channels + c
        y[i] = (x[i] - mean[c]) * slope + shift[c]
      }
    }
  }

  public static func normalizationGradient(
    x: Span<Self>, dy: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>,
    scale: Span<Self>, into dx: inout MutableSpan<Self>, scaleGradient: inout MutableSpan<Self>,
    shiftGradient: inout MutableSpan<Self>
  ) {
    let channels = mean.count
    let rows = rowCount(x.count, channels)
    precondition(
      dy.count == x.count && dx.count == x.count && inverseDeviation.count == channels
        && scale.count == channels && scaleGradient.count == channels
        && shiftGradient.count == channels, "normalizationGradient: extents")
    let share = Self(constant: 1 / Double(max(1, rows)))
    for c in 0..<channels {
      var (sum, correlation) = (Self.zero, Self.zero)
      for r in 0..<rows {
        let i = r * channels + c
        sum += dy[i]
        correlation += dy[i] * (x[i] - mean[c])
      }
      shiftGradient[c] = sum
      scaleGradient[c] = correlation * inverseDeviation[c]
      // dx = scale · inverseDeviation · (dy − shiftGradient / rows − x̂ · scaleGradient / rows)
      let slope = scale[c] * inverseDeviation[c]
      let offset = sum * share
      let tilt = scaleGradient[c] * inverseDeviation[c] * share
      for r in 0..<rows {
        let i = r * channels + c
        dx[i] = (dy[i] - offset - (x[i] - mean[c]) * tilt) * slope
      }
    }
  }

  private static func rowCount(_ count: Int, _ channels: Int) -> Int {
    guard channels > 0 else { return 0 }
    precondition(count % channels == 0, "normalisation: rows are whole")
    return count / channels
  }
}

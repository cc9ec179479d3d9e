// Layer normalisation (Ba, Kiros & Hinton, 2016) of each row of `x: [rows, columns]` apart:
//   x̂ = (x − mean(x)) / √(variance(x) + ε),  y = scale · x̂ + shift

extension TensorScalar {
  @specialized(where Self == Float)
  public static func normalizeRows(
    _ x: Span<Self>, epsilon: Double, scale: Span<Self>, shift: Span<Self>,
    into y: inout MutableSpan<Self>, mean: inout MutableSpan<Self>,
    inverseDeviation: inout MutableSpan<Self>
  ) {
    let columns = scale.count
    precondition(
      shift.count == columns && y.count == x.count && x.count == mean.count * columns
        && inverseDeviation.count == mean.count, "normalizeRows: extents")
    let share = Self(constant: 1 / Double(max(1, columns)))
    for r in mean.indices {
      let first = r * columns
      var sum = Self.zero
      for c in 0..<columns { sum += x[first + c] }
      let center = sum * share
      var squares = Self.zero
      for c in 0..<columns {
        let deviation = x[first + c] - center
        squares += deviation * deviation
      }
      let inverse = Self(constant: 1) / squareRoot(squares * share + Self(constant: epsilon))
      for c in 0..<columns {
        y[first + c] = (x[first + c] - center) * inverse * scale[c] + shift[c]
      }
      mean[r] = center
      inverseDeviation[r] = inverse
    }
  }

  public static func rowNormalizationGradient(
    x: Span<Self>, dy: Span<Self>, mean: Span<Self>, inverseDeviation: Span<Self>,
    scale: Span<Self>, into dx: inout MutableSpan<Self>, scaleGradient: inout MutableSpan<Self>,
    shiftGradient: inout MutableSpan<Self>
  ) {
    let columns = scale.count
    precondition(
      x.count == mean.count * columns && dy.count == x.count && dx.count == x.count
        && inverseDeviation.count == mean.count && scaleGradient.count == columns
        && shiftGradient.count == columns, "rowNormalizationGradient: extents")
    let share = Self(constant: 1 / Double(max(1, columns)))
    for c in 0..<columns {
      scaleGradient[c] = .zero
      shiftGradient[c] = .zero
    }
    for r in mean.indices {
      let (first, center, inverse) = (r * columns, mean[r], inverseDeviation[r])
      var (sum, correlation) = (Self.zero, Self.zero)
      for c in 0..<columns {
        let normalized = (x[first + c] - center) * inverse
        let gradient = dy[first + c] * scale[c]
        scaleGradient[c] += dy[first + c] * normalized
        shiftGradient[c] += dy[first + c]
        sum += gradient
        correlation += gradient * normalized
      }
      // dx = (g − mean(g) − x̂ mean(g x̂)) / deviation, where g = dy · scale
      let (offset, tilt) = (sum * share, correlation * share)
      for c in 0..<columns {
        let normalized = (x[first + c] - center) * inverse
        dx[first + c] = (dy[first + c] * scale[c] - offset - normalized * tilt) * inverse
      }
    }
  }
}

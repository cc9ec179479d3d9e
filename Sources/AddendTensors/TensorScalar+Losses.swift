extension TensorScalar {
  public static func squaredError(
    _ y: Span<Self>, targets: Span<Float>, weight: Double, gradient: inout MutableSpan<Self>
  ) -> Double {
    precondition(y.count == targets.count && gradient.count == y.count, "squaredError: extents")
    let slope = Self(constant: 2 * weight)
    var sum = 0.0
    for i in y.indices {
      let error = y[i] - Self(Double(targets[i]))
      sum += error.reported * error.reported
      gradient[i] = slope * error
    }
    return sum
  }

  public static func squaredHinge(
    _ y: Span<Self>, columns: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Self>
  ) -> Double {
    precondition(
      y.count == columns * classes.count && gradient.count == y.count,
      "squaredHinge: one class a row")
    let slope = Self(constant: 2 * weight)
    var sum = 0.0
    for r in classes.indices {
      for c in 0..<columns {
        let i = r * columns + c
        let margin = classes[r] == Int32(c) ? Self(constant: 1) - y[i] : Self(constant: 1) + y[i]
        // Not `margin > 0`: NaN must show in the sum.
        guard classes[r] >= 0, !(margin <= .zero) else {
          gradient[i] = .zero
          continue
        }
        sum += margin.reported * margin.reported
        gradient[i] = classes[r] == Int32(c) ? -(slope * margin) : slope * margin
      }
    }
    return sum
  }

  public static func isRanked(within rank: Int, column: Int, of row: Span<Self>) -> Bool {
    guard row[column] == row[column] else { return false }
    var larger = 0
    for c in row.indices where row[c] > row[column] || (row[c] == row[column] && c < column) {
      larger += 1
      if larger >= rank { return false }
    }
    return larger < rank
  }
}

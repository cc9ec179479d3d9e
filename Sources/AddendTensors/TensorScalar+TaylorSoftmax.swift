// f(z) = Σ z^i / i! over i from 0 to an even order n is positive, and f′ is the same sum to n − 1.
//
// Powers of large numbers would overflow: f^10 of 32,000 does in float32. Of a row with the largest
// magnitude m (or 1, if that is larger), f(z) / m^n = Σ (z / m)^i c_i with c_i = m^(i−n) / i! is
// computed in its place. The factor cancels in probabilities, and the logarithms get it back.

/// The series of one row, divided by `m^n`.
private struct ScaledSeries<Scalar: TensorScalar> {
  let order: Int
  /// `m`.
  private(set) var scale = 1.0
  private var divisor = Scalar(1)
  /// `c_i`, from `i = 0` on.
  private var coefficients: [Scalar]

  init(order: Int) {
    self.order = order
    coefficients = Array(repeating: .zero, count: order + 1)
  }

  mutating func prepare(for row: Span<Scalar>) {
    var largest = Scalar(1)
    for i in row.indices {
      largest = row[i] > largest ? row[i] : -row[i] > largest ? -row[i] : largest
    }
    (scale, divisor) = (largest.double, largest)
    var coefficient = 1 / TaylorSeries.factorial(order)
    for i in stride(from: order, through: 0, by: -1) {
      coefficients[i] = Scalar(coefficient)
      coefficient *= Double(i) / scale
    }
  }

  /// `f(z) / m^n` and `f′(z) / m^n`.
  func callAsFunction(_ z: Scalar) -> (value: Scalar, slope: Scalar) {
    let u = z / divisor
    var value = coefficients[order]
    var slope = coefficients[order - 1]
    for i in stride(from: order - 2, through: 0, by: -1) {
      value = value * u + coefficients[i + 1]
      slope = slope * u + coefficients[i]
    }
    return (value * u + coefficients[0], slope)
  }
}

/// The series of one number in Double, without overflow.
private enum TaylorSeries {
  static func factorial(_ n: Int) -> Double { n < 2 ? 1 : Double(n) * factorial(n - 1) }

  /// `Σ_{i ≤ n} z^i / i!` where |z| ≤ 1, else that over `z^n`.
  private static func sum(_ n: Int, _ z: Double) -> Double {
    var sum = 0.0
    if z.magnitude <= 1 {
      for i in stride(from: n, through: 0, by: -1) { sum = sum * z + 1 / factorial(i) }
    } else {
      for i in 0...n { sum = sum / z + 1 / factorial(i) }
    }
    return sum
  }

  /// `log f(z)`.
  static func logarithm(_ order: Int, _ z: Double) -> Double {
    let log = Math.log(sum(order, z))
    return z.magnitude <= 1 ? log : log + Double(order) * Math.log(z.magnitude)
  }

  /// `f′(z) / f(z)`.
  static func relativeSlope(_ order: Int, _ z: Double) -> Double {
    let ratio = sum(order - 1, z) / sum(order, z)
    return z.magnitude <= 1 ? ratio : ratio / z
  }
}

extension TensorScalar {
  public static func taylorSoftmax(
    _ logits: Span<Self>, columns: Int, order: Int, into y: inout MutableSpan<Self>
  ) {
    precondition(order > 0 && order.isMultiple(of: 2), "taylorSoftmax: an even order")
    precondition(
      y.count == logits.count && (columns == 0 || logits.count.isMultiple(of: columns)),
      "taylorSoftmax: extents")
    var series = ScaledSeries<Self>(order: order)
    for first in stride(from: 0, to: logits.count, by: max(1, columns)) {
      series.prepare(for: logits.extracting(first..<first + columns))
      var sum = 0.0
      for i in first..<first + columns {
        y[i] = series(logits[i]).value
        sum += y[i].double
      }
      let share = Self(1 / sum)
      for i in first..<first + columns { y[i] *= share }
    }
  }

  public static func taylorCrossEntropy(
    _ logits: Span<Self>, columns: Int, order: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Self>
  ) -> Double {
    precondition(order > 0 && order.isMultiple(of: 2), "taylorCrossEntropy: an even order")
    precondition(
      logits.count == columns * classes.count && gradient.count == logits.count,
      "taylorCrossEntropy: one class a row")
    var series = ScaledSeries<Self>(order: order)
    var total = 0.0
    for row in classes.indices {
      let first = row * columns
      guard classes[row] >= 0 else {
        for i in first..<first + columns { gradient[i] = .zero }
        continue
      }
      series.prepare(for: logits.extracting(first..<first + columns))
      var sum = 0.0
      for i in first..<first + columns {
        let (value, slope) = series(logits[i])
        gradient[i] = slope
        sum += value.double
      }
      let share = Self(weight / sum)
      for i in first..<first + columns { gradient[i] *= share }
      let target = first + Int(classes[row])
      let z = logits[target].double
      gradient[target] -= Self(weight * TaylorSeries.relativeSlope(order, z))
      total +=
        Math.log(sum) + Double(order) * Math.log(series.scale) - TaylorSeries.logarithm(order, z)
    }
    return total
  }
}

extension TensorScalar {
  public static func addRow(_ row: Span<Self>, toEachRowOf y: inout MutableSpan<Self>) {
    guard row.count > 0 else { return }
    precondition(y.count % row.count == 0, "addRow: extents")
    for first in stride(from: 0, to: y.count, by: row.count) {
      for c in row.indices { y[first + c] += row[c] }
    }
  }

  public static func addColumnSums(of x: Span<Self>, to sums: inout MutableSpan<Self>) {
    guard sums.count > 0 else { return }
    precondition(x.count % sums.count == 0, "addColumnSums: extents")
    for first in stride(from: 0, to: x.count, by: sums.count) {
      for c in sums.indices { sums[c] += x[first + c] }
    }
  }

  public static func columnMeans(of x: Span<Self>, into means: inout MutableSpan<Self>) {
    fill(&means, with: .zero)
    addColumnSums(of: x, to: &means)
    scale(&means, by: Self(constant: Double(means.count) / Double(max(1, x.count))))
  }

  public static func indexOfLargest(_ x: Span<Self>) -> Int {
    var best = 0
    for i in x.indices where x[i] > x[best] { best = i }
    return best
  }

  public static func softmax(_ logits: Span<Self>, columns: Int, into y: inout MutableSpan<Self>) {
    precondition(columns > 0 && logits.count % columns == 0 && y.count == logits.count, "softmax")
    for first in stride(from: 0, to: logits.count, by: columns) {
      let row = first..<first + columns
      for i in row { y[i] = logits[i] }
      let sum = exponentials(of: &y, in: row, below: largest(of: y.span, in: row))
      for i in row { y[i] = y[i] / sum }
    }
  }

  public static func softmaxCrossEntropy(
    _ logits: inout MutableSpan<Self>, columns: Int, classes: Span<Int32>, smoothing: Double,
    weight: Double
  ) -> Double {
    precondition(
      columns > 0 && logits.count == columns * classes.count,
      "softmaxCrossEntropy: one class a row")
    let spread = Self(constant: weight * smoothing / Double(columns))
    let (weight, peak) = (Self(constant: weight), Self(constant: weight * (1 - smoothing)))
    var loss = 0.0
    for r in classes.indices {
      let row = r * columns..<(r + 1) * columns
      let target = Int(classes[r])
      precondition(target < columns, "softmaxCrossEntropy: class \(target) of \(columns)")
      guard target >= 0 else {
        for i in row { logits[i] = .zero }
        continue
      }
      let largest = largest(of: logits.span, in: row)
      loss -= (1 - smoothing) * (logits[row.lowerBound + target] - largest).double
      if smoothing > 0 {
        for i in row { loss -= smoothing / Double(columns) * (logits[i] - largest).double }
      }
      // −log softmax, which stays finite where the probability itself would underflow.
      let sum = exponentials(of: &logits, in: row, below: largest)
      loss += Math.log(sum.double)
      let factor = weight / sum
      for i in row { logits[i] = logits[i] * factor - spread }
      logits[row.lowerBound + target] -= peak
    }
    return loss
  }

  private static func largest(of x: Span<Self>, in row: Range<Int>) -> Self {
    var largest = x[row.lowerBound]
    for i in row.dropFirst() { largest = max(largest, x[i]) }
    return largest
  }

  /// `x ← e^(x − largest)` within a row; returns the sum of the results.
  private static func exponentials(
    of x: inout MutableSpan<Self>, in row: Range<Int>, below largest: Self
  ) -> Self {
    var sum = Self.zero
    for i in row {
      x[i] = exp(x[i] - largest)
      sum += x[i]
    }
    return sum
  }
}

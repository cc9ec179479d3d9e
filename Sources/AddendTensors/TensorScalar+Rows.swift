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

  public static func softmax(_ logits: Span<Self>, columns: Int, into y: inout MutableSpan<Self>) {
    precondition(columns > 0 && logits.count % columns == 0 && y.count == logits.count, "softmax")
    for first in stride(from: 0, to: logits.count, by: columns) {
      var largest = logits[first]
      for c in 1..<max(1, columns) { largest = max(largest, logits[first + c]) }
      var sum = Self.zero
      for c in 0..<columns {
        y[first + c] = exp(logits[first + c] - largest)
        sum += y[first + c]
      }
      for c in 0..<columns { y[first + c] = y[first + c] / sum }
    }
  }
}

extension Tensor {
  /// Adds `row` to each row.
  public mutating func addToEachRow(_ row: Tensor) {
    var span = mutableSpan
    Scalar.addRow(row.span, toEachRowOf: &span)
  }

  /// The column of each row's largest element, the first of equals: the predicted class.
  public func largestColumns() -> [Int] {
    guard let columns = shape.last, columns > 0 else { return [] }
    let span = span
    return (0..<rows).map { row in
      Scalar.indexOfLargest(span.extracting(row * columns..<(row + 1) * columns))
    }
  }
}

extension Tensor {
  /// Some of the outermost axis's elements, in the order given.
  public func gathered(_ indices: [Int]) -> Tensor {
    let size = shape.element.count
    let source = span
    return Tensor(shape.element.batched(indices.count)) { target in
      for (row, index) in indices.enumerated() {
        for i in 0..<size { target[row * size + i] = source[index * size + i] }
      }
    }
  }
}

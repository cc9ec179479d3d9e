extension Tensor {
  /// The column of each row's largest element, the first of equals: the predicted class.
  public func largestColumns() -> [Int] {
    guard let columns = shape.last, columns > 0 else { return [] }
    let span = span
    return (0..<rows).map { row in
      Scalar.indexOfLargest(span.extracting(row * columns..<(row + 1) * columns))
    }
  }
}

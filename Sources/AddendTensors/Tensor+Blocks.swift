extension Tensor {
  /// The columns `range` of every row: a part of the last axis.
  public func columns(_ range: Range<Int>) -> Tensor {
    let width = shape.last ?? 1
    precondition(range.lowerBound >= 0 && range.upperBound <= width, "columns \(range) of \(shape)")
    let (source, rows) = (span, rows)
    return Tensor(Shape(shape.extents.dropLast() + [range.count])) {
      Scalar.copyBlocks(
        rows, length: range.count, from: source, .init(first: range.lowerBound, step: width),
        to: &$0, .init(step: range.count))
    }
  }

  /// Puts `part`'s columns in place of as many of this tensor's, from column `first` on.
  public mutating func replaceColumns(from first: Int, with part: Tensor) {
    let (width, length) = (shape.last ?? 1, part.shape.last ?? 1)
    let count = rows
    precondition(
      part.count == count * length && first + length <= width, "\(part.shape) into \(shape)")
    var span = mutableSpan
    Scalar.copyBlocks(
      count, length: length, from: part.span, .init(step: length), to: &span,
      .init(first: first, step: width))
  }

  /// The same elements with the two outer axes exchanged: batch-major to time-major and back.
  public func exchangingOuterAxes() -> Tensor {
    let (outer, inner) = (shape[0], shape[1])
    let rest = Shape(Array(shape.extents.dropFirst(2)))
    let (length, source) = (rest.count, span)
    return Tensor(Shape([inner, outer] + rest.extents)) {
      for i in 0..<inner {
        Scalar.copyBlocks(
          outer, length: length, from: source, .init(first: i * length, step: inner * length),
          to: &$0, .init(first: i * outer * length, step: length))
      }
    }
  }
}

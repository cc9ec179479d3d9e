internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C
// keeps no pointer.

extension FloatKernels {
  /// The sum over rows of the cross-entropy with a smoothed class; rows whose class is negative count for
  /// nothing. `logits` become the gradient of `weight` times that sum.
  public func softmaxCrossEntropy(
    _ logits: inout MutableSpan<Float>, columns: Int, classes: Span<Int32>, smoothing: Double,
    weight: Double
  ) -> Double {
    precondition(
      columns > 0 && logits.count == columns * classes.count,
      "softmaxCrossEntropy: one class a row")
    for i in classes.indices {
      precondition(classes[i] < columns, "softmaxCrossEntropy: class \(classes[i]) of \(columns)")
    }
    let rows = classes.count
    guard let x = unsafe logits.address, let classes = unsafe classes.address else { return 0 }
    return sum(ofPartsOf: rows, size: Self.partRows(columns: columns)) { first, count in
      unsafe table.pointee.cross_entropy(
        count, columns, x + first * columns, classes + first, Float(smoothing), Float(weight))
    }
  }

  /// `Σ (y − target)²`, and the gradient of `weight` times that sum.
  public func squaredError(
    _ y: Span<Float>, targets: Span<Float>, weight: Double, gradient: inout MutableSpan<Float>
  ) -> Double {
    precondition(y.count == targets.count && gradient.count == y.count, "squaredError: extents")
    let count = y.count
    guard let y = unsafe y.address, let targets = unsafe targets.address,
      let gradient = unsafe gradient.address
    else { return 0 }
    return sum(ofPartsOf: count, size: Self.partSize) { first, count in
      unsafe table.pointee.squared_error(
        count, y + first, targets + first, Float(2 * weight), gradient + first)
    }
  }

  /// `Σ max(0, 1 − t y)²` over the rows whose class is not negative, `t` being 1 in the class's column
  /// and −1 elsewhere, and the gradient of `weight` times that sum.
  public func squaredHinge(
    _ y: Span<Float>, columns: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    precondition(
      y.count == columns * classes.count && gradient.count == y.count,
      "squaredHinge: one class a row")
    let rows = classes.count
    guard let y = unsafe y.address, let classes = unsafe classes.address,
      let gradient = unsafe gradient.address
    else { return 0 }
    return sum(ofPartsOf: rows, size: Self.partRows(columns: columns)) { first, count in
      unsafe table.pointee.squared_hinge(
        count, columns, y + first * columns, classes + first, Float(2 * weight),
        gradient + first * columns)
    }
  }
}

public import AddendTensors

extension Targets {
  /// In how many rows the class is among the `rank` largest outputs; of equals the first is larger.
  ///
  /// Rows whose class is `Targets.ignored` are not counted; a class whose output is NaN is wrong.
  ///
  /// - Throws: `TensorError` when the targets are not classes or do not fit `outputs`.
  public func correctCount<Scalar: TensorScalar>(
    in outputs: Tensor<Scalar>, within rank: Int = 1
  ) throws(TensorError) -> Int {
    let classes = try classes(for: outputs, of: "accuracy")
    let (columns, y) = (outputs.shape.last ?? 1, outputs.span)
    return classes.indices.count { row in
      classes[row] != Targets.ignored
        && Scalar.isRanked(
          within: rank, column: Int(classes[row]),
          of: y.extracting(row * columns..<(row + 1) * columns))
    }
  }
}

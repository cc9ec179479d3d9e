internal import AddendKernels

// The Taylor series' losses in float32 through kernels.
extension Float {
  public static func taylorSoftmax(
    _ logits: Span<Float>, columns: Int, order: Int, into y: inout MutableSpan<Float>
  ) { TaylorKernels.best.softmax(logits, columns: columns, order: order, into: &y) }

  public static func taylorCrossEntropy(
    _ logits: Span<Float>, columns: Int, order: Int, classes: Span<Int32>, weight: Double,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    TaylorKernels.best.crossEntropy(
      logits, columns: columns, order: order, classes: classes, weight: weight,
      gradient: &gradient)
  }
}

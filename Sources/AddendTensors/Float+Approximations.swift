internal import AddendKernels

// K-TanH's time steps and the Taylor series' losses in float32 through kernels.
extension Float {
  public static func approximateLSTMStep(
    size: Int, input: Span<Float>, recurrent: Span<Float>, memory: Span<Float>,
    gates: inout MutableSpan<Float>, nextMemory: inout MutableSpan<Float>,
    output: inout MutableSpan<Float>
  ) {
    KTanHKernels.best.lstmStep(
      size: size, input: input, recurrent: recurrent, memory: memory, gates: &gates,
      nextMemory: &nextMemory, output: &output)
  }

  public static func approximateLSTMStepGradient(
    size: Int, gates: Span<Float>, memory: Span<Float>, nextMemory: Span<Float>,
    outputGradient: Span<Float>, memoryGradient: inout MutableSpan<Float>,
    gateGradient: inout MutableSpan<Float>
  ) {
    KTanHKernels.best.lstmStepGradient(
      size: size, gates: gates, memory: memory, nextMemory: nextMemory,
      outputGradient: outputGradient, memoryGradient: &memoryGradient, gateGradient: &gateGradient)
  }

  public static func approximateGRUStep(
    size: Int, input: Span<Float>, recurrent: Span<Float>, state: Span<Float>,
    gates: inout MutableSpan<Float>, output: inout MutableSpan<Float>
  ) {
    KTanHKernels.best.gruStep(
      size: size, input: input, recurrent: recurrent, state: state, gates: &gates, output: &output)
  }

  public static func approximateElmanStep(
    input: Span<Float>, recurrent: Span<Float>, output: inout MutableSpan<Float>
  ) { KTanHKernels.best.elmanStep(input: input, recurrent: recurrent, output: &output) }

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

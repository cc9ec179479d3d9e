public import AddendKernels

// The time steps of recurrent layers in float32 through kernels.
extension Float {
  public static func lstmStep(
    _ functions: FunctionApproximation, size: Int, input: Span<Float>, recurrent: Span<Float>,
    memory: Span<Float>,
    gates: inout MutableSpan<Float>, nextMemory: inout MutableSpan<Float>,
    output: inout MutableSpan<Float>
  ) {
    RecurrentStepKernels(functions).lstmStep(
      size: size, input: input, recurrent: recurrent, memory: memory, gates: &gates,
      nextMemory: &nextMemory, output: &output)
  }

  public static func lstmStepGradient(
    _ functions: FunctionApproximation, size: Int, gates: Span<Float>, memory: Span<Float>,
    nextMemory: Span<Float>,
    outputGradient: Span<Float>, memoryGradient: inout MutableSpan<Float>,
    gateGradient: inout MutableSpan<Float>
  ) {
    RecurrentStepKernels(functions).lstmStepGradient(
      size: size, gates: gates, memory: memory, nextMemory: nextMemory,
      outputGradient: outputGradient, memoryGradient: &memoryGradient, gateGradient: &gateGradient)
  }

  public static func gruStep(
    _ functions: FunctionApproximation, size: Int, input: Span<Float>, recurrent: Span<Float>,
    state: Span<Float>,
    gates: inout MutableSpan<Float>, output: inout MutableSpan<Float>
  ) {
    RecurrentStepKernels(functions).gruStep(
      size: size, input: input, recurrent: recurrent, state: state, gates: &gates, output: &output)
  }

  public static func gruStepGradient(
    size: Int, gates: Span<Float>, recurrent: Span<Float>, state: Span<Float>,
    outputGradient: Span<Float>, stateGradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>, recurrentGradient: inout MutableSpan<Float>
  ) {
    RecurrentStepKernels(.exact).gruStepGradient(
      size: size, gates: gates, recurrent: recurrent, state: state, outputGradient: outputGradient,
      stateGradient: &stateGradient, inputGradient: &inputGradient,
      recurrentGradient: &recurrentGradient)
  }

  public static func elmanStep(
    _ functions: FunctionApproximation, input: Span<Float>, recurrent: Span<Float>,
    output: inout MutableSpan<Float>
  ) {
    RecurrentStepKernels(functions).elmanStep(input: input, recurrent: recurrent, output: &output)
  }
}

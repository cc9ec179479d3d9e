import AddendKernels
import AddendTestSupport
import Testing

struct RecurrentStepKernelsTests {
  /// Sizes around those of the blocks in which functions are computed.
  @Test(arguments: FunctionApproximation.allCases, [1, 7, 85, 86, 300])
  func everySetTakesTheSameSteps(_ functions: FunctionApproximation, size: Int) {
    let batch = 3
    let (input, recurrent) = (
      normalNumbers(4 * batch * size, seed: 4), normalNumbers(4 * batch * size, seed: 5)
    )
    let (state, dh) = (normalNumbers(batch * size, seed: 6), normalNumbers(batch * size, seed: 7))
    let (narrowInput, narrowRecurrent) = (
      Array(input[..<(3 * batch * size)]), Array(recurrent[..<(3 * batch * size)])
    )
    let results = InstructionSet.available.map { set in
      let kernels = RecurrentStepKernels(functions, set)
      var (gates, next, h) = (input, state, state)
      var first = gates.mutableSpan
      var second = next.mutableSpan
      var third = h.mutableSpan
      kernels.lstmStep(
        size: size, input: input.span, recurrent: recurrent.span, memory: state.span,
        gates: &first, nextMemory: &second, output: &third)
      var (inner, ds) = (input, dh)
      var fourth = inner.mutableSpan
      var fifth = ds.mutableSpan
      kernels.lstmStepGradient(
        size: size, gates: gates.span, memory: state.span, nextMemory: next.span,
        outputGradient: dh.span, memoryGradient: &fifth, gateGradient: &fourth)
      var (narrow, y, z) = (narrowInput, state, input)
      var sixth = narrow.mutableSpan
      var seventh = y.mutableSpan
      kernels.gruStep(
        size: size, input: narrowInput.span, recurrent: narrowRecurrent.span, state: state.span,
        gates: &sixth, output: &seventh)
      var eighth = z.mutableSpan
      kernels.elmanStep(input: input.span, recurrent: recurrent.span, output: &eighth)
      var (dx, dr, carried) = (narrowInput, narrowInput, state)
      var ninth = dx.mutableSpan
      var tenth = dr.mutableSpan
      var eleventh = carried.mutableSpan
      kernels.gruStepGradient(
        size: size, gates: narrow.span, recurrent: narrowRecurrent.span, state: state.span,
        outputGradient: dh.span, stateGradient: &eleventh, inputGradient: &ninth,
        recurrentGradient: &tenth)
      return [gates, next, h, inner, ds, narrow, y, z, dx, dr, carried].map { $0.map(\.bitPattern) }
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}

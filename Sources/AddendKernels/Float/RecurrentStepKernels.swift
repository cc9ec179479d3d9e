internal import CAddendKernels

// Safe throughout: extents are checked before addresses are taken, parts lie inside them, and C keeps no
// pointer.

/// One time step of recurrent layers in float32, as one instruction set computes it; all sets give the
/// same bits. The equations stand with `TensorScalar.lstmStep` and its like.
public struct RecurrentStepKernels: Sendable {
  public let functions: FunctionApproximation
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ functions: FunctionApproximation, _ instructionSet: InstructionSet = .best) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.functions = functions
    self.instructionSet = instructionSet
  }

  private var kernels: addend_step_kernels {
    addend_steps_select(instructionSet.isa, functions.steps)
  }

  /// Rows of a state that a thread works on at a time.
  private static func partRows(_ kernels: addend_step_kernels, size: Int) -> Int {
    max(1, kernels.part / max(1, size))
  }

  public func lstmStep(
    size: Int, input: Span<Float>, recurrent: Span<Float>, memory: Span<Float>,
    gates: inout MutableSpan<Float>, nextMemory: inout MutableSpan<Float>,
    output: inout MutableSpan<Float>
  ) {
    let batch = size == 0 ? 0 : memory.count / size
    precondition(
      input.count == 4 * batch * size && recurrent.count == input.count
        && gates.count == input.count && nextMemory.count == memory.count
        && output.count == memory.count && memory.count == batch * size, "lstmStep: extents")
    guard let input = unsafe input.address, let recurrent = unsafe recurrent.address,
      let memory = unsafe memory.address, let gates = unsafe gates.address,
      let nextMemory = unsafe nextMemory.address, let output = unsafe output.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: batch, size: Self.partRows(kernels, size: size)) { first, count in
      let (g, s) = (4 * first * size, first * size)
      unsafe kernels.lstm(
        count, size, input + g, recurrent + g, memory + s, gates + g, nextMemory + s, output + s)
    }
  }

  public func lstmStepGradient(
    size: Int, gates: Span<Float>, memory: Span<Float>, nextMemory: Span<Float>,
    outputGradient: Span<Float>, memoryGradient: inout MutableSpan<Float>,
    gateGradient: inout MutableSpan<Float>
  ) {
    let batch = size == 0 ? 0 : memory.count / size
    precondition(
      gates.count == 4 * batch * size && gateGradient.count == gates.count
        && nextMemory.count == memory.count && outputGradient.count == memory.count
        && memoryGradient.count == memory.count && memory.count == batch * size,
      "lstmStepGradient: extents")
    guard let gates = unsafe gates.address, let memory = unsafe memory.address,
      let nextMemory = unsafe nextMemory.address, let dh = unsafe outputGradient.address,
      let ds = unsafe memoryGradient.address, let gateGradient = unsafe gateGradient.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: batch, size: Self.partRows(kernels, size: size)) { first, count in
      let (g, s) = (4 * first * size, first * size)
      unsafe kernels.lstm_gradient(
        count, size, gates + g, memory + s, nextMemory + s, dh + s, ds + s, gateGradient + g)
    }
  }

  public func gruStep(
    size: Int, input: Span<Float>, recurrent: Span<Float>, state: Span<Float>,
    gates: inout MutableSpan<Float>, output: inout MutableSpan<Float>
  ) {
    let batch = size == 0 ? 0 : state.count / size
    precondition(
      input.count == 3 * batch * size && recurrent.count == input.count
        && gates.count == input.count && output.count == state.count
        && state.count == batch * size, "gruStep: extents")
    guard let input = unsafe input.address, let recurrent = unsafe recurrent.address,
      let state = unsafe state.address, let gates = unsafe gates.address,
      let output = unsafe output.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: batch, size: Self.partRows(kernels, size: size)) { first, count in
      let (g, s) = (3 * first * size, first * size)
      unsafe kernels.gru(
        count, size, input + g, recurrent + g, state + s, gates + g, output + s)
    }
  }

  public func gruStepGradient(
    size: Int, gates: Span<Float>, recurrent: Span<Float>, state: Span<Float>,
    outputGradient: Span<Float>, stateGradient: inout MutableSpan<Float>,
    inputGradient: inout MutableSpan<Float>, recurrentGradient: inout MutableSpan<Float>
  ) {
    let batch = size == 0 ? 0 : state.count / size
    precondition(
      gates.count == 3 * batch * size && recurrent.count == gates.count
        && inputGradient.count == gates.count && recurrentGradient.count == gates.count
        && outputGradient.count == state.count && stateGradient.count == state.count
        && state.count == batch * size, "gruStepGradient: extents")
    guard let gates = unsafe gates.address, let recurrent = unsafe recurrent.address,
      let state = unsafe state.address, let dh = unsafe outputGradient.address,
      let stateGradient = unsafe stateGradient.address,
      let inputGradient = unsafe inputGradient.address,
      let recurrentGradient = unsafe recurrentGradient.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: batch, size: Self.partRows(kernels, size: size)) { first, count in
      let (g, s) = (3 * first * size, first * size)
      unsafe kernels.gru_gradient(
        count, size, gates + g, recurrent + g, state + s, dh + s, stateGradient + s,
        inputGradient + g, recurrentGradient + g)
    }
  }

  public func elmanStep(
    input: Span<Float>, recurrent: Span<Float>, output: inout MutableSpan<Float>
  ) {
    let count = input.count
    precondition(recurrent.count == count && output.count == count, "elmanStep: extents")
    guard let input = unsafe input.address, let recurrent = unsafe recurrent.address,
      let output = unsafe output.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: 4 * kernels.part) { first, count in
      unsafe kernels.elman(count, input + first, recurrent + first, output + first)
    }
  }
}

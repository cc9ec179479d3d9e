internal import CAddendKernels

// One time step of a recurrent layer with K-TanH's functions; the equations stand with
// `TensorScalar.approximateLSTMStep` and its like. Safe throughout: extents are checked before addresses
// are taken, parts lie inside them, and C keeps no pointer.

extension KTanHKernels {
  /// Rows of a state that a thread works on at a time.
  private static func partRows(size: Int) -> Int { max(1, 4096 / max(1, size)) }

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
    ThreadPool.forEachPart(of: batch, size: Self.partRows(size: size)) { first, count in
      let (g, s) = (4 * first * size, first * size)
      unsafe kernels.lstm_step(
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
    ThreadPool.forEachPart(of: batch, size: Self.partRows(size: size)) { first, count in
      let (g, s) = (4 * first * size, first * size)
      unsafe kernels.lstm_step_gradient(
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
    ThreadPool.forEachPart(of: batch, size: Self.partRows(size: size)) { first, count in
      let (g, s) = (3 * first * size, first * size)
      unsafe kernels.gru_step(
        count, size, input + g, recurrent + g, state + s, gates + g, output + s)
    }
  }

  public func elmanStep(
    input: Span<Float>, recurrent: Span<Float>, output: inout MutableSpan<Float>
  ) {
    precondition(
      input.count == recurrent.count && output.count == input.count, "elmanStep: extents")
    let count = input.count
    guard let input = unsafe input.address, let recurrent = unsafe recurrent.address,
      let output = unsafe output.address
    else { return }
    let kernels = kernels
    ThreadPool.forEachPart(of: count, size: FloatKernels.partSize) { first, count in
      unsafe kernels.elman_step(count, input + first, recurrent + first, output + first)
    }
  }
}

public import AddendKernels

// One time step of a recurrent layer for a whole batch. `input` holds `x W + b` and `recurrent`
// holds `h R` (with its bias, where the cell has one), both `[batch, gates · size]`, gate after gate
// within a row; states are `[batch, size]`. Whichever way σ and tanh are computed, gradients are those of
// the equations at the values that came out: `s (1 − s)` of a gate, `1 − c²` of a candidate.

extension TensorScalar {
  private static func sigmoid(_ x: Self, _ functions: FunctionApproximation) -> Self {
    switch functions {
    case .exact: sigmoid(x)
    case .kTanH: value(of: KTanHFunction.sigmoid, at: x)
    }
  }

  private static func tanh(_ x: Self, _ functions: FunctionApproximation) -> Self {
    switch functions {
    case .exact: tanh(x)
    case .kTanH: value(of: KTanHFunction.tanh, at: x)
    }
  }

  // LSTM (Hochreiter & Schmidhuber, 1997; forget gate of Gers et al., 2000). Gates i, f, o and the
  // candidate c:  i, f, o = σ(input + recurrent),  c = tanh(input + recurrent),
  //   s′ = f s + i c,  h′ = o tanh(s′).

  public static func lstmStep(
    _ functions: FunctionApproximation, size: Int, input: Span<Self>, recurrent: Span<Self>,
    memory: Span<Self>,
    gates: inout MutableSpan<Self>, nextMemory: inout MutableSpan<Self>,
    output: inout MutableSpan<Self>
  ) {
    let batch = size == 0 ? 0 : memory.count / size
    precondition(
      input.count == 4 * batch * size && recurrent.count == input.count
        && gates.count == input.count && nextMemory.count == memory.count
        && output.count == memory.count && memory.count == batch * size, "lstmStep: extents")
    for row in 0..<batch {
      let (g, s) = (4 * row * size, row * size)
      for j in g..<g + 3 * size { gates[j] = sigmoid(input[j] + recurrent[j], functions) }
      for j in g + 3 * size..<g + 4 * size { gates[j] = tanh(input[j] + recurrent[j], functions) }
      for j in 0..<size {
        let next = gates[g + size + j] * memory[s + j] + gates[g + j] * gates[g + 3 * size + j]
        nextMemory[s + j] = next
        output[s + j] = gates[g + 2 * size + j] * tanh(next, functions)
      }
    }
  }

  public static func lstmStepGradient(
    _ functions: FunctionApproximation, size: Int, gates: Span<Self>, memory: Span<Self>,
    nextMemory: Span<Self>,
    outputGradient: Span<Self>, memoryGradient: inout MutableSpan<Self>,
    gateGradient: inout MutableSpan<Self>
  ) {
    let batch = size == 0 ? 0 : memory.count / size
    precondition(
      gates.count == 4 * batch * size && gateGradient.count == gates.count
        && nextMemory.count == memory.count && outputGradient.count == memory.count
        && memoryGradient.count == memory.count, "lstmStepGradient: extents")
    for row in 0..<batch {
      let (g, s) = (4 * row * size, row * size)
      for j in 0..<size {
        let (i, f) = (gates[g + j], gates[g + size + j])
        let (o, c) = (gates[g + 2 * size + j], gates[g + 3 * size + j])
        let (dh, squashed) = (outputGradient[s + j], tanh(nextMemory[s + j], functions))
        let ds = memoryGradient[s + j] + dh * o * (Self(constant: 1) - squashed * squashed)
        gateGradient[g + j] = ds * c * i * (Self(constant: 1) - i)
        gateGradient[g + size + j] = ds * memory[s + j] * f * (Self(constant: 1) - f)
        gateGradient[g + 2 * size + j] = dh * squashed * o * (Self(constant: 1) - o)
        gateGradient[g + 3 * size + j] = ds * i * (Self(constant: 1) - c * c)
        memoryGradient[s + j] = ds * f
      }
    }
  }

  // GRU (Cho et al., 2014, with the reset gate after the product, as in Appleyard et al., 2016).
  // Gates r, z and the candidate n:  r, z = σ(input + recurrent),  n = tanh(input + r recurrent),
  //   h′ = n + z (h − n).

  public static func gruStep(
    _ functions: FunctionApproximation, size: Int, input: Span<Self>, recurrent: Span<Self>,
    state: Span<Self>,
    gates: inout MutableSpan<Self>, output: inout MutableSpan<Self>
  ) {
    let batch = size == 0 ? 0 : state.count / size
    precondition(
      input.count == 3 * batch * size && recurrent.count == input.count
        && gates.count == input.count && output.count == state.count, "gruStep: extents")
    for row in 0..<batch {
      let (g, s) = (3 * row * size, row * size)
      for j in g..<g + 2 * size { gates[j] = sigmoid(input[j] + recurrent[j], functions) }
      for j in 0..<size {
        let n = g + 2 * size + j
        gates[n] = tanh(input[n] + gates[g + j] * recurrent[n], functions)
        output[s + j] = gates[n] + gates[g + size + j] * (state[s + j] - gates[n])
      }
    }
  }

  public static func gruStepGradient(
    size: Int, gates: Span<Self>, recurrent: Span<Self>, state: Span<Self>,
    outputGradient: Span<Self>, stateGradient: inout MutableSpan<Self>,
    inputGradient: inout MutableSpan<Self>, recurrentGradient: inout MutableSpan<Self>
  ) {
    let batch = size == 0 ? 0 : state.count / size
    precondition(
      gates.count == 3 * batch * size && recurrent.count == gates.count
        && inputGradient.count == gates.count && recurrentGradient.count == gates.count
        && outputGradient.count == state.count && stateGradient.count == state.count,
      "gruStepGradient: extents")
    for row in 0..<batch {
      let (g, s) = (3 * row * size, row * size)
      for j in 0..<size {
        let (r, z, n) = (gates[g + j], gates[g + size + j], gates[g + 2 * size + j])
        let dh = outputGradient[s + j]
        let dn = dh * (Self(constant: 1) - z) * (Self(constant: 1) - n * n)
        let dz = dh * (state[s + j] - n) * z * (Self(constant: 1) - z)
        let dr = dn * recurrent[g + 2 * size + j] * r * (Self(constant: 1) - r)
        inputGradient[g + j] = dr
        recurrentGradient[g + j] = dr
        inputGradient[g + size + j] = dz
        recurrentGradient[g + size + j] = dz
        inputGradient[g + 2 * size + j] = dn
        recurrentGradient[g + 2 * size + j] = dn * r
        stateGradient[s + j] = dh * z
      }
    }
  }

  // Simple recurrent network (Elman, 1990):  h′ = tanh(input + recurrent).

  public static func elmanStep(
    _ functions: FunctionApproximation, input: Span<Self>, recurrent: Span<Self>,
    output: inout MutableSpan<Self>
  ) {
    precondition(
      input.count == recurrent.count && output.count == input.count, "elmanStep: extents")
    for i in input.indices { output[i] = tanh(input[i] + recurrent[i], functions) }
  }
}

internal import AddendKernels

// The steps of `TensorScalar+Recurrent.swift` with K-TanH's functions for gates, candidates and
// outputs. Products with gates are as exact as there, and so are gradients, which are functions of the
// values that came out: `s (1 − s)` of a gate, `1 − c²` of a candidate.

extension TensorScalar {
  /// `T(input + recurrent)`, the sums of each row's first `gates` of `width` columns halved: what the
  /// sigmoids of gates are made of.
  private static func tangents(
    _ input: Span<Self>, _ recurrent: Span<Self>, width: Int, gates: Int,
    into y: inout MutableSpan<Self>
  ) {
    let sums = Tensor<Self>([input.count]) { sums in
      for first in stride(from: 0, to: input.count, by: max(1, width)) {
        for i in first..<first + gates { sums[i] = Self(0.5) * (input[i] + recurrent[i]) }
        for i in first + gates..<first + width { sums[i] = input[i] + recurrent[i] }
      }
    }
    activate(.kTanH(.tanh), sums.span, into: &y)
  }

  private static func sigmoid(fromTangent t: Self) -> Self { Self(0.5) + Self(0.5) * t }

  public static func approximateLSTMStep(
    size: Int, input: Span<Self>, recurrent: Span<Self>, memory: Span<Self>,
    gates: inout MutableSpan<Self>, nextMemory: inout MutableSpan<Self>,
    output: inout MutableSpan<Self>
  ) {
    let batch = size == 0 ? 0 : memory.count / size
    precondition(
      input.count == 4 * batch * size && recurrent.count == input.count
        && gates.count == input.count && nextMemory.count == memory.count
        && output.count == memory.count && memory.count == batch * size, "LSTM step: extents")
    tangents(input, recurrent, width: 4 * size, gates: 3 * size, into: &gates)
    for row in 0..<batch {
      let (g, s) = (4 * row * size, row * size)
      for j in g..<g + 3 * size { gates[j] = sigmoid(fromTangent: gates[j]) }
      for j in 0..<size {
        nextMemory[s + j] =
          gates[g + size + j] * memory[s + j] + gates[g + j] * gates[g + 3 * size + j]
      }
    }
    activate(.kTanH(.tanh), nextMemory.span, into: &output)
    for row in 0..<batch {
      for j in 0..<size { output[row * size + j] *= gates[(4 * row + 2) * size + j] }
    }
  }

  public static func approximateLSTMStepGradient(
    size: Int, gates: Span<Self>, memory: Span<Self>, nextMemory: Span<Self>,
    outputGradient: Span<Self>, memoryGradient: inout MutableSpan<Self>,
    gateGradient: inout MutableSpan<Self>
  ) {
    let batch = size == 0 ? 0 : memory.count / size
    precondition(
      gates.count == 4 * batch * size && gateGradient.count == gates.count
        && nextMemory.count == memory.count && outputGradient.count == memory.count
        && memoryGradient.count == memory.count, "LSTM step's gradient: extents")
    let squashed = Tensor<Self>([memory.count]) {
      activate(.kTanH(.tanh), nextMemory, into: &$0)
    }
    let tangents = squashed.span
    for row in 0..<batch {
      let (g, s) = (4 * row * size, row * size)
      for j in 0..<size {
        let (i, f) = (gates[g + j], gates[g + size + j])
        let (o, c) = (gates[g + 2 * size + j], gates[g + 3 * size + j])
        let (dh, tangent) = (outputGradient[s + j], tangents[s + j])
        let ds = memoryGradient[s + j] + dh * o * (Self(1) - tangent * tangent)
        gateGradient[g + j] = ds * c * i * (Self(1) - i)
        gateGradient[g + size + j] = ds * memory[s + j] * f * (Self(1) - f)
        gateGradient[g + 2 * size + j] = dh * tangent * o * (Self(1) - o)
        gateGradient[g + 3 * size + j] = ds * i * (Self(1) - c * c)
        memoryGradient[s + j] = ds * f
      }
    }
  }

  public static func approximateGRUStep(
    size: Int, input: Span<Self>, recurrent: Span<Self>, state: Span<Self>,
    gates: inout MutableSpan<Self>, output: inout MutableSpan<Self>
  ) {
    let batch = size == 0 ? 0 : state.count / size
    precondition(
      input.count == 3 * batch * size && recurrent.count == input.count
        && gates.count == input.count && output.count == state.count, "GRU step: extents")
    tangents(input, recurrent, width: 3 * size, gates: 2 * size, into: &gates)
    let inner = Tensor<Self>([state.count]) { inner in
      for row in 0..<batch {
        let (g, s) = (3 * row * size, row * size)
        for j in g..<g + 2 * size { gates[j] = sigmoid(fromTangent: gates[j]) }
        for j in 0..<size {
          let n = g + 2 * size + j
          inner[s + j] = input[n] + gates[g + j] * recurrent[n]
        }
      }
    }
    activate(.kTanH(.tanh), inner.span, into: &output)
    for row in 0..<batch {
      let (g, s) = (3 * row * size, row * size)
      for j in 0..<size {
        let candidate = output[s + j]
        gates[g + 2 * size + j] = candidate
        output[s + j] = candidate + gates[g + size + j] * (state[s + j] - candidate)
      }
    }
  }

  public static func approximateElmanStep(
    input: Span<Self>, recurrent: Span<Self>, output: inout MutableSpan<Self>
  ) {
    precondition(
      input.count == recurrent.count && output.count == input.count, "Elman step: extents")
    tangents(input, recurrent, width: input.count, gates: 0, into: &output)
  }
}

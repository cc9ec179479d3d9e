/// A recurrent layer's weights and biases, row-major.
public struct RecurrentOperands: ~Escapable {
  let input, recurrent, bias: Span<Float>
  let recurrentBias: Span<Float>?

  /// - Parameter recurrentBias: for units that have one.
  @_lifetime(copy input, copy recurrent, copy bias, copy recurrentBias)
  public init(
    input: Span<Float>, recurrent: Span<Float>, bias: Span<Float>, recurrentBias: Span<Float>?
  ) {
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.recurrentBias = recurrentBias
  }
}

/// A recurrent layer's weights and biases in the order of one instruction set's kernels.
public struct PackedRecurrence: Sendable {
  let instructionSet: InstructionSet
  let unit: RecurrentUnit
  let inputSize, size: Int
  let input, recurrent, bias: AlignedBuffer<Float>
  let recurrentBias: AlignedBuffer<Float>?
}

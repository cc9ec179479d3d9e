internal import AddendKernels
internal import AddendLinear
internal import AddendTensors

// The cells of `RecurrentCell.swift` with K-TanH's functions.

/// `ElmanCell` with `T(x W + b + h R)`.
enum ApproximateElmanCell<Scalar: TensorScalar>: RecurrentCell {
  typealias Residuals = ElmanCell<Scalar>.Residuals

  static var unit: RecurrentUnit { .elman }
  static var hasExactFunctions: Bool { false }
  static var cost: OperationCount { KTanHFunction.tanh.cost + OperationCount(additions: 1) }

  static func forward(
    _ input: Span<Scalar>, _ recurrent: Tensor<Scalar>, _ state: RecurrentState<Scalar>
  ) -> (RecurrentState<Scalar>, Residuals) {
    let output = Tensor<Scalar>(state.output.shape) {
      Scalar.approximateElmanStep(input: input, recurrent: recurrent.span, output: &$0)
    }
    return (RecurrentState(output: output, memory: state.memory), Residuals())
  }

  /// `1 − y²` is a function of the output, however it was computed.
  static func backward(
    _ gradient: inout RecurrentState<Scalar>, from state: RecurrentState<Scalar>,
    to next: RecurrentState<Scalar>, _ residuals: Residuals
  ) -> (input: Tensor<Scalar>, recurrent: Tensor<Scalar>) {
    ElmanCell.backward(&gradient, from: state, to: next, residuals)
  }
}

/// `LSTMCell` with approximated gates, candidate and output; see `TensorScalar.approximateLSTMStep`.
enum ApproximateLSTMCell<Scalar: TensorScalar>: RecurrentCell {
  struct Residuals: Sendable { let gates: Tensor<Scalar> }

  static var unit: RecurrentUnit { .lstm }
  static var hasExactFunctions: Bool { false }
  static var cost: OperationCount {
    3 * KTanHFunction.sigmoid.cost + 2 * KTanHFunction.tanh.cost
      + OperationCount(multiplications: 3, additions: 5)
  }

  static func forward(
    _ input: Span<Scalar>, _ recurrent: Tensor<Scalar>, _ state: RecurrentState<Scalar>
  ) -> (RecurrentState<Scalar>, Residuals) {
    let shape = state.output.shape
    var gates = Tensor<Scalar>(recurrent.shape) { _ in }
    var memory = Tensor<Scalar>(shape) { _ in }
    let output = Tensor<Scalar>(shape) { output in
      var first = gates.mutableSpan
      var second = memory.mutableSpan
      Scalar.approximateLSTMStep(
        size: shape[1], input: input, recurrent: recurrent.span, memory: state.memory.span,
        gates: &first, nextMemory: &second, output: &output)
    }
    return (RecurrentState(output: output, memory: memory), Residuals(gates: gates))
  }

  static func backward(
    _ gradient: inout RecurrentState<Scalar>, from state: RecurrentState<Scalar>,
    to next: RecurrentState<Scalar>, _ residuals: Residuals
  ) -> (input: Tensor<Scalar>, recurrent: Tensor<Scalar>) {
    let shape = next.output.shape
    let outputGradient = gradient.output
    var memory = gradient.memory
    let inner = Tensor<Scalar>(residuals.gates.shape) { inner in
      var memoryGradient = memory.mutableSpan
      Scalar.approximateLSTMStepGradient(
        size: shape[1], gates: residuals.gates.span, memory: state.memory.span,
        nextMemory: next.memory.span, outputGradient: outputGradient.span,
        memoryGradient: &memoryGradient, gateGradient: &inner)
    }
    gradient = RecurrentState(output: Tensor(shape), memory: memory)
    return (inner, inner)
  }
}

/// `GRUCell` with approximated gates and candidate; see `TensorScalar.approximateGRUStep`.
enum ApproximateGRUCell<Scalar: TensorScalar>: RecurrentCell {
  typealias Residuals = GRUCell<Scalar>.Residuals

  static var unit: RecurrentUnit { .gru }
  static var hasExactFunctions: Bool { false }
  static var cost: OperationCount {
    2 * KTanHFunction.sigmoid.cost + KTanHFunction.tanh.cost
      + OperationCount(multiplications: 2, additions: 5)
  }

  static func forward(
    _ input: Span<Scalar>, _ recurrent: Tensor<Scalar>, _ state: RecurrentState<Scalar>
  ) -> (RecurrentState<Scalar>, Residuals) {
    let shape = state.output.shape
    var gates = Tensor<Scalar>(recurrent.shape) { _ in }
    let output = Tensor<Scalar>(shape) { output in
      var first = gates.mutableSpan
      Scalar.approximateGRUStep(
        size: shape[1], input: input, recurrent: recurrent.span, state: state.output.span,
        gates: &first, output: &output)
    }
    return (
      RecurrentState(output: output, memory: state.memory),
      Residuals(gates: gates, recurrent: recurrent)
    )
  }

  /// The gradient is a function of the gates' values, however they were computed.
  static func backward(
    _ gradient: inout RecurrentState<Scalar>, from state: RecurrentState<Scalar>,
    to next: RecurrentState<Scalar>, _ residuals: Residuals
  ) -> (input: Tensor<Scalar>, recurrent: Tensor<Scalar>) {
    GRUCell.backward(&gradient, from: state, to: next, residuals)
  }
}

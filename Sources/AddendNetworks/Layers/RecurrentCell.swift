internal import AddendKernels
internal import AddendLinear
internal import AddendTensors

/// What a recurrent layer carries from step to step, and the gradient towards it.
struct RecurrentState<Scalar: TensorScalar>: Sendable {
  /// `h: [batch, size]`.
  var output: Tensor<Scalar>
  /// `s: [batch, memorySize]`; without columns where a cell has no memory beside its output.
  var memory: Tensor<Scalar>
}

/// The arithmetic of one time step between the products: `input` is `x W + b`, `recurrent` is `h R`,
/// both `[batch, gates · size]`.
protocol RecurrentCell<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// What `backward` needs beside the states before and after the step.
  associatedtype Residuals: Sendable

  static var unit: RecurrentUnit { get }
  associatedtype Functions: CellFunctions
  /// The operations of one unit in one step.
  static var cost: OperationCount { get }

  static func forward(
    _ input: Span<Scalar>, _ recurrent: Tensor<Scalar>, _ state: RecurrentState<Scalar>
  ) -> (RecurrentState<Scalar>, Residuals)

  /// The gradients towards `input` and `recurrent`; `gradient`, towards the state after the step,
  /// becomes that towards the state before it as far as it does not go through `recurrent`.
  static func backward(
    _ gradient: inout RecurrentState<Scalar>, from state: RecurrentState<Scalar>,
    to next: RecurrentState<Scalar>, _ residuals: Residuals
  ) -> (input: Tensor<Scalar>, recurrent: Tensor<Scalar>)
}

extension RecurrentCell {
  static var gateCount: Int { unit.gateCount }
  static var hasRecurrentBias: Bool { unit.hasRecurrentBias }
  static var hasMemory: Bool { unit.hasMemory }
  /// Whether gates' functions are those of the literature, not approximations.
  static var hasExactFunctions: Bool { Functions.approximation == .exact }
}

/// How a cell computes its functions, as a type: what a step does is settled when its layer is made.
protocol CellFunctions: Sendable {
  static var approximation: FunctionApproximation { get }
}

enum ExactFunctions: CellFunctions {
  static var approximation: FunctionApproximation { .exact }
}

enum KTanHFunctions: CellFunctions {
  static var approximation: FunctionApproximation { .kTanH }
}

extension CellFunctions {
  static var tanhCost: OperationCount { approximation.costs.tanh }
  static var sigmoidCost: OperationCount { approximation.costs.sigmoid }
}

/// `h′ = tanh(x W + b + h R)` (Elman, 1990).
enum ElmanCell<Scalar: TensorScalar, Functions: CellFunctions>: RecurrentCell {
  struct Residuals: Sendable {}

  static var unit: RecurrentUnit { .elman }
  static var cost: OperationCount { Functions.tanhCost + OperationCount(additions: 1) }

  static func forward(
    _ input: Span<Scalar>, _ recurrent: Tensor<Scalar>, _ state: RecurrentState<Scalar>
  ) -> (RecurrentState<Scalar>, Residuals) {
    let output = Tensor<Scalar>(state.output.shape) {
      Scalar.elmanStep(
        Functions.approximation, input: input, recurrent: recurrent.span, output: &$0)
    }
    return (RecurrentState(output: output, memory: state.memory), Residuals())
  }

  static func backward(
    _ gradient: inout RecurrentState<Scalar>, from state: RecurrentState<Scalar>,
    to next: RecurrentState<Scalar>, _ residuals: Residuals
  ) -> (input: Tensor<Scalar>, recurrent: Tensor<Scalar>) {
    let (y, dy) = (next.output, gradient.output)
    let inner = Tensor<Scalar>(next.output.shape) {
      // tanh′ is a function of y alone.
      Scalar.activationGradient(.tanh, x: y.span, y: y.span, dy: dy.span, into: &$0)
    }
    gradient.output = Tensor(next.output.shape)
    return (inner, inner)
  }
}

/// Long short-term memory; see `TensorScalar.lstmStep`.
enum LSTMCell<Scalar: TensorScalar, Functions: CellFunctions>: RecurrentCell {
  struct Residuals: Sendable { let gates: Tensor<Scalar> }

  static var unit: RecurrentUnit { .lstm }
  static var cost: OperationCount {
    3 * Functions.sigmoidCost + 2 * Functions.tanhCost
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
      Scalar.lstmStep(
        Functions.approximation, size: shape[1], input: input, recurrent: recurrent.span,
        memory: state.memory.span, gates: &first, nextMemory: &second, output: &output)
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
      Scalar.lstmStepGradient(
        Functions.approximation, size: shape[1], gates: residuals.gates.span,
        memory: state.memory.span, nextMemory: next.memory.span,
        outputGradient: outputGradient.span, memoryGradient: &memoryGradient,
        gateGradient: &inner)
    }
    gradient = RecurrentState(output: Tensor(shape), memory: memory)
    return (inner, inner)
  }
}

/// Gated recurrent unit; see `TensorScalar.gruStep`.
enum GRUCell<Scalar: TensorScalar, Functions: CellFunctions>: RecurrentCell {
  struct Residuals: Sendable { let gates, recurrent: Tensor<Scalar> }

  static var unit: RecurrentUnit { .gru }
  static var cost: OperationCount {
    2 * Functions.sigmoidCost + Functions.tanhCost
      + OperationCount(multiplications: 2, additions: 5)
  }

  static func forward(
    _ input: Span<Scalar>, _ recurrent: Tensor<Scalar>, _ state: RecurrentState<Scalar>
  ) -> (RecurrentState<Scalar>, Residuals) {
    let shape = state.output.shape
    var gates = Tensor<Scalar>(recurrent.shape) { _ in }
    let output = Tensor<Scalar>(shape) { output in
      var first = gates.mutableSpan
      Scalar.gruStep(
        Functions.approximation, size: shape[1], input: input, recurrent: recurrent.span,
        state: state.output.span, gates: &first, output: &output)
    }
    return (
      RecurrentState(output: output, memory: state.memory),
      Residuals(gates: gates, recurrent: recurrent)
    )
  }

  static func backward(
    _ gradient: inout RecurrentState<Scalar>, from state: RecurrentState<Scalar>,
    to next: RecurrentState<Scalar>, _ residuals: Residuals
  ) -> (input: Tensor<Scalar>, recurrent: Tensor<Scalar>) {
    let shape = next.output.shape
    var carried = Tensor<Scalar>(shape) { _ in }
    var recurrentGradient = Tensor<Scalar>(residuals.gates.shape) { _ in }
    let inputGradient = Tensor<Scalar>(residuals.gates.shape) { inputGradient in
      var first = carried.mutableSpan
      var second = recurrentGradient.mutableSpan
      Scalar.gruStepGradient(
        size: shape[1], gates: residuals.gates.span, recurrent: residuals.recurrent.span,
        state: state.output.span, outputGradient: gradient.output.span, stateGradient: &first,
        inputGradient: &inputGradient, recurrentGradient: &second)
    }
    gradient.output = carried
    return (inputGradient, recurrentGradient)
  }
}

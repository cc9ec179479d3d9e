public import AddendKernels

/// Recurrent layers over whole sequences, for formats that have kernels for them.
///
/// What it computes is what the steps compute one by one (`TensorScalar.lstmStep` and its like, with
/// `x W + b` and `h R` before them); sums may be taken in another order.
public protocol WholeRecurrence<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// All steps from the state `start` on: the outputs `[batch, time, size]`, zero past a row's end,
  /// and the state after each row's last step. `keeps` says whether `backward` will follow.
  func forward(
    _ sequence: RecurrentSequence, x: Tensor<Scalar>, start: Tensor<Scalar>,
    _ weights: RecurrentWeights<Scalar>, keeps: Bool
  ) -> (record: RecurrentRecord<Scalar>, end: Tensor<Scalar>)

  /// All steps back: makes `record` one of gradients, and returns that of `x` where it is wanted.
  /// `dy` is `[batch, time, size]`, or `[batch, size]` where only the last output has one.
  func backward(
    _ dy: Tensor<Scalar>, _ record: inout RecurrentRecord<Scalar>,
    _ weights: RecurrentWeights<Scalar>, wantsInput: Bool
  ) -> Tensor<Scalar>?

  /// The gradient of `W`, or of `R`, after `backward`: added to what the span holds, or put in its
  /// place.
  func weightGradient(
    _ record: RecurrentRecord<Scalar>, recurrent: Bool, accumulates: Bool,
    into gradient: inout MutableSpan<Scalar>)

  /// The gradient of the bias, or of the recurrent one, after `backward`.
  func biasGradient(
    _ record: RecurrentRecord<Scalar>, recurrent: Bool, accumulates: Bool,
    into gradient: inout MutableSpan<Scalar>)
}

/// The weights of a recurrent layer: `[inputSize, gates · size]`, `[size, gates · size]`, and biases.
public struct RecurrentWeights<Scalar: TensorScalar>: Sendable {
  public let input, recurrent, bias: Tensor<Scalar>
  public let recurrentBias: Tensor<Scalar>?

  public init(
    input: Tensor<Scalar>, recurrent: Tensor<Scalar>, bias: Tensor<Scalar>,
    recurrentBias: Tensor<Scalar>?
  ) {
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.recurrentBias = recurrentBias
  }
}

/// What a pass over whole sequences leaves for the way back, and then the gradients of its sums.
public struct RecurrentRecord<Scalar: TensorScalar>: Sendable {
  public let sequence: RecurrentSequence
  let x, start: Tensor<Scalar>
  /// `[batch, time, size]`.
  public let output: Tensor<Scalar>
  // In the kernels' layouts.
  let memory: Tensor<Scalar>
  var gates: Tensor<Scalar>
}

extension TensorScalar {
  /// None: recurrent layers then go step by step.
  public static var wholeRecurrence: (any WholeRecurrence<Self>)? { nil }
}

public import AddendTensors

/// What travels through a network beside the tensors: randomness, sequence lengths, carried state.
public struct PassContext<Scalar: TensorScalar>: Sendable {
  /// Where dropout draws from.
  public var random: RandomSource
  /// How many steps of each sequence count; `nil` means all.
  public var lengths: [Int]?
  /// The recurrent layers' states before the pass, in the order of the layers; empty for zeros.
  public var initialStates: [Tensor<Scalar>]
  /// The states after the pass, as far as it has come.
  public private(set) var finalStates: [Tensor<Scalar>] = []
  private var statesTaken = 0

  public init(
    random: RandomSource = RandomSource(seed: 0), lengths: [Int]? = nil,
    initialStates: [Tensor<Scalar>] = []
  ) {
    self.random = random
    self.lengths = lengths
    self.initialStates = initialStates
  }

  /// The next state that a recurrent layer starts from: `[batch, size]`, zeros at first.
  public mutating func takeState(batch: Int, size: Int) throws(TensorError) -> Tensor<Scalar> {
    defer { statesTaken += 1 }
    guard statesTaken < initialStates.count else { return Tensor([batch, size]) }
    let state = initialStates[statesTaken]
    guard state.shape == [batch, size] else {
      throw .shapeMismatch(
        operation: "recurrent layer", argument: "initial state", expected: "\(batch)×\(size)",
        found: state.shape)
    }
    return state
  }

  /// Records the state that a recurrent layer ended in, in the order of `takeState`.
  public mutating func leaveState(_ state: Tensor<Scalar>) { finalStates.append(state) }
}

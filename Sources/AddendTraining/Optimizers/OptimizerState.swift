internal import AddendLinear
public import AddendTensors

/// What an optimizer keeps beside a model's parameters, by the parameters' paths.
public struct OptimizerState<Scalar: TensorScalar>: Sendable {
  /// Steps taken.
  public var step = 0
  /// The tensors of each parameter, in the order of the optimizer's `stateNames`.
  public var tensors: [String: [Tensor<Scalar>]] = [:]

  public init() {}
}

/// Moves every parameter that has a gradient, and clears the gradients.
struct ParameterUpdate<Scalar: TensorScalar>: StateVisitor {
  let optimizer: any Optimizer
  let learningRate: Double
  var state: OptimizerState<Scalar>
  private var path = StatePath()

  init(_ optimizer: any Optimizer, learningRate: Double, state: OptimizerState<Scalar>) {
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.state = state
    self.state.step += 1
  }

  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    guard parameter.gradient != nil else { return }
    let key = path.appending(name)
    // Taken out of the dictionary while in use: a second reference would copy the tensors.
    var kept =
      state.tensors.removeValue(forKey: key)
      ?? optimizer.stateNames.map { _ in Tensor(parameter.value.shape) }
    let moment = UpdateMoment(
      learningRate: learningRate, step: state.step, decays: parameter.role == .weight)
    parameter.update { value, gradient in
      optimizer.update(&value, gradient: gradient, state: &kept, moment)
    }
    state.tensors[key] = kept
    parameter.clearGradient()
  }
}

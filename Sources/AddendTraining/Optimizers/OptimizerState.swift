internal import AddendLinear
public import AddendTensors

/// What an optimizer keeps beside a model's parameters, by the parameters' paths.
public struct OptimizerState<Scalar: TensorScalar>: Sendable {
  /// Steps taken.
  public var step = 0
  /// The tensors of each parameter, in the order of the optimizer's `stateNames`; a compensation of
  /// rounded updates comes last.
  public var tensors: [String: [Tensor<Scalar>]] = [:]

  public init() {}
}

/// Moves every parameter that has a gradient, and clears the gradients.
struct ParameterUpdate<Scalar: TensorScalar>: StateVisitor {
  let optimizer: any Optimizer
  let learningRate: Double
  let updates: Precision.Updates
  /// What roundings at random draw from, with the step and the parameter's name.
  let seed: UInt64
  var state: OptimizerState<Scalar>
  private var path = StatePath()

  init(
    _ optimizer: any Optimizer, learningRate: Double, keeping updates: Precision.Updates = .own,
    seed: UInt64 = 0, state: OptimizerState<Scalar>
  ) {
    self.seed = seed
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.updates = updates
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
      ?? updates.stateNames(optimizer).map { _ in Tensor(parameter.value.shape) }
    var lost = updates.isCompensated ? kept.popLast() : nil
    let moment = UpdateMoment(
      learningRate: learningRate * parameter.rateFactor, step: state.step,
      decays: parameter.role == .weight)
    parameter.update { value, gradient in
      optimizer.update(&value, gradient: gradient, state: &kept, moment)
      updates.round(
        &value, lost: &lost, draws: RandomSource(seed: seed, step: state.step, name: key))
    }
    if let lost { kept.append(lost) }
    state.tensors[key] = kept
    parameter.clearGradient()
  }
}

extension Precision.Updates {
  var isCompensated: Bool {
    switch self {
    case .own, .rounded, .stochastic: false
    case .compensated: true
    }
  }

  /// The tensors kept beside each parameter.
  func stateNames(_ optimizer: any Optimizer) -> [String] {
    optimizer.stateNames + (isCompensated ? ["compensation"] : [])
  }

  /// Brings a parameter that a step has moved to the format that it is kept in. `lost` is what earlier
  /// roundings lost, and becomes what they and this one have; what is drawn comes from `draws`.
  fileprivate func round<Scalar>(
    _ value: inout Tensor<Scalar>, lost: inout Tensor<Scalar>?, draws: RandomSource
  ) {
    switch self {
    case .own: return
    case .rounded(let format): value = value.rounded(to: format)
    case .stochastic(let format):
      var draws = draws
      value = value.rounded(stochasticallyTo: format, using: &draws)
    case .compensated(let format):
      if let lost { value.add(lost, times: 1) }
      let rounded = value.rounded(to: format)
      value.add(rounded, times: -1)
      lost = value.rounded(to: format)
      value = rounded
    }
  }
}

extension Tensor {
  fileprivate mutating func add(_ other: Tensor, times factor: Double) {
    var span = mutableSpan
    Scalar.addScaled(Scalar(constant: factor), other.span, to: &span)
  }
}

extension RandomSource {
  /// A stream for what is called `name` (FNV-1a) at one step.
  fileprivate init(seed: UInt64, step: Int, name: String) {
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    var mixer = RandomSource(seed: seed, stream: hash)
    self.init(seed: mixer.next(), stream: UInt64(step))
  }
}

internal import AddendDistributed
internal import AddendLinear
internal import AddendTensors

/// The Euclidean norm of all gradients together.
struct GradientNorm<Scalar: TensorScalar>: StateVisitor {
  private var sum = 0.0

  var value: Double { sum.squareRoot() }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    if let gradient = parameter.gradient { sum += Scalar.sumOfSquares(gradient.span) }
  }
}

/// Multiplies every gradient.
struct GradientScaling<Scalar: TensorScalar>: StateVisitor {
  let factor: Double

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    parameter.changeGradient { gradient in
      var span = gradient.mutableSpan
      Scalar.scale(&span, by: Scalar(constant: factor))
    }
  }
}

/// Drops every gradient.
struct GradientClearing<Scalar: TensorScalar>: StateVisitor {
  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    parameter.clearGradient()
  }
}

/// Replaces every gradient by its mean over the ranks, each weighted by its share of the rows.
struct GradientReduction<Scalar: TensorScalar>: StateVisitor {
  let communicator: any Communicator
  let weight: Double
  private(set) var error: CommunicationError?

  init(communicator: any Communicator, weight: Double) {
    self.communicator = communicator
    self.weight = weight
  }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    guard error == nil else { return }
    // A rank whose rows did not touch a parameter still takes part in the sum.
    if parameter.gradient == nil { parameter.setGradient(Tensor(parameter.value.shape)) }
    do throws(CommunicationError) {
      try parameter.changeGradient { (gradient) throws(CommunicationError) in
        var span = gradient.mutableSpan
        Scalar.scale(&span, by: Scalar(constant: weight))
        try communicator.allReduce(&gradient)
      }
    } catch {
      self.error = error
    }
  }
}

/// Lists the parameters by path, with their shapes.
struct ParameterPaths<Scalar: TensorScalar>: StateVisitor {
  private(set) var found: [(path: String, shape: Shape)] = []
  private var path = StatePath()

  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    found.append((path.appending(name), parameter.value.shape))
  }
}

public import AddendCatalogue
public import AddendTensors

/// How a gradient becomes a change of a parameter.
///
/// An optimizer is a value without memory of its own: what it keeps beside a parameter is handed to
/// it, so that checkpoints, and ranks that share the work, see all of it.
public protocol Optimizer: Configurable {
  /// The tensors kept beside each parameter, each shaped as the parameter and zero at first.
  var stateNames: [String] { get }

  /// Moves `value` by one step against `gradient`.
  func update<Scalar: TensorScalar>(
    _ value: inout Tensor<Scalar>, gradient: Tensor<Scalar>, state: inout [Tensor<Scalar>],
    _ moment: UpdateMoment)
}

/// When an update takes place.
public struct UpdateMoment: Hashable, Sendable {
  /// The schedule's rate times the parameter's own factor. Every optimizer multiplies its whole step by
  /// it: under Adam, whose step does not depend on the gradient's size, a factor is the ratio of steps,
  /// which no scaling of gradients could bring about.
  public var learningRate: Double
  /// 1 for the first step.
  public var step: Int
  /// Whether weight decay applies: it spares biases, normalisation scales and
  /// latent weights, which a pull to 0 would only make change their signs.
  public var decays: Bool

  public init(learningRate: Double, step: Int, decays: Bool = true) {
    precondition(step > 0, "steps are counted from 1")
    self.learningRate = learningRate
    self.step = step
    self.decays = decays
  }
}

/// The optimizers there are.
public enum Optimizers {
  public static let catalogue = Catalogue(
    of: "optimizer", [SGD.self, Adam.self, AdamW.self, AdaMax.self])

  public static func configuration(
    _ specification: Specification
  ) throws(CatalogueError) -> any Optimizer {
    guard let optimizer = try catalogue.make(specification) as? any Optimizer else {
      preconditionFailure("the catalogue of optimizers holds optimizers")
    }
    return optimizer
  }
}

public import AddendCatalogue
public import AddendTensors

/// What training makes small.
public protocol Loss: Configurable {
  /// The mean loss over the rows that count, and its gradient towards the outputs.
  ///
  /// `outputs` is `[…, outputSize]`; classes are one for each row of it. The gradient may take over their
  /// memory where the caller holds no other reference.
  /// - Throws: `TensorError` when the targets do not fit the outputs.
  func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: consuming Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>)

  /// The loss that evaluation measures: without what only training adds, such as a margin.
  var evaluated: Self { get }

  /// What the outputs say of each class, rows adding up to 1: their softmax, unless the loss knows
  /// better.
  func probabilities<Scalar: TensorScalar>(of outputs: Tensor<Scalar>) -> Tensor<Scalar>

  /// Numbers that are larger for what the loss takes for more probable: the outputs themselves, unless
  /// the loss orders them otherwise. Accuracy is counted in them.
  func scores<Scalar: TensorScalar>(of outputs: Tensor<Scalar>) -> Tensor<Scalar>
}

extension Loss {
  public var evaluated: Self { self }
  public func probabilities<Scalar: TensorScalar>(of outputs: Tensor<Scalar>) -> Tensor<Scalar> {
    outputs.softmax()
  }
  public func scores<Scalar: TensorScalar>(of outputs: Tensor<Scalar>) -> Tensor<Scalar> { outputs }
}

/// The losses there are.
public enum Losses {
  public static let catalogue = Catalogue(
    of: "loss",
    [
      SoftmaxCrossEntropy.self, SoftMarginSoftmax.self, TaylorSoftmax.self, SquaredHinge.self,
      MeanSquaredError.self,
    ])

  public static func configuration(
    _ specification: Specification
  ) throws(CatalogueError) -> any Loss {
    guard let loss = try catalogue.make(specification) as? any Loss else {
      preconditionFailure("the catalogue of losses holds losses")
    }
    return loss
  }
}

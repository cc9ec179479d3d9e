public import AddendCatalogue
public import AddendTensors

/// What training makes small.
public protocol Loss: Configurable {
  /// The mean loss over the rows that count, and its gradient towards the outputs.
  ///
  /// `outputs` is `[…, outputSize]`; classes are one for each row of it.
  /// - Throws: `TensorError` when the targets do not fit the outputs.
  func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>)
}

/// The losses there are.
public enum Losses {
  public static let catalogue = Catalogue(
    of: "loss", [SoftmaxCrossEntropy.self, SquaredHinge.self, MeanSquaredError.self])

  public static func configuration(
    _ specification: Specification
  ) throws(CatalogueError) -> any Loss {
    guard let loss = try catalogue.make(specification) as? any Loss else {
      preconditionFailure("the catalogue of losses holds losses")
    }
    return loss
  }
}

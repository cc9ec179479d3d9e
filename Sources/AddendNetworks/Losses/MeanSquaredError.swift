public import AddendCatalogue
public import AddendTensors

/// `(y − target)²`, the mean over all numbers. Gradient: `2 (y − target) / count`.
public struct MeanSquaredError: Loss {
  public init() {}

  public static let declaration = Declaration(
    "mean-squared-error", summary: "the mean of (y − target)²")
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("mean-squared-error") }

  public func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>) {
    guard case .values(let values) = targets else {
      throw .invalidValue(
        operation: "mean-squared-error", argument: "targets", expected: "numbers", found: "classes")
    }
    guard values.shape == outputs.shape else {
      throw .shapeMismatch(
        operation: "mean-squared-error", argument: "outputs", expected: "\(values.shape)",
        found: outputs.shape)
    }
    let y = outputs.span
    let share = 1 / Double(max(1, outputs.count))
    var total = 0.0
    let gradient = Tensor<Scalar>(outputs.shape) {
      total = Scalar.squaredError(y, targets: values.span, weight: share, gradient: &$0)
    }
    return (total * share, gradient)
  }
}

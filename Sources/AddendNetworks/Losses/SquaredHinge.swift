public import AddendCatalogue
public import AddendTensors

/// `max(0, 1 − t y)²`, the mean over rows and classes, where `t` is 1 for the class and −1 for all
/// others: the loss of binary networks (Hubara et al., 2016, §2.1; Tang, 2013, eq. 10).
///
/// Gradient: `−2 t max(0, 1 − t y) / (rows · classes)`. Rows whose class is `Targets.ignored` count
/// for nothing.
public struct SquaredHinge: Loss {
  public init() {}

  public static let declaration = Declaration(
    "squared-hinge", summary: "max(0, 1 − t y)² with t = ±1, one class against all others")
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("squared-hinge") }

  public func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>) {
    let classes = try targets.classes(for: outputs, of: "squared-hinge")
    let (columns, y) = (outputs.shape.last ?? 1, outputs.span)
    let counted = classes.count { $0 != Targets.ignored }
    let share = 1 / Double(max(1, counted * columns))
    var total = 0.0
    let gradient = Tensor<Scalar>(outputs.shape) {
      total = Scalar.squaredHinge(
        y, columns: columns, classes: classes.span, weight: share, gradient: &$0)
    }
    return (total * share, gradient)
  }
}

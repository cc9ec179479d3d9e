public import AddendCatalogue
public import AddendTensors

/// `−log p_y`, the mean over rows, with `p_k = f(z_k) / Σ_j f(z_j)` and, of an even order `n`,
/// `f(z) = Σ_{i ≤ n} z^i / i!`: softmax with the exponential's Taylor series (de Brébisson & Vincent,
/// *An Exploration of Softmax Alternatives Belonging to the Spherical Loss Family*, 2016;
/// Banerjee et al., *Exploring Alternatives to Softmax Function*, 2021, §2.2 and 2.4). A margin `m`
/// takes `z_y − m` in place of `z_y` in training, and only there.
///
/// Gradient, with `f′(z) = Σ_{i < n} z^i / i!`:
/// `(f′(z_k) / Σ_j f(z_j) − [k = y] f′(z_y) / f(z_y)) / rows`. Rows whose class is `Targets.ignored`
/// count for nothing.
///
/// `f` is positive only for even orders. It is not that of softmax in two ways: adding a number to all
/// outputs changes the probabilities, and `f` has a minimum (at −1 for `n` = 2, −1.60 for 4, −2.18
/// for 6), below which a smaller output is *more* probable. Accuracy is therefore counted in
/// probabilities. Values and gradients are finite for all finite outputs, whatever their size.
public struct TaylorSoftmax: Loss {
  /// `n`: even, at least 2.
  public var order: Int
  /// `m`, 0 or more.
  public var margin: Double

  public init(order: Int = 2, margin: Double = 0) {
    precondition(order > 0 && order.isMultiple(of: 2), "an order is even and positive")
    precondition(margin >= 0 && margin.isFinite, "a margin is not negative")
    self.order = order
    self.margin = margin
  }

  public static let declaration = Declaration(
    "taylor-softmax", summary: "−log of softmax with e^z as its Taylor series",
    parameters: [
      .init(
        "order", .integer(2...10), standard: .integer(2), help: "the series' last power, even"),
      SoftMarginSoftmax.marginParameter(standard: 0),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    let order = arguments.integer("order")
    guard order.isMultiple(of: 2) else {
      throw .invalidParameter(
        of: "taylor-softmax", parameter: "order",
        expected: "an even number, since the series of odd ones are negative for some outputs",
        found: "\(order)")
    }
    self.init(order: order, margin: arguments.number("margin"))
  }
  public var specification: Specification {
    Specification("taylor-softmax", ["order": .integer(order), "margin": .number(margin)])
  }

  public var evaluated: TaylorSoftmax { TaylorSoftmax(order: order) }

  public func probabilities<Scalar: TensorScalar>(of outputs: Tensor<Scalar>) -> Tensor<Scalar> {
    let (z, columns) = (outputs.span, outputs.shape.last ?? 1)
    return Tensor(outputs.shape) {
      Scalar.taylorSoftmax(z, columns: columns, order: order, into: &$0)
    }
  }

  public func scores<Scalar: TensorScalar>(of outputs: Tensor<Scalar>) -> Tensor<Scalar> {
    probabilities(of: outputs)
  }

  public func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>) {
    let classes = try targets.classes(for: outputs, of: "taylor-softmax")
    let columns = outputs.shape.last ?? 1
    let share = 1 / Double(max(1, classes.count { $0 != Targets.ignored }))
    let lowered = outputs.lowered(by: margin, at: classes)
    let logits = lowered.span
    var total = 0.0
    let gradient = Tensor<Scalar>(outputs.shape) {
      total = Scalar.taylorCrossEntropy(
        logits, columns: columns, order: order, classes: classes.span, weight: share,
        gradient: &$0)
    }
    return (total * share, gradient)
  }
}

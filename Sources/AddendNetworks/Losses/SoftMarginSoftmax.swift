public import AddendCatalogue
public import AddendTensors

/// `−log softmax(z′)[y]`, the mean over rows, where `z′` is the outputs with the class's own lowered by
/// a margin, `z′_y = z_y − m` (Liang et al., *Soft-Margin Softmax for Deep Classification*, 2017;
/// Banerjee et al., *Exploring Alternatives to Softmax Function*, 2021, §2.3).
///
/// Training must then put the class ahead of the others by more. Evaluation measures cross-entropy
/// without the margin, and probabilities are those of softmax. Gradient: `(softmax(z′) − target) / rows`.
/// Rows whose class is `Targets.ignored` count for nothing.
public struct SoftMarginSoftmax: Loss {
  /// `m`, 0 or more.
  public var margin: Double

  public init(margin: Double) {
    precondition(margin >= 0 && margin.isFinite, "a margin is not negative")
    self.margin = margin
  }

  static func marginParameter(standard: Double) -> Declaration.Parameter {
    .init(
      "margin", .number(0...1000), standard: .number(standard),
      help: "what is taken from the class's own output in training")
  }

  public static let declaration = Declaration(
    "soft-margin-softmax", summary: "−log softmax of the class, its output less a margin",
    parameters: [marginParameter(standard: 0.5)])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(margin: arguments.number("margin"))
  }
  public var specification: Specification {
    Specification("soft-margin-softmax", ["margin": .number(margin)])
  }

  public var evaluated: SoftMarginSoftmax { SoftMarginSoftmax(margin: 0) }

  public func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: consuming Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>) {
    let classes = try targets.classes(for: outputs, of: "soft-margin-softmax")
    // The margin is a constant, so the gradient towards the outputs is that towards what is left.
    return try SoftmaxCrossEntropy().valueAndGradient(
      outputs.lowered(by: margin, at: classes), targets)
  }
}

extension Tensor {
  /// These rows with `margin` taken from the column of each one's class.
  consuming func lowered(by margin: Double, at classes: [Int32]) -> Tensor {
    guard margin != 0 else { return self }
    let columns = shape.last ?? 1
    var lowered = self
    var span = lowered.mutableSpan
    for row in classes.indices where classes[row] >= 0 {
      span[row * columns + Int(classes[row])] -= Scalar(constant: margin)
    }
    return lowered
  }
}

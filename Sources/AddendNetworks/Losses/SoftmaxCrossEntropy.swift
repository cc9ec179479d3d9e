public import AddendCatalogue
public import AddendTensors

/// `−log softmax(outputs)[class]`, the mean over rows.
///
/// With label smoothing ε the target distribution is `(1 − ε)` on the class plus `ε / classes`
/// everywhere (Szegedy et al., 2016, §7). Gradient: `(softmax − target) / rows`. Rows whose class is
/// `Targets.ignored` count for nothing.
public struct SoftmaxCrossEntropy: Loss {
  public var smoothing: Double

  public init(smoothing: Double = 0) { self.smoothing = smoothing }

  public static let declaration = Declaration(
    "cross-entropy", summary: "−log softmax of the class",
    parameters: [
      .init(
        "smoothing", .number(0...1), standard: .number(0),
        help: "the share of the target spread evenly over all classes")
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(smoothing: arguments.number("smoothing"))
  }
  public var specification: Specification {
    Specification("cross-entropy", ["smoothing": .number(smoothing)])
  }

  public func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: consuming Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>) {
    let classes = try targets.classes(for: outputs, of: "cross-entropy")
    let columns = outputs.shape.last ?? 1
    let counted = max(1, classes.count { $0 != Targets.ignored })
    let share = 1 / Double(counted)
    var gradient = outputs
    var span = gradient.mutableSpan
    let total = Scalar.softmaxCrossEntropy(
      &span, columns: columns, classes: classes.span, smoothing: smoothing, weight: share)
    return (total * share, gradient)
  }
}

extension Targets {
  /// The classes, one for each row of `outputs` and each within its columns.
  func classes<Scalar: TensorScalar>(
    for outputs: Tensor<Scalar>, of operation: String
  ) throws(TensorError) -> [Int32] {
    guard case .classes(let classes) = self else {
      throw .invalidValue(
        operation: operation, argument: "targets", expected: "classes", found: "numbers")
    }
    guard classes.count == outputs.rows else {
      throw .shapeMismatch(
        operation: operation, argument: "outputs", expected: "\(classes.count) rows",
        found: outputs.shape)
    }
    let columns = Int32(outputs.shape.last ?? 1)
    if let stray = classes.first(where: { !(0..<columns ~= $0) && $0 != Targets.ignored }) {
      throw .invalidValue(
        operation: operation, argument: "a target class", expected: "0 to \(columns - 1)",
        found: "\(stray)")
    }
    return classes
  }
}

extension Tensor {
  /// Softmax over the last axis.
  public func softmax() -> Tensor {
    let source = span
    let columns = shape.last ?? 1
    return Tensor(shape) { Scalar.softmax(source, columns: columns, into: &$0) }
  }
}

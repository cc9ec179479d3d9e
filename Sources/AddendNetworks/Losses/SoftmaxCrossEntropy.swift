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
    _ outputs: Tensor<Scalar>, _ targets: Targets
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>) {
    let classes = try targets.classes(for: outputs, of: "cross-entropy")
    let columns = outputs.shape.last ?? 1
    let counted = max(1, classes.count { $0 != Targets.ignored })
    var gradient = outputs.softmax()
    let logits = outputs.span
    var span = gradient.mutableSpan
    var total = 0.0
    let share = 1 / Double(counted)
    for (row, target) in classes.enumerated() {
      let first = row * columns
      guard target != Targets.ignored else {
        for c in 0..<columns { span[first + c] = .zero }
        continue
      }
      total += Self.loss(
        of: Int(target), in: logits.extracting(first..<first + columns),
        probability: span[first + Int(target)], smoothing: smoothing)
      if smoothing > 0 {
        let spread = Scalar(smoothing / Double(columns))
        for c in 0..<columns { span[first + c] -= spread }
      }
      span[first + Int(target)] -= Scalar(1 - smoothing)
    }
    Scalar.scale(&span, by: Scalar(share))
    return (total * share, gradient)
  }

  /// One row's loss. A probability that has rounded to zero is taken from the logits instead.
  private static func loss<Scalar: TensorScalar>(
    of target: Int, in logits: Span<Scalar>, probability: Scalar, smoothing: Double
  ) -> Double {
    if smoothing == 0, probability.double > 1e-6 { return -Math.log(probability.double) }
    var largest = -Double.infinity
    for c in logits.indices { largest = max(largest, logits[c].double) }
    var (sum, mean) = (0.0, 0.0)
    for c in logits.indices {
      sum += Math.exp(logits[c].double - largest)
      mean += logits[c].double
    }
    let logSum = largest + Math.log(sum)
    return logSum - (1 - smoothing) * logits[target].double
      - smoothing * mean / Double(logits.count)
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

public import AddendTensors

/// What a student learns beside its targets: to answer as a teacher does.
///
/// `(1 − λ) L(z, y) + λ T² KL(softmax(t / T) ‖ softmax(z / T))`, the mean over the rows that count,
/// with the student's outputs `z`, the teacher's `t`, the loss `L` towards the targets `y`, the weight
/// `λ` and the temperature `T`; `T²` keeps the gradient's size whatever the temperature. Gradient:
/// `(1 − λ) ∂L/∂z + λ T (softmax(z / T) − softmax(t / T)) / rows`. Source: Hinton, Vinyals and Dean,
/// *Distilling the Knowledge in a Neural Network*, 2015, §2 and 2.1.
public struct Distillation: Hashable, Sendable {
  /// The teacher's share `λ`, 0…1.
  public var weight: Double
  /// What both sides' outputs are divided by, above 0: 1 asks for the teacher's own probabilities,
  /// more for what it thinks of the wrong classes.
  public var temperature: Double

  public init(weight: Double = 0.5, temperature: Double = 4) {
    precondition(0...1 ~= weight, "the teacher's weight is a share")
    precondition(temperature > 0 && temperature.isFinite, "a temperature is positive")
    self.weight = weight
    self.temperature = temperature
  }

  /// The mean over the rows that count, and its gradient towards `outputs`, `[…, classes]`.
  ///
  /// `teacher` holds the teacher's outputs, shaped as the student's.
  /// - Throws: `TensorError` when targets or the teacher's outputs do not fit the student's, and for
  ///   targets that are not classes.
  public func valueAndGradient<Scalar: TensorScalar>(
    _ outputs: Tensor<Scalar>, _ targets: Targets, teacher: Tensor<Scalar>, loss: some Loss
  ) throws(TensorError) -> (value: Double, gradient: Tensor<Scalar>) {
    guard teacher.shape == outputs.shape else {
      throw .shapeMismatch(
        operation: "distillation", argument: "the teacher's outputs", expected: "\(outputs.shape)",
        found: teacher.shape)
    }
    let classes = try targets.classes(for: outputs, of: "distillation")
    let counted = max(1, classes.count { $0 != Targets.ignored })
    let (own, ownGradient) = try loss.valueAndGradient(outputs, targets)
    let divergence = SoftDivergence(outputs, teacher, classes, temperature: temperature)
    let share = weight / Double(counted)
    var gradient = ownGradient
    var span = gradient.mutableSpan
    Scalar.scale(&span, by: Scalar(1 - weight))
    Scalar.addScaled(
      Scalar(share * temperature), divergence.difference.span, to: &span)
    return (
      (1 - weight) * own + share * temperature * temperature * divergence.total, gradient
    )
  }
}

/// `Σ_rows KL(q ‖ p)` of `q = softmax(t / T)`, `p = softmax(z / T)`, and `p − q`; rows without a class
/// count for nothing.
///
/// Of a row, `KL = Σ_k q_k (t_k − z_k) / T − (lse(t / T) − lse(z / T))`: no logarithm an element, and
/// every pass over all elements is a bulk operation.
private struct SoftDivergence<Scalar: TensorScalar> {
  private(set) var total = 0.0
  private(set) var difference: Tensor<Scalar>

  init(_ z: Tensor<Scalar>, _ t: Tensor<Scalar>, _ classes: [Int32], temperature: Double) {
    let (student, teacher) = (z.scaled(by: 1 / temperature), t.scaled(by: 1 / temperature))
    let (p, q) = (student.softmax(), teacher.softmax())
    let columns = z.shape.last ?? 1
    var gap = teacher
    var gapSpan = gap.mutableSpan
    Scalar.addScaled(Scalar(-1), student.span, to: &gapSpan)
    Scalar.multiply(&gapSpan, by: q.span)
    difference = p
    var differenceSpan = difference.mutableSpan
    Scalar.addScaled(Scalar(-1), q.span, to: &differenceSpan)
    for row in classes.indices where classes[row] == Targets.ignored {
      for i in row * columns..<(row + 1) * columns {
        gapSpan[i] = .zero
        differenceSpan[i] = .zero
      }
    }
    var sums = Tensor<Scalar>([columns])
    var sumsSpan = sums.mutableSpan
    Scalar.addColumnSums(of: gap.span, to: &sumsSpan)
    total = sums.elements.reduce(0) { $0 + $1.double }
    for row in classes.indices where classes[row] != Targets.ignored {
      total -= Self.logarithmOfSum(teacher, q, row) - Self.logarithmOfSum(student, p, row)
    }
  }

  /// `ln Σ_k e^(x_k)` of a row, from the softmax at its largest element: at least `1 / columns`.
  private static func logarithmOfSum(
    _ x: Tensor<Scalar>, _ softmax: Tensor<Scalar>, _ row: Int
  ) -> Double {
    let columns = x.shape.last ?? 1
    let first = row * columns
    let best = first + Scalar.indexOfLargest(x.span.extracting(first..<first + columns))
    return x.span[best].double - Math.log(softmax.span[best].double)
  }
}

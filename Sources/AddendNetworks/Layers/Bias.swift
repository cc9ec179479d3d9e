internal import AddendLinear
internal import AddendTensors

extension Parameter {
  /// Adds this row to every row of `y`: what a bias does.
  func addToRows(of y: inout Tensor<Scalar>) { y.addToEachRow(value) }

  /// Adds the sums of `dy`'s columns: a bias's gradient.
  mutating func addColumnSums(of dy: Tensor<Scalar>) {
    addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      if !accumulates { Scalar.fill(&span, with: .zero) }
      Scalar.addColumnSums(of: dy.span, to: &span)
    }
  }
}

extension Optional {
  /// The bias of `scale · (x + bias) + shift`; one that is not there is zero.
  mutating func absorb<Scalar>(_ next: ChannelAffine) where Wrapped == Parameter<Scalar> {
    let old = self?.value.elements
    let sums = next.scale.indices.map {
      Scalar((old?[$0].double ?? 0) * next.scale[$0] + next.shift[$0])
    }
    self = Parameter(Tensor([sums.count], sums), role: .bias)
  }

  /// Visits the parameter, if there is one.
  mutating func visit<Scalar, Visitor: StateVisitor<Scalar>>(
    _ visitor: inout Visitor, named name: String
  ) where Wrapped == Parameter<Scalar> {
    guard var parameter = take() else { return }
    visitor.visit(&parameter, named: name)
    self = parameter
  }
}

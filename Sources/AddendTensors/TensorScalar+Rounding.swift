extension TensorScalar {
  public static func round(
    _ x: Span<Self>, to format: NumberFormat, into y: inout MutableSpan<Self>
  ) {
    precondition(x.count == y.count, "round: extents")
    switch format {
    case .float32: for i in x.indices { y[i] = Self(Float(x[i].double).double) }
    case .float(let format): for i in x.indices { y[i] = Self(format.rounded(x[i].double)) }
    case .fixed(let format):
      for block in format.blocks(of: x.count) {
        var greatest = 0.0
        for i in block {
          // One number that is not finite makes all of them so.
          let magnitude = x[i].double.magnitude
          greatest = max(greatest, magnitude.isFinite ? magnitude : .infinity)
        }
        let quantum = format.quantum(greatest: greatest)
        for i in block { y[i] = Self(format.rounded(x[i].double, quantum: quantum)) }
      }
    case .logarithmic(let format): for i in x.indices { y[i] = Self(format.rounded(x[i].double)) }
    }
  }

  public static func round(
    _ x: Span<Self>, stochasticallyTo format: FloatFormat, using random: inout RandomSource,
    into y: inout MutableSpan<Self>
  ) {
    precondition(x.count == y.count, "round: extents")
    for i in x.indices {
      y[i] = Self(format.rounded(x[i].double, stochastically: random.uniform()))
    }
  }
}

extension Tensor {
  /// These numbers rounded to `format` and kept in their own; `nil` rounds nothing.
  public func rounded(to format: NumberFormat?) -> Tensor {
    guard let format, !format.isOwn(of: Scalar.self) else { return self }
    let source = span
    return Tensor(shape) { Scalar.round(source, to: format, into: &$0) }
  }

  /// These numbers, each rounded to a neighbour in `format` with the number as the mean.
  public func rounded(
    stochasticallyTo format: FloatFormat, using random: inout RandomSource
  ) -> Tensor {
    let source = span
    return Tensor(shape) {
      Scalar.round(source, stochasticallyTo: format, using: &random, into: &$0)
    }
  }
}

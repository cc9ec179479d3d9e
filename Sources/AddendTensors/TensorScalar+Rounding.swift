extension TensorScalar {
  public static func round(
    _ x: Span<Self>, to format: NumberFormat, into y: inout MutableSpan<Self>
  ) {
    precondition(x.count == y.count, "round: extents")
    switch format {
    case .float32: for i in x.indices { y[i] = Self(Float(x[i].double).double) }
    case .bfloat16: for i in x.indices { y[i] = Self(BFloat16(x[i].double).double) }
    }
  }
}

extension Tensor {
  /// These numbers rounded to `format` and kept in their own; `nil` rounds nothing.
  public func rounded(to format: NumberFormat?) -> Tensor {
    guard let format, format.rawValue != Scalar.formatName else { return self }
    let source = span
    return Tensor(shape) { Scalar.round(source, to: format, into: &$0) }
  }
}

internal import AddendKernels

/// A matrix `B [rows, columns]` of numbers that bfloat16 has too, kept as products with other such
/// numbers read it: packed in bfloat16 where the scalar has kernels for that, which take half of
/// float32's time.
///
/// Products of two bfloat16 numbers are exact in float32, and so are sums of integers below 2²⁴: products
/// of codes come out the same to the bit whichever way they are computed.
public struct NarrowMatrix<Scalar: TensorScalar>: Sendable {
  private enum Form: Sendable {
    case packed(PackedHalfMatrix)
    case plain(Tensor<Scalar>, transposed: Bool)
  }
  private let form: Form
  public let rows: Int
  public let columns: Int

  /// - Parameter transposed: `b` is stored `[columns, rows]`.
  public init(_ b: Tensor<Scalar>, transposed: Bool = false) {
    precondition(b.shape.rank == 2, "a narrow matrix is a matrix")
    (rows, columns) = transposed ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    let packed = Scalar.packNarrow(b.span, rows: rows, columns: columns, transposed: transposed)
    form = packed.map { .packed($0) } ?? .plain(b, transposed: transposed)
  }

  /// `A B` for `a: [m, rows]`, whose numbers bfloat16 has.
  public func multiplied(by a: Tensor<Scalar>) -> Tensor<Scalar> {
    Tensor([a.shape[0], columns]) { multiply(a, accumulates: false, into: &$0) }
  }

  /// `C = A B`, added to what `c` holds or put in its place.
  public func multiply(
    _ a: Tensor<Scalar>, accumulates: Bool, into c: inout MutableSpan<Scalar>
  ) {
    precondition(a.shape.rank == 2 && a.shape[1] == rows, "\(a.shape) by \(rows)×\(columns)")
    let source = a.span
    switch form {
    case .packed(let packed):
      Scalar.multiplyNarrow(
        source, rows: a.shape[0], by: packed, accumulates: accumulates, into: &c)
    case .plain(let b, let transposed):
      let shape = GEMMShape(
        m: a.shape[0], n: columns, k: rows, transposesB: transposed, accumulates: accumulates)
      Scalar.gemm(shape, source, b.span, &c)
    }
  }
}

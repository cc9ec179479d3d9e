public import AddendKernels

extension TensorScalar {
  /// The definition: sums in `Accumulator`, in the order of `k`, rounded before the bias is added.
  public static func gemm(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, bias: Span<Self>?,
    _ c: inout MutableSpan<Self>
  ) {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(a.count == m * k && b.count == k * n && c.count == m * n, "gemm: extents")
    for i in 0..<m {
      for j in 0..<n {
        var sum = Accumulator.zero
        for p in 0..<k {
          let x = a[shape.transposesA ? p * m + i : i * k + p]
          let y = b[shape.transposesB ? j * k + p : p * n + j]
          sum = p == 0 ? product(x, y) : sum + product(x, y)
        }
        let value = Self(rounding: sum)
        c[i * n + j] = shape.accumulates ? c[i * n + j] + value : value
      }
    }
    if let bias { addRow(bias, toEachRowOf: &c) }
  }

  /// `C = op(A) op(B)`.
  public static func gemm(
    _ shape: GEMMShape, _ a: Span<Self>, _ b: Span<Self>, _ c: inout MutableSpan<Self>
  ) { gemm(shape, a, b, bias: nil, &c) }
}

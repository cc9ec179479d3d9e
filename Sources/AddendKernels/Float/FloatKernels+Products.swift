internal import CAddendKernels

extension FloatKernels {
  /// `C = op(A) op(B)` without a library, on the calling thread: what `gemm` does where no library
  /// is linked.
  public func multiply(
    _ shape: GEMMShape, _ a: Span<Float>, _ b: Span<Float>, _ c: inout MutableSpan<Float>
  ) {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(a.count == m * k && b.count == k * n && c.count == m * n, "multiply: extents")
    let scratch = AlignedBuffer<Float>(uninitializedCount: Int(addend_f32_gemm_scratch))
    var scratchSpan = scratch.uniqueSpan
    // Safe: the extents were checked, and C keeps no pointer.
    unsafe table.pointee.gemm(
      shape.transposesA, shape.transposesB, m, n, k, a.address, shape.transposesA ? m : k,
      b.address, shape.transposesB ? k : n, shape.accumulates, c.address, n, scratchSpan.address)
  }
}

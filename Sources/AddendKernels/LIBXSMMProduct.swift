internal import CAddendKernels

/// `C = max(A B + bias + residual, 0)` of fixed extents, by batch-reduce kernels that LIBXSMM
/// (Heinecke et al., SC 2016) writes for them.
///
/// The result is cut into pieces of a fixed size, so it does not depend on the thread count. LIBXSMM
/// needs some 20 ms when it is first used, and about 0.1 ms for a product's kernels.
public struct LIBXSMMProduct: Sendable {
  /// Whether LIBXSMM is linked and writes kernels for this processor.
  public static let isAvailable = Kernels(.best, GEMMShape(m: 1, n: 1, k: 1)) != nil

  private let shape: GEMMShape
  private let b: PackedMatrix
  private let kernels: Kernels

  // Invariant behind @unchecked: nothing writes to the kernels, which live as long as the program.
  @safe private struct Kernels: @unchecked Sendable {
    let product: addend_xsmm

    init?(_ set: InstructionSet, _ shape: GEMMShape) {
      var product = unsafe addend_xsmm()
      guard
        unsafe addend_xsmm_init(
          &product, set.isa, shape.m, shape.n, shape.k)
      else { return nil }
      unsafe self.product = product
    }
  }

  /// `nil` where LIBXSMM is not linked or has no kernels for these extents.
  ///
  /// - Parameters:
  ///   - m: rows of `A` and `C`.
  ///   - b: `[k, n]`.
  ///   - set: what panels and the rest of the work are made for; LIBXSMM sees the processor itself.
  public init?(
    rows m: Int, _ b: Span<Float>, n: Int, k: Int, using set: InstructionSet = .best
  ) {
    precondition(m >= 0 && b.count == k * n, "a compiled product's extents")
    shape = GEMMShape(m: m, n: n, k: k)
    guard let kernels = Kernels(set, shape) else { return nil }
    self.kernels = kernels
    self.b = PackedMatrix(b, rows: k, columns: n, using: set)
  }

  /// `A` is `[m, k]`, `C` and the residual are `[m, n]`, the bias is `[n]`; what is `nil` is left out.
  public func multiply(
    _ a: Span<Float>, bias: Span<Float>? = nil, residual: Span<Float>? = nil,
    rectifies: Bool = false, into c: inout MutableSpan<Float>
  ) {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(
      a.count == m * k && c.count == m * n && (bias?.count ?? n) == n
        && (residual?.count ?? c.count) == c.count, "a compiled product's extents")
    let packed = b.panels.span
    guard let a = unsafe a.address, let packed = unsafe packed.address, let c = unsafe c.address
    else { return }
    let kernels = unsafe b.set.batchReduceKernels
    // Safe: the extents were checked above, and C keeps no pointer.
    let whole = unsafe addend_gemm(
      m: m, n: n, k: k, first_panel: 0, panels: addend_brgemm_panel_count(kernels, n),
      transposes_a: false, a: a, lda: k, b: packed, ldb: 0, c: c, ldc: n, accumulates: false,
      rectifies: rectifies, bias: bias?.address, residual: residual?.address, scale: nil)
    unsafe forEachPiece(of: whole) { gemm in
      var product = unsafe self.kernels.product
      unsafe addend_xsmm_run(&product, gemm)
    }
  }
}

internal import CAddendKernels

// The search among many words of many numbers is a product of matrices: ‖x − w‖² = ‖x‖² + ‖w‖² − 2 x·w.
// Its rounding differs from that of the definition, so the product only shortlists: words whose score
// comes within both roundings of the best are compared again as defined, in their order. What is found
// is what the definition finds.
extension NearestWords {
  /// Words of one product.
  private static let blockWords = 1024

  /// The search for `part` points on the calling thread; `false`, and nothing was done, where words are
  /// few or short, or squares are beyond float32.
  // Safe when `points` is `[part][dimension]` and there are `part` codes: C keeps no pointer.
  @unsafe func searchByProducts(
    _ points: UnsafePointer<Float>, _ part: Int, _ codes: UnsafeMutablePointer<UInt32>
  ) -> Bool {
    guard !norms.isEmpty, let words = unsafe words.span.address else { return false }
    // With u = 2⁻²⁴, a distance as defined is within (d + 3) u of its value, which is at most
    // 2 (‖x‖² + ‖w‖²); a score is within (2 d + 4) u (‖x‖² + ‖w‖²). Of two words each may be off.
    let share = Float(8 * dimension + 64) * 0x1p-24
    var margins = [Float](repeating: 0, count: part)
    for i in 0..<part {
      var norm: Float = 0
      for c in 0..<dimension {
        let number = unsafe points[i * dimension + c]
        norm += number * number
      }
      margins[i] = share * (norm + largestNorm)
      guard norm + largestNorm < 1e37 else { return false }
    }
    let size = min(count, Self.blockWords)
    let products = AlignedBuffer<Float>(uninitializedCount: part * size)
    let shortlist = AlignedBuffer<UInt32>(uninitializedCount: size + 1)
    let kernels = unsafe InstructionSet.best.batchReduceKernels
    let packed = unsafe AlignedBuffer<Float>(
      uninitializedCount: dimension * addend_brgemm_padded(kernels, size))
    var (scores, best) = (
      [Float](repeating: .infinity, count: part), [Float](repeating: .infinity, count: part)
    )
    var productSpan = products.uniqueSpan
    var listSpan = shortlist.uniqueSpan
    var packedSpan = packed.uniqueSpan
    guard let table = unsafe productSpan.address, let list = unsafe listSpan.address,
      let right = unsafe packedSpan.address
    else { return false }
    unsafe codes.update(repeating: 0, count: part)
    for first in Swift.stride(from: 0, to: count, by: size) {
      let present = min(size, count - first)
      let block = unsafe words + first * dimension
      let panels = unsafe addend_brgemm_panel_count(kernels, present)
      unsafe addend_gemm_pack(
        kernels, true, present, dimension, block, dimension, 0, panels, right)
      var gemm = unsafe addend_gemm(
        m: part, n: present, k: dimension, first_panel: 0, panels: panels, transposes_a: false,
        a: points, lda: dimension, b: right, ldb: 0, c: table, ldc: present, accumulates: false,
        rectifies: false, bias: nil, residual: nil, scale: nil)
      unsafe addend_gemm_run(kernels, &gemm)
      unsafe norms.withUnsafeBufferPointer { norms in
        for i in 0..<part {
          guard let own = norms.baseAddress else { return }
          let found = unsafe addend_codebook_candidates(
            table + i * present, own + first, present, margins[i], &scores[i], list)
          for place in 0..<found {
            let word = unsafe Int(list[place])
            let distance = unsafe addend_codebook_distance(
              points + i * dimension, block + word * dimension, dimension)
            guard distance < best[i] else { continue }
            best[i] = distance
            unsafe codes[i] = UInt32(first + word)
          }
        }
      }
    }
    withExtendedLifetime((products, shortlist, packed)) {}
    return true
  }
}

internal import AddendKernels
internal import AddendTensors

/// Entries that explain what is wanted of all blocks' codes together: ridge regression on the codes.
///
/// With `G` the codes of `n` rows, one 1 for each block, and `E` `[n, outputs]` what the tables so far
/// leave of the exact products, the corrections `R = (GᵀG + λ I)⁻¹ Gᵀ E` are added to the tables. This is
/// the refit of prototypes over all columns (Blalock & Guttag, *Multiplying Matrices Without
/// Multiplying*, ICML 2021, §4.3), multiplied by the weight, but for what it is drawn to: there towards
/// zero, here towards the buckets' means.
///
/// `GᵀG` is never made: conjugate gradients need `Gᵀ(G p)`, which is a sum of entries and a sum into
/// buckets. Outputs are apart, each with its step; they stop after `iterations`, or where nothing is
/// left.
struct LookupRefit {
  let shape: LookupShape
  let ridge: Float
  let iterations: Int

  /// The corrections `[blocks, entries, outputs]` for `errors: [rows, outputs]`.
  func corrections(for errors: Tensor<Float>, at codes: Span<UInt8>) -> Tensor<Float> {
    let tables: Shape = [shape.blocks, shape.entries, shape.outputs]
    var result = Tensor<Float>(tables)
    var rest = sums(of: errors, at: codes)
    var direction = rest
    var squares = columnProducts(rest, rest)
    for _ in 0..<iterations {
      let rows = Tensor<Float>([shape.rows, shape.outputs]) {
        sumEntries(of: direction.span, at: codes, shape, into: &$0)
      }
      var image = sums(of: rows, at: codes)
      add(direction, times: [Float](repeating: ridge, count: shape.outputs), to: &image)
      let steps = ratios(squares, columnProducts(direction, image))
      add(direction, times: steps, to: &result)
      add(image, times: steps.map { -$0 }, to: &rest)
      let next = columnProducts(rest, rest)
      let turns = ratios(next, squares)
      var turned = rest
      add(direction, times: turns, to: &turned)
      direction = turned
      squares = next
    }
    return result
  }

  /// `Gᵀ y`: the sums of rows that share a code.
  private func sums(of y: Tensor<Float>, at codes: Span<UInt8>) -> Tensor<Float> {
    Tensor([shape.blocks, shape.entries, shape.outputs]) {
      bucketSums(of: y.span, at: codes, shape, into: &$0)
    }
  }

  /// `Σ_i a[i, m] b[i, m]` for each output.
  private func columnProducts(_ a: Tensor<Float>, _ b: Tensor<Float>) -> [Float] {
    let (a, b, width) = (a.span, b.span, shape.outputs)
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<a.count / width {
      for m in 0..<width { sums[m] += Double(a[row * width + m]) * Double(b[row * width + m]) }
    }
    return sums.map { Float($0) }
  }

  private func ratios(_ a: [Float], _ b: [Float]) -> [Float] {
    zip(a, b).map { $1 > 0 ? $0 / $1 : 0 }
  }

  /// `y[i, m] += factors[m] · x[i, m]`.
  private func add(_ x: Tensor<Float>, times factors: [Float], to y: inout Tensor<Float>) {
    let (x, width) = (x.span, shape.outputs)
    var span = y.mutableSpan
    for row in 0..<x.count / width {
      for m in 0..<width { span[row * width + m] += factors[m] * x[row * width + m] }
    }
  }
}

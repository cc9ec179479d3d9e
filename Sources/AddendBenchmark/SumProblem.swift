internal import AddendTensors

/// A problem each of whose results is a sum of products.
package protocol SumProblem: BenchmarkProblem {
  var resultCount: Int { get }
  /// The terms of a result's sum, exactly: each is the product of two floats.
  func visitTerms(of index: Int, _ body: (Double) -> Void)
}

extension SumProblem {
  /// Compares results with the definition in double precision: the first, the last and as many in
  /// between, drawn by a fixed seed, as some twenty million terms allow.
  ///
  /// The bound is that of a sum of `n` products in float32 in any order: `n u / (1 − n u)` of the sum
  /// of the terms' magnitudes, `u = 2⁻²⁴` (Higham, *Accuracy and Stability of Numerical Algorithms*,
  /// 2nd edition, 2002, §3.1), or what the tolerance makes of it.
  package func fault(in result: [Float], within tolerance: Tolerance) -> ResultFault? {
    precondition(result.count == resultCount, "\(caseName): a result has \(resultCount) numbers")
    var random = RandomSource(seed: 1)
    var budget = 20_000_000
    var index = 0
    var next = [resultCount - 1, 0]
    while budget > 0 || !next.isEmpty {
      index = next.popLast() ?? .random(in: 0..<resultCount, using: &random)
      var (sum, magnitude, count) = (0.0, 0.0, 0)
      visitTerms(of: index) { term in
        sum += term
        magnitude += term.magnitude
        count += 1
      }
      let rounding = Double(count) * 0x1p-24
      let bound = tolerance.bound(rounding / (1 - rounding) * magnitude)
      // Written so that NaN is a fault.
      if !((Double(result[index]) - sum).magnitude <= bound) {
        return ResultFault(index: index, found: result[index], expected: sum, bound: bound)
      }
      budget -= 100 + count
    }
    return nil
  }
}

extension Tensor where Scalar == Float {
  /// Numbers drawn evenly from −1 to 1.
  static func uniform(_ shape: Shape, _ random: inout RandomSource, within limit: Float = 1)
    -> Tensor
  {
    Tensor(shape) { span in
      for i in span.indices { span[i] = limit * (2 * Float(random.uniform()) - 1) }
    }
  }
}

import AddendKernels
import AddendTestSupport
import Testing

@Suite(.enabled(if: LIBXSMMProduct.isAvailable, "LIBXSMM is not there"))
struct LIBXSMMProductTests {
  /// Each term is rounded at most twice, and products of normal numbers stay below 32.
  @Test(arguments: [
    (1, 1, 1), (6, 16, 1), (7, 17, 3), (5, 1, 300), (24, 64, 512), (100, 300, 78), (97, 129, 257),
    (13, 2000, 3), (2000, 13, 5), (64, 70, 4099), (70, 2100, 30), (50, 200, 1024), (48, 48, 513),
  ])
  func equalsTheProduct(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let (bias, residual) = (normalNumbers(n, seed: 3), normalNumbers(m * n, seed: 4))
    let sums = (0..<m * n).map { index in
      (0..<k).reduce(0.0) {
        $0 + Double(a[index / n * k + $1]) * Double(b[$1 * n + index % n])
      }
    }
    let finished = sums.enumerated().map {
      max($1 + Double(bias[$0 % n]) + Double(residual[$0]), 0)
    }
    let tolerance = 0x1p-24 * 32 * Double(k + 3)
    for set in InstructionSet.available {
      guard let product = LIBXSMMProduct(rows: m, b.span, n: n, k: k, using: set) else {
        Issue.record("no kernels on panels for \(set)")
        continue
      }
      var c = [Float](repeating: .nan, count: m * n)
      var span = c.mutableSpan
      product.multiply(a.span, into: &span)
      #expect(mismatch(c, sums, within: tolerance) == nil, "\(set)")
      var again = c.mutableSpan
      product.multiply(
        a.span, bias: bias.span, residual: residual.span, rectifies: true, into: &again)
      #expect(mismatch(c, finished, within: tolerance) == nil, "\(set), finished")
    }
  }

  @Test(arguments: [(0, 5, 3), (5, 0, 3), (5, 3, 0), (1, 1 << 24 + 1, 1)])
  func extentsItCannotTakeAreRefused(_ m: Int, _ n: Int, _ k: Int) {
    let b = [Float](repeating: 0, count: k * n)
    let isThere = LIBXSMMProduct(rows: m, b.span, n: n, k: k) != nil
    #expect(!isThere)
  }

  @Test(arguments: [(784, 300, 100), (200, 3000, 70), (640, 64, 576)])
  func doesNotDependOnTheThreadCount(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    guard let product = LIBXSMMProduct(rows: m, b.span, n: n, k: k) else {
      Issue.record("no kernels")
      return
    }
    let results = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        var c = [Float](repeating: 0, count: m * n)
        var span = c.mutableSpan
        product.multiply(a.span, into: &span)
        return c.map(\.bitPattern)
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }
}

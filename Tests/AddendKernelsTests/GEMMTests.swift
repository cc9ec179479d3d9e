import AddendKernels
import AddendTestSupport
import Testing

struct GEMMTests {
  static let extents = [
    (1, 1, 1), (6, 16, 1), (7, 17, 3), (5, 1, 300), (100, 300, 78), (97, 129, 257), (13, 2000, 3),
    (2000, 13, 5), (64, 70, 4099), (70, 2100, 30), (50, 200, 1024), (512, 200, 60), (0, 5, 3),
    (5, 0, 3), (0, 0, 3), (66, 2061, 33), (65, 2050, 600),
  ]

  /// The product in double precision.
  private static func product(
    _ shape: GEMMShape, _ a: [Float], _ b: [Float], _ c: [Float]
  ) -> [Double] {
    (0..<shape.m * shape.n).map { index in
      let (i, j) = (index / shape.n, index % shape.n)
      return (0..<shape.k).reduce(shape.accumulates ? Double(c[index]) : 0) { sum, p in
        let x = a[shape.transposesA ? p * shape.m + i : i * shape.k + p]
        let y = b[shape.transposesB ? j * shape.k + p : p * shape.n + j]
        return sum + Double(x) * Double(y)
      }
    }
  }

  private static func shapes(_ m: Int, _ n: Int, _ k: Int) -> [GEMMShape] {
    (0..<8).map {
      GEMMShape(
        m: m, n: n, k: k, transposesA: $0 & 1 != 0, transposesB: $0 & 2 != 0,
        accumulates: $0 & 4 != 0)
    }
  }

  /// Each term is rounded at most twice, and products of normal numbers stay below 32.
  @Test(arguments: extents)
  func equalsTheProduct(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let start = normalNumbers(m * n, seed: 3)
    for shape in Self.shapes(m, n, k) {
      let expected = Self.product(shape, a, b, start)
      let tolerance = 0x1p-24 * 32 * Double(k + 1)
      for set in InstructionSet.available {
        var c = start
        var span = c.mutableSpan
        gemm(shape, a.span, b.span, &span, using: set)
        #expect(mismatch(c, expected, within: tolerance) == nil, "\(set), \(shape)")
      }
    }
  }

  /// The bias comes after the product and what is there, in any form of the product: the same bits as
  /// added later.
  @Test(arguments: extents)
  func aBiasIsAddedLast(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let (start, bias) = (normalNumbers(m * n, seed: 3), normalNumbers(n, seed: 4))
    for shape in Self.shapes(m, n, k) {
      for set in InstructionSet.available {
        var (found, expected) = (start, start)
        var span = found.mutableSpan
        gemm(shape, a.span, b.span, bias: bias.span, &span, using: set)
        var plain = expected.mutableSpan
        gemm(shape, a.span, b.span, &plain, using: set)
        FloatKernels(set).addRow(bias.span, toEachRowOf: &plain)
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(set), \(shape)")
      }
    }
  }

  /// Panels of B copied on the way give the bits of those packed before.
  @Test(arguments: [(200, 3000, 70), (66, 2061, 33), (300, 2049, 1100)])
  func copiedPanelsGiveTheBitsOfPackedOnes(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let start = normalNumbers(m * n, seed: 3)
    for shape in Self.shapes(m, n, k) where !shape.transposesB {
      for set in InstructionSet.available {
        var (found, expected) = (start, start)
        var span = found.mutableSpan
        gemm(shape, a.span, b.span, &span, using: set)
        var packed = expected.mutableSpan
        PackedMatrix(b.span, rows: k, columns: n, using: set).multiply(
          a.span, rows: m, transposed: shape.transposesA, shape.accumulates, into: &packed)
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(set), \(shape)")
      }
    }
  }

  /// The packed form adds bias and residual and rectifies in the same pass.
  @Test(arguments: extents)
  func packedProductsTakeABiasAndAResidualAndRectify(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let (start, bias) = (normalNumbers(m * n, seed: 3), normalNumbers(n, seed: 4))
    let residual = normalNumbers(m * n, seed: 5)
    for shape in Self.shapes(m, n, k) {
      let expected = Self.product(shape, a, b, start).enumerated().map { index, sum in
        max(sum + Double(bias[index % n]) + Double(residual[index]), 0)
      }
      for set in InstructionSet.available {
        var c = start
        var span = c.mutableSpan
        PackedMatrix(b.span, rows: k, columns: n, transposed: shape.transposesB, using: set)
          .multiply(
            a.span, rows: m, transposed: shape.transposesA, shape.accumulates, bias: bias.span,
            residual: residual.span, rectifies: true, into: &span)
        let tolerance = 0x1p-24 * 32 * Double(k + 3)
        #expect(mismatch(c, expected, within: tolerance) == nil, "\(set), \(shape)")
      }
    }
  }

  @Test(arguments: [true, false])
  func aProductWithoutTermsIsZero(accumulates: Bool) {
    let none: [Float] = []
    var c: [Float] = [1, 2]
    var span = c.mutableSpan
    gemm(GEMMShape(m: 1, n: 2, k: 0, accumulates: accumulates), none.span, none.span, &span)
    #expect(c == (accumulates ? [1, 2] : [0, 0]))
  }

  @Test(arguments: [
    (784, 300, 100), (200, 3000, 70), (20, 800, 400), (640, 64, 576), (50, 90, 4001),
  ])
  func doesNotDependOnTheThreadCount(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let results = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        var c = [Float](repeating: 0, count: m * n)
        var span = c.mutableSpan
        gemm(GEMMShape(m: m, n: n, k: k), a.span, b.span, &span)
        return c.map(\.bitPattern)
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }
}

import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Float's products in 16-bit formats are the definition's, which `Double` computes, but for how sums are
/// rounded.
struct FloatRoundedProductsTests {
  private static let formats: [ProductFormat] = [
    .init(left: .bfloat16, right: .bfloat16), .init(left: .dfp16, right: .dfp16),
    .init(left: .dfp16, right: .fixed(.init(bits: 15))),
    .init(left: .fixed(.init(bits: 8)), right: .fixed(.init(bits: 11))),
    // These have no kernels of their own.
    .init(left: .bfloat16, right: nil), .init(left: .float16, right: .float16),
    .init(left: .fixed(.init(bits: 16, blockLength: 10)), right: .dfp16),
  ]

  private static func double(_ x: [Float]) -> [Double] { x.map { Double($0) } }

  /// Rounding of `terms` additions, each by half a place of a sum that is no larger than all its terms
  /// together.
  private static func isNear(
    _ found: [Float], _ expected: [Double], sizes: [Double], terms: Int
  ) -> Bool {
    found.indices.allSatisfy {
      abs(Double(found[$0]) - expected[$0]) <= Double(terms + 4) * 0x1p-24 * sizes[$0]
    }
  }

  @Test(arguments: formats, 0..<4)
  func matrices(_ format: ProductFormat, _ way: Int) {
    let (m, n, k) = (11, 21, 130)
    let shape = GEMMShape(
      m: m, n: n, k: k, transposesA: way & 1 == 1, transposesB: way & 2 == 2)
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let bias = normalNumbers(n, seed: 3)
    let (x, y, row) = (Self.double(a), Self.double(b), Self.double(bias))
    let found = Tensor<Float>([m, n]) {
      Float.gemm(shape, a.span, b.span, bias: bias.span, in: format, &$0)
    }
    let expected = Tensor<Double>([m, n]) {
      Double.gemm(shape, x.span, y.span, bias: row.span, in: format, &$0)
    }
    let (sizesA, sizesB, sizesBias) = (x.map(abs), y.map(abs), row.map(abs))
    let sizes = Tensor<Double>([m, n]) {
      Double.gemm(shape, sizesA.span, sizesB.span, bias: sizesBias.span, &$0)
    }
    #expect(
      Self.isNear(found.elements, expected.elements, sizes: sizes.elements.map { 2 * $0 }, terms: k)
    )
  }

  @Test(arguments: formats)
  func convolutions(_ format: ProductFormat) {
    let g = ConvolutionGeometry(
      batch: 2, height: 7, width: 6, channels: 3, filterHeight: 3, filterWidth: 3, stride: 1,
      padding: 1)
    let outputs = 5
    let x = normalNumbers(g.imageCount, seed: 1)
    let filter = normalNumbers(g.patchSize * outputs, seed: 2)
    let dy = normalNumbers(g.patchCount * outputs, seed: 3)
    func passes<S: TensorScalar>(_ x: [S], _ filter: [S], _ dy: [S], _ format: ProductFormat)
      -> [[S]]
    {
      [
        Tensor<S>([dy.count]) { S.convolve(x.span, filter.span, g, in: format, into: &$0) },
        Tensor<S>([x.count]) {
          S.convolutionInputGradient(dy.span, filter.span, g, in: format, into: &$0)
        },
        Tensor<S>([filter.count]) {
          S.convolutionFilterGradient(
            x.span, dy.span, g, in: format, accumulates: false, into: &$0)
        },
      ].map(\.elements)
    }
    let found = passes(x, filter, dy, format)
    let (doubleX, doubleFilter, doubleGradient) = (
      Self.double(x), Self.double(filter), Self.double(dy)
    )
    let expected = passes(doubleX, doubleFilter, doubleGradient, format)
    let sizes = passes(
      doubleX.map(abs), doubleFilter.map(abs), doubleGradient.map(abs), .own)
    for pass in found.indices {
      // A rounded operand is at most twice the number.
      #expect(
        Self.isNear(found[pass], expected[pass], sizes: sizes[pass].map { 2 * $0 }, terms: 84),
        "\(pass)")
    }
  }
}

import AddendKernels
import AddendTestSupport
import Testing

/// Convolutions of 16-bit numbers and their gradients beside their equations.
struct HalfConvolutionTests {
  private static func geometry(
    _ batch: Int, _ height: Int, _ width: Int, _ channels: Int, _ filter: (Int, Int),
    stride: Int = 1, padding: Int = 0, dilation: Int = 1
  ) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch, height: height, width: width, channels: channels, filterHeight: filter.0,
      filterWidth: filter.1, stride: stride, padding: padding, dilation: dilation)
  }

  /// Odd and even extents of everything, with outputs.
  private static let cases: [(ConvolutionGeometry, outputs: Int)] = [
    (geometry(2, 7, 6, 3, (3, 3), padding: 1), 5),
    (geometry(3, 9, 8, 4, (3, 3), stride: 2, padding: 1), 16),
    (geometry(2, 12, 12, 6, (5, 5)), 17),
    (geometry(1, 28, 28, 1, (5, 5), padding: 2), 6),
    (geometry(2, 9, 9, 5, (3, 3), padding: 2, dilation: 2), 7),
    (geometry(2, 8, 8, 16, (1, 1), stride: 2), 33),
    (geometry(3, 5, 5, 7, (1, 1)), 70),
    (geometry(1, 4, 3, 2, (3, 2), stride: 3, padding: 1), 3),
    (geometry(40, 4, 4, 18, (3, 3), padding: 1), 66),
    (geometry(1, 2, 5, 3, (4, 1), padding: 1), 2),
    (geometry(1, 4, 4, 2, (2, 2), padding: 3), 4),
    (geometry(2, 6, 10, 16, (3, 2), padding: 1), 16),
  ]

  private static let formats: [HalfFormat] = [
    .bfloat16, .dynamicFixedPoint, .fixedPoint(left: 16, right: 16),
  ]

  /// What the three products come to in double precision, and the sums of their terms' magnitudes.
  private struct Exact {
    var y, dx, gradient: [(sum: Double, size: Double)]

    init(_ g: ConvolutionGeometry, _ outputs: Int, _ x: [Float], _ filter: [Float], _ dy: [Float]) {
      y = .init(repeating: (0, 0), count: dy.count)
      dx = .init(repeating: (0, 0), count: x.count)
      gradient = .init(repeating: (0, 0), count: filter.count)
      for position in 0..<g.patchCount {
        let (q, p) = (position % g.outputWidth, position / g.outputWidth % g.outputHeight)
        let image = position / (g.outputWidth * g.outputHeight)
        for tap in 0..<g.filterHeight * g.filterWidth {
          let row = g.source(output: p, tap: tap / g.filterWidth)
          let column = g.source(output: q, tap: tap % g.filterWidth)
          guard 0..<g.height ~= row, 0..<g.width ~= column else { continue }
          for c in 0..<g.channels {
            let from = ((image * g.height + row) * g.width + column) * g.channels + c
            for k in 0..<outputs {
              let (to, by) = (position * outputs + k, (tap * g.channels + c) * outputs + k)
              Self.add(x[from], filter[by], to: &y[to])
              Self.add(dy[to], filter[by], to: &dx[from])
              Self.add(x[from], dy[to], to: &gradient[by])
            }
          }
        }
      }
    }

    private static func add(_ a: Float, _ b: Float, to sum: inout (sum: Double, size: Double)) {
      sum.sum += Double(a) * Double(b)
      sum.size += abs(Double(a) * Double(b))
    }
  }

  private static func results(
    _ g: ConvolutionGeometry, _ x: [Float], _ filter: [Float], _ dy: [Float],
    _ products: HalfProducts
  ) -> [[Float]] {
    var y = [Float](repeating: .nan, count: dy.count)
    var dx = [Float](repeating: .nan, count: x.count)
    var gradient = [Float](repeating: .nan, count: filter.count)
    var first = y.mutableSpan
    var second = dx.mutableSpan
    var third = gradient.mutableSpan
    products.convolve(x.span, filter.span, g, into: &first)
    products.inputGradient(dy.span, filter.span, g, into: &second)
    products.filterGradient(x.span, dy.span, g, accumulates: false, into: &third)
    return [y, dx, gradient]
  }

  /// All sets give one result, and it is near the equation's: operands are rounded by up to 2⁻⁹ of their
  /// size in bfloat16, and by up to a quantum, 2⁻¹³ of the largest number's, in fixed point.
  @Test(arguments: cases.indices, formats)
  func isNearTheEquationInEverySet(_ index: Int, _ format: HalfFormat) {
    let (g, outputs) = Self.cases[index]
    // Of magnitudes between 1 and 2, so that errors are bounded term by term.
    func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
      normalNumbers(count, seed: seed).map {
        ($0 < 0 ? -1 : 1) * (1 + abs($0).truncatingRemainder(dividingBy: 1))
      }
    }
    let x = numbers(g.imageCount, 1)
    let filter = numbers(g.patchSize * outputs, 2)
    let dy = numbers(g.patchCount * outputs, 3)
    let exact = Exact(g, outputs, x, filter, dy)
    let found = Self.results(g, x, filter, dy, HalfProducts(format, using: .scalar))
    // Both factors, and their product; sums of up to 1024 terms round by less than that.
    let relative = format == .bfloat16 ? 0x1.1p-7 : 0x1.1p-12
    for (numbers, sums) in zip(found, [exact.y, exact.dx, exact.gradient]) {
      let far = numbers.indices.first {
        !(abs(Double(numbers[$0]) - sums[$0].sum) <= relative * sums[$0].size)
      }
      #expect(far == nil)
    }
    for set in InstructionSet.available {
      let others = Self.results(g, x, filter, dy, HalfProducts(format, using: set))
      #expect(others == found, "\(set)")
    }
  }

  @Test(arguments: formats)
  func filterGradientsAddUp(_ format: HalfFormat) {
    let (g, outputs) = Self.cases[8]
    let x = normalNumbers(g.imageCount, seed: 1)
    let dy = normalNumbers(g.patchCount * outputs, seed: 2)
    let start = normalNumbers(g.patchSize * outputs, seed: 3)
    var (alone, added) = (start, start)
    var first = alone.mutableSpan
    var second = added.mutableSpan
    let products = HalfProducts(format)
    products.filterGradient(x.span, dy.span, g, accumulates: false, into: &first)
    products.filterGradient(x.span, dy.span, g, accumulates: true, into: &second)
    #expect(added == zip(alone, start).map { $1 + $0 })
  }

  @Test(arguments: formats)
  func doesNotDependOnTheThreadCount(_ format: HalfFormat) {
    let (g, outputs) = (Self.geometry(24, 16, 16, 16, (3, 3), padding: 1), 16)
    let x = normalNumbers(g.imageCount, seed: 1)
    let filter = normalNumbers(g.patchSize * outputs, seed: 2)
    let dy = normalNumbers(g.patchCount * outputs, seed: 3)
    let results = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        Self.results(g, x, filter, dy, HalfProducts(format))
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test(arguments: formats)
  func nothingToMultiplyGivesZeros(_ format: HalfFormat) {
    let g = Self.geometry(0, 5, 5, 3, (3, 3))
    let (none, filter) = ([Float](), normalNumbers(27 * 4, seed: 1))
    var gradient = filter
    var span = gradient.mutableSpan
    HalfProducts(format).filterGradient(none.span, none.span, g, accumulates: false, into: &span)
    #expect(gradient.allSatisfy { $0 == 0 })
  }
}

import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Sums so long that adding number by number would stop growing: normalisation, softmax, means.
struct LogNumberSumsTests {
  private typealias Number = LogNumber<5, 10, 64, BlockSum>
  private typealias Kahan = LogNumber<5, 10, 64, KahanSum>

  private func numbers<Scalar: TensorScalar>(
    _ scalar: Scalar.Type, _ count: Int, around mean: Double = 0, seed: UInt64
  ) -> [Scalar] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in Scalar(mean + 2 * random.uniform() - 1) }
  }

  private func span<Scalar: TensorScalar>(
    _ count: Int, _ body: (inout MutableSpan<Scalar>) -> Void
  ) -> [Scalar] {
    var result = [Scalar](repeating: .zero, count: count)
    var span = result.mutableSpan
    body(&span)
    return result
  }

  /// The results of `columnMoments`, `normalize` and `normalizationGradient`, one after the other.
  private func normalization<Scalar: TensorScalar>(
    _ x: [Scalar], _ dy: [Scalar], _ scale: [Scalar], _ shift: [Scalar]
  ) -> [[Scalar]] {
    let channels = scale.count
    var variance = shift
    var squares = variance.mutableSpan
    let mean = span(channels) { Scalar.columnMoments(of: x.span, mean: &$0, variance: &squares) }
    let inverse = variance.map { Scalar.inverseDeviation(of: $0, epsilon: 1e-3) }
    let y = span(x.count) {
      Scalar.normalize(
        x.span, mean: mean.span, inverseDeviation: inverse.span, scale: scale.span,
        shift: shift.span, into: &$0)
    }
    var (scaleGradient, shiftGradient) = (scale, scale)
    var first = scaleGradient.mutableSpan
    var second = shiftGradient.mutableSpan
    let dx = span(x.count) {
      Scalar.normalizationGradient(
        x: x.span, dy: dy.span, mean: mean.span, inverseDeviation: inverse.span,
        scale: scale.span, into: &$0, scaleGradient: &first, shiftGradient: &second)
    }
    return [mean, variance, y, scaleGradient, shiftGradient, dx]
  }

  /// As many rows as 39 images of 16 × 16 pixels: an addition changes no sum of some 3000 numbers as
  /// large.
  @Test func columnsOfManyRowsAreNormalized() {
    let (rows, channels) = (10_000, 3)
    let x = numbers(Number.self, rows * channels, around: 0.7, seed: 1)
    let dy = numbers(Number.self, rows * channels, around: 0.1, seed: 2)
    let scale = [1.5, -0.5, 1].map { Number($0) }, shift = [0, 2, -1].map { Number($0) }
    let expected = normalization(
      x.map { $0.double }, dy.map { $0.double }, scale.map { $0.double }, shift.map { $0.double })
    // Moments are sums of some 40 additions, each off by 0.004 in log₂ at most; y by what they are
    // off. Gradients are some 60 and 1000, of terms whose magnitudes add up to 5000.
    let found = normalization(x, dy, scale, shift)
    let tolerances = [0.005, 0.005, 1.5 * 0.005 / 0.57 + 2.6 * 0.0125, 20, 10, 0.02]
    for (index, tolerance) in tolerances.enumerated() {
      #expect(mismatch(found[index], expected[index], within: tolerance) == nil, "\(index)")
    }
    func kahan(_ x: [Number]) -> [Kahan] { x.map { Kahan(bitPattern: $0.bitPattern) } }
    let nearer = normalization(kahan(x), kahan(dy), kahan(scale), kahan(shift))
    for (index, tolerance) in [0.001, 0.001, 0.03, 5, 2, 0.02].enumerated() {
      #expect(mismatch(nearer[index], expected[index], within: tolerance) == nil, "\(index)")
    }
  }

  /// Neither these sums nor one over the number of rows are numbers of the format.
  @Test func momentsNeedNoRange() {
    func check<Scalar: TensorScalar>(_ scalar: Scalar.Type, rows: Int) {
      let x = numbers(Scalar.self, rows, around: 1, seed: 11)
      var variance = [Scalar.zero]
      var squares = variance.mutableSpan
      let mean = span(1) { Scalar.columnMoments(of: x.span, mean: &$0, variance: &squares) }
      #expect(abs(mean[0].double - 1) < 0.02 && abs(variance[0].double - 1.0 / 3) < 0.02)
    }
    check(Number.self, rows: 80_000)
    check(LogNumber<4, 11, 64, BlockSum>.self, rows: 80_000)
  }

  /// Where nothing is long, each result is that of single numbers.
  @Test func elementsAreNormalizedOneByOne() {
    let x = numbers(Number.self, 12, seed: 3)
    let (mean, inverse) = ([0.25, -1].map { Number($0) }, [2.0, 0.3].map { Number($0) })
    let (scale, shift) = ([3.0, -1].map { Number($0) }, [0.5, 0].map { Number($0) })
    let y = span(12) {
      Number.normalize(
        x.span, mean: mean.span, inverseDeviation: inverse.span, scale: scale.span,
        shift: shift.span, into: &$0)
    }
    for i in x.indices {
      let c = i % 2
      #expect(y[i] == (x[i] - mean[c]) * (scale[c] * inverse[c]) + shift[c])
    }
  }

  private func rowNormalization<Scalar: TensorScalar>(
    _ x: [Scalar], _ dy: [Scalar], _ scale: [Scalar], _ shift: [Scalar]
  ) -> [[Scalar]] {
    let rows = x.count / scale.count
    var (means, inverses) = (
      [Scalar](repeating: .zero, count: rows), [Scalar](repeating: .zero, count: rows)
    )
    var mean = means.mutableSpan
    var inverse = inverses.mutableSpan
    let y = span(x.count) {
      Scalar.normalizeRows(
        x.span, epsilon: 1e-3, scale: scale.span, shift: shift.span, into: &$0, mean: &mean,
        inverseDeviation: &inverse)
    }
    var (scaleGradient, shiftGradient) = (scale, scale)
    var first = scaleGradient.mutableSpan
    var second = shiftGradient.mutableSpan
    let dx = span(x.count) {
      Scalar.rowNormalizationGradient(
        x: x.span, dy: dy.span, mean: means.span, inverseDeviation: inverses.span,
        scale: scale.span, into: &$0, scaleGradient: &first, shiftGradient: &second)
    }
    return [y, means, inverses, scaleGradient, shiftGradient, dx]
  }

  @Test func longRowsAreNormalized() {
    let (rows, columns) = (3, 4_000)
    let x = numbers(Number.self, rows * columns, around: 0.7, seed: 4)
    let dy = numbers(Number.self, rows * columns, seed: 5)
    let scale = numbers(Number.self, columns, around: 1, seed: 6)
    let shift = numbers(Number.self, columns, seed: 7)
    let found = rowNormalization(x, dy, scale, shift)
    let expected = rowNormalization(
      x.map { $0.double }, dy.map { $0.double }, scale.map { $0.double }, shift.map { $0.double })
    for (index, tolerance) in [0.03, 0.005, 0.02, 0.03, 0.01, 0.03].enumerated() {
      #expect(mismatch(found[index], expected[index], within: tolerance) == nil, "\(index)")
    }
  }

  /// Ten thousand words: their shares add up to one, and the loss is the logarithm of their number.
  @Test(arguments: [0, 0.1])
  func manyClassesShareOne(_ smoothing: Double) {
    let (rows, columns) = (3, 10_000)
    let logits = numbers(Number.self, rows * columns, seed: 8)
    let classes: [Int32] = [7, -1, 9_999]
    func result<Scalar: TensorScalar>(_ logits: [Scalar]) -> (loss: Double, gradient: [Double]) {
      var (loss, gradient) = (0.0, logits)
      var span = gradient.mutableSpan
      loss = Scalar.softmaxCrossEntropy(
        &span, columns: columns, classes: classes.span, smoothing: smoothing, weight: 1)
      return (loss, gradient.map { $0.double })
    }
    let (found, expected) = (result(logits), result(logits.map { $0.double }))
    #expect(abs(found.loss / expected.loss - 1) < 0.003)
    #expect(found.gradient[columns..<2 * columns].allSatisfy { $0 == 0 })
    for (row, target) in [(0, 7), (2, 9_999)] {
      let at = row * columns + target
      // The format does not have what smoothing gives to each class, and so leaves it out.
      let left = smoothing / (1 - smoothing)
      #expect(abs(found.gradient[at] / expected.gradient[at] - 1) < 0.003 + left)
      let sum = found.gradient[row * columns..<(row + 1) * columns].reduce(0, +)
      #expect(abs(sum) < 0.01, "\(sum)")
    }
    let shares = span(logits.count) { Number.softmax(logits.span, columns: columns, into: &$0) }
    for row in 0..<rows {
      let sum = shares[row * columns..<(row + 1) * columns].reduce(0) { $0 + $1.double }
      #expect(abs(sum - 1) < 0.01, "\(sum)")
    }
  }

  @Test func aWholeImageHasItsMean() {
    let image = numbers(Number.self, 2 * 80 * 80, around: 1, seed: 9)
    let geometry = ConvolutionGeometry(
      batch: 2, height: 80, width: 80, channels: 1, filterHeight: 80, filterWidth: 80)
    let means = span(2) { Number.averagePool(image.span, geometry, into: &$0) }
    for n in 0..<2 {
      let exact = image[n * 6400..<(n + 1) * 6400].reduce(0) { $0 + $1.double } / 6400
      #expect(abs(means[n].double / exact - 1) < 0.005)
    }
  }

  /// Small numbers, whose squares the format does not have, and many.
  @Test(arguments: [1.0, 0x1p-10, 100])
  func squaresAreSummedWhateverTheirSize(_ size: Double) {
    func check<Scalar: TensorScalar>(_ scalar: Scalar.Type, within tolerance: Double) {
      let x = numbers(Double.self, 20_001, seed: 10).map { Scalar($0 * size) }
      let exact = x.reduce(0) { $0 + $1.double * $1.double }
      #expect(abs(Scalar.sumOfSquares(x.span) / exact - 1) < tolerance)
    }
    check(Number.self, within: 0.005)
    check(LogNumber<6, 9, 64, KahanSum>.self, within: 0.005)
    #expect(Number.sumOfSquares([Number](repeating: .zero, count: 5).span) == 0)
  }

  /// Small ones that together outweigh the largest.
  @Test func manySmallSquaresCount() {
    let x = [Number(1)] + [Number](repeating: Number(0x1p-9), count: 1_000_000)
    #expect(abs(Number.sumOfSquares(x.span) / (1 + 1e6 * 0x1p-18) - 1) < 0.005)
  }
}

import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Arithmetic on logarithms in bulk: every instruction set gives the scalar one's bits.
struct LogarithmicKernelsTests {
  private static let formats = [(5, 10, 64), (5, 10, 0), (5, 6, 2), (6, 9, 8), (3, 12, 64)]
    .map { LogarithmicArithmetic(integer: $0.0, fraction: $0.1, steps: $0.2) }

  /// Patterns of all magnitudes, or of about 1 / 16 to 1, a fifth of them zero.
  private func patterns(
    _ count: Int, _ arithmetic: LogarithmicArithmetic, isWild: Bool, seed: UInt64
  ) -> [UInt16] {
    var random = RandomSource(seed: seed)
    let range =
      isWild ? 1...2 * arithmetic.bias - 1 : arithmetic.bias / 8 * 6...arithmetic.bias
    return (0..<count).map { _ in
      if Int.random(in: 0..<5, using: &random) == 0 { return 0 }
      return UInt16(Int.random(in: range, using: &random))
        | (Bool.random(using: &random) ? 0x8000 : 0)
    }
  }

  @Test(
    arguments: InstructionSet.available.dropFirst(), [LogarithmicKernels.LongSum.blocks, .kahan])
  func productsGiveTheScalarBits(_ set: InstructionSet, longSum: LogarithmicKernels.LongSum) {
    for arithmetic in Self.formats { compareProducts(arithmetic, set, longSum) }
  }

  private func compareProducts(
    _ arithmetic: LogarithmicArithmetic, _ set: InstructionSet,
    _ longSum: LogarithmicKernels.LongSum
  ) {
    let extents = [
      (1, 1, 1), (4, 16, 32), (5, 17, 33), (3, 10, 100), (9, 100, 31), (2, 129, 65), (6, 33, 0),
      (1, 300, 7), (7, 40, 200), (3, 70, 130),
    ]
    for (index, (m, n, k)) in extents.enumerated() {
      for variant in 0..<8 {
        let shape = GEMMShape(
          m: m, n: n, k: k, transposesA: variant & 1 != 0, transposesB: variant & 2 != 0,
          accumulates: variant & 4 != 0)
        let isWild = (index + variant).isMultiple(of: 2)
        let a = patterns(m * k, arithmetic, isWild: isWild, seed: 1)
        let b = patterns(k * n, arithmetic, isWild: isWild, seed: 2)
        let bias = patterns(n, arithmetic, isWild: isWild, seed: 3)
        let results = [set, .scalar].map { set in
          var c = patterns(m * n, arithmetic, isWild: isWild, seed: 4)
          var span = c.mutableSpan
          LogarithmicKernels(arithmetic, set, longSum: longSum).gemm(
            shape, a.span, b.span, bias: variant < 4 ? bias.span : nil, &span)
          return c
        }
        #expect(results[0] == results[1], "\(shape)")
      }
    }
  }

  /// All additions of a sum of numbers above zero are off by half a place, or what a coarser table
  /// adds to that: 32 at most in a row, then one for each doubling.
  @Test(arguments: [(0, 0.0), (64, 0.0039), (8, 0.031), (2, 0.12)])
  func sumsAreOffByTheirAdditionsErrors(_ steps: Int, table: Double) {
    #expect(worstOfSums(steps: steps, .blocks) <= Double(32 + 5) * (0x1p-11 + table))
  }

  /// Kahan's bound, two last places and terms times the square of an addition's error, whatever its
  /// cause.
  @Test(arguments: [(0, 0.0), (64, 0.0039)])
  func kahanKeepsWhatAdditionsLose(_ steps: Int, table: Double) {
    let addition = (0x1p-11 + table) * 0.693
    let bound = 2 * 0x1p-10 + 500 * addition * addition / 0.693
    #expect(worstOfSums(steps: steps, .kahan) <= bound)
  }

  /// Of terms of one sign and of both, of terms that grow and of some that are far larger than the
  /// others: Kahan's sums are at most half as far off, in the mean square.
  @Test(arguments: [64, 8, 2], ["alike", "mixed", "growing", "far apart"])
  func kahanIsNearerWhateverTheTerms(_ steps: Int, kind: String) {
    let arithmetic = LogarithmicArithmetic(integer: 6, fraction: 9, steps: steps)
    var random = RandomSource(seed: 12)
    func term(_ place: Int) -> Double {
      let x = random.uniform()
      let sign = random.uniform() < 0.5 ? -1.0 : 1
      return switch kind {
      case "alike": 0.1 + x
      case "mixed": sign * x
      case "growing": sign * x * pow(1.03, place)
      default: sign * pow(2, Int(16 * x))
      }
    }
    let (count, length) = (60, 300)
    var squares: [LogarithmicKernels.LongSum: Double] = [.blocks: 0, .kahan: 0]
    for _ in 0..<count {
      let terms = (0..<length).map { arithmetic.pattern(of: term($0)) }
      let numbers = terms.map(arithmetic.double(of:))
      let (exact, size) = numbers.reduce((0, 0)) { ($0.0 + $1, $0.1 + $1.magnitude) }
      let ones = [UInt16](repeating: arithmetic.one, count: length)
      for longSum in squares.keys {
        let found = arithmetic.double(of: sum(ones, terms, arithmetic, .best, longSum))
        let error = (found - exact) / size
        squares[longSum, default: 0] += error * error
      }
    }
    #expect(4 * squares[.kahan]! < squares[.blocks]!, "\(squares)")
  }

  /// `base` to a whole power.
  private func pow(_ base: Double, _ power: Int) -> Double {
    (0..<power).reduce(1) { x, _ in x * base }
  }

  /// How far in `log₂` sums of 500 products of numbers above zero are off.
  private func worstOfSums(steps: Int, _ longSum: LogarithmicKernels.LongSum) -> Double {
    let arithmetic = LogarithmicArithmetic(integer: 5, fraction: 10, steps: steps)
    let (m, n, k) = (3, 20, 500)
    var random = RandomSource(seed: 9)
    let x = (0..<m * k).map { _ in Double.random(in: 0.01...1, using: &random) }
    let y = (0..<k * n).map { _ in Double.random(in: 0.01...1, using: &random) }
    let (a, b) = (x.map(arithmetic.pattern(of:)), y.map(arithmetic.pattern(of:)))
    var c = [UInt16](repeating: 0, count: m * n)
    var span = c.mutableSpan
    LogarithmicKernels(arithmetic, longSum: longSum).gemm(
      GEMMShape(m: m, n: n, k: k), a.span, b.span, bias: nil, &span)
    var worst = 0.0
    for i in 0..<m {
      for j in 0..<n {
        let exact = (0..<k).reduce(0.0) {
          $0 + arithmetic.double(of: a[i * k + $1]) * arithmetic.double(of: b[$1 * n + j])
        }
        worst = max(worst, abs(logarithm(arithmetic.double(of: c[i * n + j]) / exact)))
      }
    }
    return worst
  }

  /// `log₂ x` by halving: the test needs no C library.
  private func logarithm(_ x: Double) -> Double {
    var (result, power, rest) = (Double(x.exponent), 0.5, x.significand)
    for _ in 0..<40 {
      rest *= rest
      if rest >= 2 {
        rest /= 2
        result += power
      }
      power /= 2
    }
    return result
  }

  /// One number, the sum of `a[i] b[i]`.
  private func sum(
    _ a: [UInt16], _ b: [UInt16], _ arithmetic: LogarithmicArithmetic, _ set: InstructionSet,
    _ longSum: LogarithmicKernels.LongSum = .blocks
  ) -> UInt16 {
    var c = [UInt16(0)]
    var span = c.mutableSpan
    LogarithmicKernels(arithmetic, set, longSum: longSum).gemm(
      GEMMShape(m: 1, n: 1, k: a.count), a.span, b.span, bias: nil, &span)
    return c[0]
  }

  /// A block adds terms above zero and those below apart and in the same order: each with its
  /// opposite, they are nothing, whatever the table.
  @Test(arguments: InstructionSet.available, formats.indices)
  func blocksOfOppositesAreZero(_ set: InstructionSet, format: Int) {
    let arithmetic = Self.formats[format]
    let ones = [UInt16](repeating: arithmetic.one, count: 32)
    for seed in 0..<20 {
      let terms = patterns(16, arithmetic, isWild: seed < 10, seed: UInt64(seed))
      let opposites = terms.flatMap { [$0, $0 & 0x7FFF == 0 ? 0 : $0 ^ 0x8000] }
      #expect(sum(ones, opposites, arithmetic, set) == 0)
      #expect(sum(opposites, ones, arithmetic, set) == 0)
    }
  }

  /// Terms whose left factor is zero are in no block; single numbers are added in the order that is
  /// stated.
  @Test(arguments: InstructionSet.available, formats.indices)
  func blocksAreAsStated(_ set: InstructionSet, format: Int) {
    let arithmetic = Self.formats[format]
    let left = patterns(60, arithmetic, isWild: false, seed: 3).filter { $0 != 0 }
    let ones = [UInt16](repeating: arithmetic.one, count: left.count)
    let spread: [UInt16] = left.flatMap { [UInt16(0), $0, 0] }
    let onesOfSpread = [UInt16](repeating: arithmetic.one, count: spread.count)
    #expect(sum(spread, onesOfSpread, arithmetic, set) == sum(left, ones, arithmetic, set))
    // Sums of so few numbers below one stay in the format's range but for integer parts of 3 bits.
    guard arithmetic.integer > 3 else { return }
    let blocks = stride(from: 0, to: left.count, by: 32).map { start in
      let block = left[start..<min(start + 32, left.count)]
      let sums = [false, true].map { isNegative in
        block.filter { arithmetic.isNegative($0) == isNegative }.reduce(0, arithmetic.sum)
      }
      return arithmetic.sum(sums[0], sums[1])
    }
    #expect(left.count > 33 && left.count <= 64 && blocks.count == 2)
    #expect(sum(left, ones, arithmetic, set) == arithmetic.sum(blocks[0], blocks[1]))
  }

  /// As single numbers are added, as long as all that is in between has a pattern.
  @Test(arguments: InstructionSet.available, [0, 64])
  func kahanIsAsStated(_ set: InstructionSet, steps: Int) {
    let arithmetic = LogarithmicArithmetic(integer: 6, fraction: 9, steps: steps)
    let left = patterns(70, arithmetic, isWild: false, seed: 3).map {
      $0 == 0 ? 0 : $0 & 0x8000 | UInt16(arithmetic.bias - Int($0 & 0x0FFF) / 4)
    }
    let right = left.indices.map { $0.isMultiple(of: 9) ? 0 : arithmetic.one }
    func negative(_ x: UInt16) -> UInt16 { x == 0 ? 0 : x ^ 0x8000 }
    var (sum, lost) = (UInt16(0), UInt16(0))
    for (a, b) in zip(left, right) where a != 0 {
      let y = arithmetic.sum(arithmetic.product(a, b), negative(lost))
      let isLarger = y & 0x7FFF > sum & 0x7FFF || (y & 0x7FFF == sum & 0x7FFF && y > sum)
      let (larger, smaller) = isLarger ? (y, sum) : (sum, y)
      sum = arithmetic.sum(larger, smaller)
      lost = arithmetic.sum(arithmetic.sum(sum, negative(larger)), negative(smaller))
    }
    #expect(self.sum(left, right, arithmetic, set, .kahan) == sum)
    #expect(sum != 0 && left.contains(0))
  }

  /// Nothing grows out of very many zeros.
  @Test(arguments: [LogarithmicKernels.LongSum.blocks, .kahan])
  func zerosAddUpToZero(_ longSum: LogarithmicKernels.LongSum) {
    let arithmetic = LogarithmicArithmetic(integer: 3, fraction: 12, steps: 0)
    let ones = [UInt16](repeating: arithmetic.one, count: 100_000)
    let zeros = [UInt16](repeating: 0, count: ones.count)
    #expect(sum(ones, zeros, arithmetic, .best, longSum) == 0)
    #expect(sum(ones, zeros.dropLast() + [7], arithmetic, .best, longSum) == 7)
  }

  @Test func rowsAndColumnsAreSummedAsProductsWithOnes() {
    let arithmetic = LogarithmicArithmetic(integer: 5, fraction: 10, steps: 64)
    let (n, k) = (21, 77)
    let ones = [UInt16](repeating: arithmetic.one, count: k)
    let b = patterns(k * n, arithmetic, isWild: false, seed: 5)
    let results = [true, false].map { isGiven in
      var c = [UInt16](repeating: 0, count: n)
      var span = c.mutableSpan
      LogarithmicKernels(arithmetic).gemm(
        GEMMShape(m: 1, n: n, k: k), isGiven ? ones.span : nil, b.span, bias: nil, &span)
      return c
    }
    #expect(results[0] == results[1])
    #expect(results[0].contains { $0 != 0 })
    var (columns, rows) = (results[0].map { _ in UInt16(9) }, results[0])
    var sums = columns.mutableSpan
    LogarithmicKernels(arithmetic).columnSums(of: b.span, into: &sums)
    let transposed = (0..<n * k).map { b[$0 % k * n + $0 / k] }
    sums = rows.mutableSpan
    LogarithmicKernels(arithmetic).rowSums(of: transposed.span, into: &sums)
    #expect(columns == results[0] && rows == results[0])
  }

  /// Whether or not the format has the sum or a share.
  @Test(arguments: [(5, 10, 64), (6, 9, 8), (4, 11, 0), (3, 12, 64)], [3, 100_000])
  func meansAreOfAnyNumberOfNumbers(_ format: (Int, Int, Int), count: Int) {
    let arithmetic = LogarithmicArithmetic(
      integer: format.0, fraction: format.1, steps: format.2)
    let numbers = [UInt16](repeating: arithmetic.one, count: 2 * count)
    var (columns, rows) = ([UInt16](repeating: 0, count: 2), [UInt16](repeating: 0, count: 2))
    var means = columns.mutableSpan
    LogarithmicKernels(arithmetic).columnMeans(of: numbers.span, into: &means)
    means = rows.mutableSpan
    LogarithmicKernels(arithmetic).rowMeans(of: numbers.span, into: &means)
    for mean in columns + rows {
      #expect(abs(arithmetic.double(of: mean) - 1) < 0.05, "\(arithmetic.double(of: mean))")
    }
  }

  @Test func rowsWithoutColumnsStayAsTheyAre() {
    let kernels = LogarithmicKernels(Self.formats[0])
    let row: [UInt16] = []
    var matrix: [UInt16] = []
    var span = matrix.mutableSpan
    kernels.addRow(row.span, times: 0, toEachRowOf: &span)
    kernels.multiplyRows(of: &span, by: row.span)
    kernels.columnSums(of: row.span, into: &span)
    kernels.gemm(GEMMShape(m: 3, n: 0, k: 2), nil, row.span, bias: nil, &span)
    #expect(span.count == 0)
  }

  @Test(arguments: InstructionSet.available, [1, 15, 16, 17, 250])
  func elementsAreThoseOfSingleNumbers(_ set: InstructionSet, count: Int) {
    for arithmetic in Self.formats {
      let kernels = LogarithmicKernels(arithmetic, set)
      let x = patterns(count, arithmetic, isWild: true, seed: 6)
      let y = patterns(count, arithmetic, isWild: true, seed: 7)
      let alpha = arithmetic.pattern(of: -0.37)
      var sums = y
      var span = sums.mutableSpan
      kernels.addScaled(alpha, x.span, to: &span)
      #expect(
        sums == zip(x, y).map { arithmetic.sum($1, arithmetic.product($0, alpha)) })
      var scaled = y
      span = scaled.mutableSpan
      kernels.scale(&span, by: alpha)
      #expect(scaled == y.map { arithmetic.product($0, alpha) })
      var products = y
      span = products.mutableSpan
      kernels.multiply(&span, by: x.span)
      #expect(products == zip(x, y).map { arithmetic.product($0, $1) })
      var rectified = y
      span = rectified.mutableSpan
      kernels.rectify(slope: alpha, x.span, into: &span)
      #expect(
        rectified == x.map { arithmetic.isNegative($0) ? arithmetic.product($0, alpha) : $0 })
      var slopes = y
      span = slopes.mutableSpan
      kernels.rectifierGradient(slope: alpha, y: x.span, dy: y.span, into: &span)
      #expect(
        slopes
          == zip(x, y).map {
            $0 == 0 || arithmetic.isNegative($0) ? arithmetic.product($1, alpha) : $1
          })
    }
  }

  @Test(arguments: [(1, 5), (7, 1), (20, 33)])
  func rowsAreTakenOneByOne(_ rows: Int, columns: Int) {
    let arithmetic = Self.formats[0]
    let kernels = LogarithmicKernels(arithmetic)
    let row = patterns(columns, arithmetic, isWild: true, seed: 1)
    let y = patterns(rows * columns, arithmetic, isWild: true, seed: 2)
    let alpha = arithmetic.pattern(of: -3)
    var (sums, products) = (y, y)
    var span = sums.mutableSpan
    kernels.addRow(row.span, times: alpha, toEachRowOf: &span)
    span = products.mutableSpan
    kernels.multiplyRows(of: &span, by: row.span)
    for i in y.indices {
      let factor = row[i % columns]
      #expect(sums[i] == arithmetic.sum(y[i], arithmetic.product(factor, alpha)))
      #expect(products[i] == arithmetic.product(y[i], factor))
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func updatesAreThoseOfSingleNumbers(_ set: InstructionSet, isCompensated: Bool) {
    let arithmetic = LogarithmicArithmetic(integer: 5, fraction: 10, steps: 64)
    let count = 35
    func number(_ x: Double) -> UInt16 { arithmetic.pattern(of: x) }
    func negative(_ x: UInt16) -> UInt16 { x == 0 ? 0 : x ^ 0x8000 }
    let step = LogarithmicKernels.Step(
      rate: number(0.02), momentum: number(0.9), decay: number(0.01), looksAhead: isCompensated)
    let gradient = patterns(count, arithmetic, isWild: false, seed: 1)
    let start = patterns(count, arithmetic, isWild: false, seed: 2)
    var (weights, velocity) = (start, patterns(count, arithmetic, isWild: false, seed: 3))
    var (expected, speed) = (start, velocity)
    var lost = isCompensated ? patterns(count, arithmetic, isWild: false, seed: 4) : []
    var rest = lost
    var w = weights.mutableSpan
    var v = velocity.mutableSpan
    var c = lost.mutableSpan
    LogarithmicKernels(arithmetic, set).update(
      &w, gradient: gradient.span, velocity: &v, lost: &c, step)
    for i in 0..<count {
      let direction = arithmetic.sum(
        gradient[i], arithmetic.product(step.decay, expected[i]))
      speed[i] = arithmetic.sum(arithmetic.product(step.momentum, speed[i]), direction)
      let ahead = arithmetic.sum(direction, arithmetic.product(step.momentum, speed[i]))
      let way = step.looksAhead ? ahead : speed[i]
      let change = negative(arithmetic.product(way, step.rate))
      guard isCompensated else {
        expected[i] = arithmetic.sum(expected[i], change)
        continue
      }
      let y = arithmetic.sum(change, negative(rest[i]))
      let moved = arithmetic.sum(expected[i], y)
      rest[i] = arithmetic.sum(arithmetic.sum(moved, negative(expected[i])), negative(y))
      expected[i] = moved
    }
    #expect(weights == expected && velocity == speed && lost == rest)
    #expect(weights != start)
  }

  @Test(arguments: InstructionSet.available, 1...12)
  func roundingFindsTheNearestLogarithm(_ set: InstructionSet, fraction: Int) {
    var random = RandomSource(seed: UInt64(fraction))
    var x: [Float] = [0, -0.0, 1, -1, .infinity, -.infinity, .leastNonzeroMagnitude, 1e30, -1e-30]
    x += (0..<4000).map { _ in
      Float(bitPattern: UInt32.random(in: 0x3780_0000..<0x4880_0000, using: &random))
    }
    var y = x
    var span = y.mutableSpan
    LogarithmicRounding.of(fraction: fraction).round(x.span, integer: 5, into: &span, using: set)
    let scale = Double(1 << fraction), limit = Double(1 << (fraction + 4) - 1)
    for (x, y) in zip(x, y) where x != 0 && x.isFinite && abs(x) >= 0x1p-120 {
      let steps = (logarithm(Double(abs(x))) * scale).rounded()
      guard steps >= -limit else {
        #expect(y == 0)
        continue
      }
      #expect(abs(logarithm(Double(abs(y))) * scale - min(steps, limit)) < 0.01, "\(x) to \(y)")
      #expect(y.sign == x.sign)
    }
    #expect(y[0] == 0 && y[1] == 0 && y[4] > 0 && y[5] < 0 && y[4].isFinite && y[6] == 0)
    let input: [Float] = [.nan]
    var nan = input
    span = nan.mutableSpan
    LogarithmicRounding.of(fraction: fraction).round(
      input.span, integer: 5, into: &span, using: set)
    #expect(nan[0].isNaN)
  }
}

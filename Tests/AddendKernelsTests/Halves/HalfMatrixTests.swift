import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Products of bfloat16 matrices; see DynamicFixedPointTests for the others.
struct HalfMatrixTests {
  /// What operands' and other numbers' bits are like.
  enum Kind: CaseIterable {
    /// Any, with infinities and NaN.
    case wild
    /// Products and sums around the smallest normal numbers.
    case tiny
    /// As in networks.
    case normal

    func operand(_ bits: UInt32, isLeft: Bool) -> Float {
      let exponent =
        switch self {
        case .wild: bits >> 23 & 0xff
        case .tiny: isLeft ? 50 + bits >> 16 % 12 : 51 + bits >> 20 % 40
        case .normal: 124 + bits >> 16 % 4
        }
      return Float(bitPattern: bits & 0x807f_0000 | exponent << 23)
    }

    func addend(_ bits: UInt32) -> Float {
      let exponent =
        switch self {
        case .wild: bits >> 23 & 0xff
        case .tiny: bits >> 24 % 3
        case .normal: 124 + bits >> 24 % 6
        }
      return Float(bitPattern: bits & 0x807f_ffff | exponent << 23)
    }
  }

  private static func numbers(
    _ count: Int, seed: UInt64, _ form: (UInt32) -> Float
  ) -> [Float] {
    var random = RandomSource(seed: seed, stream: 0)
    return (0..<count).map { _ in form(UInt32(truncatingIfNeeded: random.next() >> 16)) }
  }

  private static func flushed(_ x: Float) -> Float {
    x.isSubnormal ? Float(sign: x.sign, exponent: 0, significand: 0) : x
  }

  /// `a b + c` rounded once, by way of a Double rounded to odd: 53 bits are enough for 24 to be right.
  private static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float {
    let (c, product) = (Double(flushed(c)), Double(flushed(a)) * Double(flushed(b)))
    var sum = c + product
    guard sum.isFinite else { return Float(sum) }
    let other = sum - product
    let error = (c - other) + (product - (sum - other))
    if error != 0, sum.bitPattern & 1 == 0 {
      let isLarger = (error > 0) == (sum > 0)
      sum = Double(bitPattern: isLarger ? sum.bitPattern + 1 : sum.bitPattern - 1)
    }
    let isTiny = abs(sum) < 0x1p-100 && abs(Float(sum * 0x1p100)) < 0x1p-26
    return isTiny ? Float(sign: sum.sign, exponent: 0, significand: 0) : Float(sum)
  }

  private static func sum(_ x: Float, _ y: Float) -> Float { flushed(flushed(x) + flushed(y)) }

  /// What a kernel makes of one row and one column, of at most 512 pairs.
  private static func dot(_ k: Int, _ a: (Int) -> Float, _ b: (Int) -> Float) -> Float {
    stride(from: 0, to: k, by: 2).reduce(0) { sum, p in
      let upper = p + 1 < k ? fused(a(p + 1), b(p + 1), sum) : fused(0, 0, sum)
      return fused(a(p), b(p), upper)
    }
  }

  /// Every set computes the definition's bits, but for which NaN a NaN is.
  @Test(
    arguments: [(1, 1, 1), (7, 17, 3), (5, 64, 4), (13, 70, 31), (3, 129, 100), (2, 9, 1001)],
    Kind.allCases)
  func equalsTheInstruction(_ extents: (m: Int, n: Int, k: Int), _ kind: Kind) {
    let (m, n, k) = extents
    let a = Self.numbers(m * k, seed: 1) { kind.operand($0, isLeft: true) }
    let b = Self.numbers(k * n, seed: 2) { kind.operand($0, isLeft: false) }
    let start = Self.numbers(m * n, seed: 3, kind.addend)
    let bias = Self.numbers(n, seed: 4, kind.addend)
    let residual = Self.numbers(m * n, seed: 5, kind.addend)
    let rows = HalfRows(rounding: a.span, rows: m, columns: k, to: .bfloat16)
    let plain = (0..<m * n).map { index in
      Self.dot(k, { a[index / n * k + $0] }, { b[$0 * n + index % n] })
    }
    let finished = plain.indices.map { index in
      let sums = [start[index], bias[index % n], residual[index]].reduce(plain[index], Self.sum)
      return sums > 0 ? sums : 0
    }
    for set in InstructionSet.available {
      let packed = PackedHalfMatrix(
        rounding: b.span, rows: k, columns: n, to: .bfloat16, using: set)
      var c = start
      var span = c.mutableSpan
      packed.multiply(rows, into: &span)
      #expect(Self.firstDifference(c, plain) == nil, "\(set)")
      c = start
      var again = c.mutableSpan
      packed.multiply(
        rows, true, bias: bias.span, residual: residual.span, rectifies: true, into: &again)
      #expect(Self.firstDifference(c, finished) == nil, "\(set), finished")
    }
  }

  private static func firstDifference(_ found: [Float], _ expected: [Float]) -> String? {
    zip(found, expected).enumerated().first { _, pair in
      pair.0.bitPattern != pair.1.bitPattern && !(pair.0.isNaN && pair.1.isNaN)
    }.map { "at \($0): \($1.0) instead of \($1.1)" }
  }

  /// A result counts as tiny where rounding with no bound on the exponent leaves it below 2⁻¹²⁶: here
  /// rounding among float32's own numbers would leave 2⁻¹²⁶ both times.
  @Test(arguments: [(-0x1.8p-75, 0), (-0x1p-76, 0x1p-126)] as [(Float, Float)])
  func tininessIsSeenAfterRounding(_ factor: Float, _ expected: Float) {
    let (a, b): ([Float], [Float]) = ([factor, 0x1p-63], [0x1p-76, 0x1p-63])
    let rows = HalfRows(rounding: a.span, rows: 1, columns: 2, to: .bfloat16)
    for set in InstructionSet.available {
      var c: [Float] = [.nan]
      var span = c.mutableSpan
      PackedHalfMatrix(rounding: b.span, rows: 2, columns: 1, to: .bfloat16, using: set)
        .multiply(rows, into: &span)
      #expect(c == [expected], "\(set)")
    }
  }

  /// Rounding moves an operand by 2⁻⁸ of it at most, and each sum of `k` terms is rounded `k` times.
  @Test(arguments: [(100, 300, 78), (97, 129, 257), (64, 70, 2101), (300, 20, 64)])
  func isNearTheProduct(_ m: Int, _ n: Int, _ k: Int) {
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let columns = (0..<k * n).map { b[$0 % k * n + $0 / k] }
    let rows = HalfRows(rounding: a.span, rows: m, columns: k, to: .bfloat16)
    var c = [Float](repeating: .nan, count: m * n)
    var span = c.mutableSpan
    PackedHalfMatrix(rounding: b.span, rows: k, columns: n, to: .bfloat16).multiply(
      rows, into: &span)
    let relative = 0x1p-7 + 0x1p-16 + Double(k + 4) * 0x1.1p-24
    let far = c.indices.first { index in
      let terms = (0..<k).map { Double(a[index / n * k + $0]) * Double(b[$0 * n + index % n]) }
      let error = Double(c[index]) - terms.reduce(0, +)
      return !(abs(error) <= relative * terms.reduce(0) { $0 + abs($1) })
    }
    #expect(far == nil)
    for set in InstructionSet.available {
      let transposed = PackedHalfMatrix(
        rounding: columns.span, rows: k, columns: n, transposed: true, to: .bfloat16, using: set)
      var other = [Float](repeating: .nan, count: m * n)
      var otherSpan = other.mutableSpan
      transposed.multiply(rows, into: &otherSpan)
      #expect(other == c, "\(set)")
    }
  }

  @Test func doesNotDependOnTheThreadCount() {
    let (m, n, k) = (640, 300, 100)
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let results = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        let rows = HalfRows(rounding: a.span, rows: m, columns: k, to: .bfloat16)
        var c = [Float](repeating: 0, count: m * n)
        var span = c.mutableSpan
        PackedHalfMatrix(rounding: b.span, rows: k, columns: n, to: .bfloat16).multiply(
          rows, into: &span)
        return c.map(\.bitPattern)
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// Rounding is that of the number format, over all of its borders.
  @Test func roundsAsTheFormatDoes() {
    let borders: [UInt32] = [0x7fff, 0x8000, 0x8001, 0xffff, 0]
    let numbers = (0..<UInt32(1 << 16)).flatMap { high in
      borders.map { Float(bitPattern: high << 16 | $0) }
    }
    // Times one, which a product with sums in float32 leaves as it is.
    let one: [Float] = [1]
    let rows = HalfRows(rounding: numbers.span, rows: numbers.count, columns: 1, to: .bfloat16)
    var c = [Float](repeating: 0, count: numbers.count)
    var span = c.mutableSpan
    PackedHalfMatrix(rounding: one.span, rows: 1, columns: 1, to: .bfloat16).multiply(
      rows, into: &span)
    let expected = numbers.map { Self.flushed(BFloat16($0).float) + 0 }
    #expect(Self.firstDifference(c, expected) == nil)
  }
}

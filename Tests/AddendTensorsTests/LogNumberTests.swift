import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Numbers as logarithms, over all their patterns.
struct LogNumberTests {
  private typealias Number = LogNumber<5, 10, 0, BlockSum>
  private typealias Narrow = LogNumber<2, 6, 0, BlockSum>

  /// All patterns that are numbers.
  private static func all<let i: Int, let f: Int, let s: Int>(
    _ type: LogNumber<i, f, s, BlockSum>.Type
  ) -> [LogNumber<i, f, s, BlockSum>] {
    let count = UInt16(1) << UInt16(i + f)
    return (0..<count).map { LogNumber(bitPattern: $0) }
      + (1..<count).map { LogNumber(bitPattern: $0 | 0x8000) }
  }

  /// How many last places `found`'s logarithm is from that of `exact`; none where both are zero.
  private func places<let i: Int, let f: Int, let s: Int>(
    _ found: LogNumber<i, f, s, BlockSum>, _ exact: Double
  ) -> Double {
    if exact == 0 && found == .zero { return 0 }
    guard (found.double < 0) == (exact < 0), found != .zero else { return .infinity }
    return (Math.log(found.double / exact) / Math.log(2)).magnitude * Double(1 << f)
  }

  @Test func everyPatternIsItsOwnNumber() {
    let numbers = Self.all(Number.self)
    #expect(numbers.count == 1 << 16 - 1)
    #expect(numbers.allSatisfy { Number($0.double).bitPattern == $0.bitPattern })
    let ordered = numbers.sorted()
    #expect(zip(ordered, ordered.dropFirst()).allSatisfy { $0.double < $1.double && $0 < $1 })
    #expect(Number(1).bitPattern == 1 << 14 && Number(-2).double == -2 && Number.zero.double == 0)
    #expect(ordered[0].double == -Math.pow(2, 16 - 0x1p-10))
  }

  /// Between two neighbours the nearer by logarithm; half-way, the one whose logarithm is even.
  @Test func conversionsRoundToTheNearestLogarithm() {
    let scale = 0x1p10
    for code in stride(from: -16383.0, to: 16382, by: 7) {
      for (part, nearest) in [(0.499, 0.0), (0.501, 1), (0.0, 0)] {
        let x = Math.pow(2, (code + part) / scale)
        #expect(Number(x).double == Math.pow(2, (code + nearest) / scale))
        #expect(Number(-x) == -Number(x))
      }
    }
    #expect(Number(1e9).double == Math.pow(2, 16383 / scale) && Number(1e-9) == .zero)
    #expect(Number(.infinity) == Number(1e9) && Number(-.infinity) == -Number(1e9))
    #expect(Number(.nan) == .zero && Number(-0.0).bitPattern == 0)
  }

  /// All pairs of a narrow format: products and quotients are exact but for saturation, sums and
  /// differences off by half a place.
  @Test func allPairsOfANarrowFormat() {
    let numbers = Self.all(Narrow.self)
    let largest = Narrow(1e9).double
    let smallest = 1 / largest
    func isRight(_ found: Narrow, _ exact: Double, within places: Double) -> Bool {
      if exact.magnitude > largest { return found.double.magnitude == largest }
      // Just below the smallest a number rounds to either side.
      if exact.magnitude < smallest * 0.99 { return found == .zero }
      return exact.magnitude < smallest * 1.01 && found == .zero
        || self.places(found, exact) <= places
    }
    var wrong = 0
    for a in numbers {
      for b in numbers {
        let (x, y) = (a.double, b.double)
        if !isRight(a * b, x * y, within: 1e-6) { wrong += 1 }
        if y != 0, !isRight(a / b, x / y, within: 1e-6) { wrong += 1 }
        if !isRight(a + b, x + y, within: 0.5 + 1e-6) { wrong += 1 }
        if !isRight(a - b, x - y, within: 0.5 + 1e-6) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    #expect(Narrow(1) / .zero == Narrow(1e9) && Narrow.zero / .zero == .zero)
  }

  /// The errors that tables of so many entries to a unit have, over all distances: in log₂.
  @Test func coarseTablesErrAsStated() {
    func worst<let s: Int>(_ type: LogNumber<5, 10, s, BlockSum>.Type) -> Double {
      let one = LogNumber<5, 10, s, BlockSum>(1)
      return (0..<14 << 10).map { distance in
        let small = LogNumber<5, 10, s, BlockSum>(bitPattern: UInt16(1 << 14 - distance))
        return places(one + small, 1 + small.double) / 1024
      }.max() ?? 0
    }
    #expect(worst(LogNumber<5, 10, 0, BlockSum>.self) <= 0x1p-11 + 1e-9)
    #expect(0.0038...0.0044 ~= worst(LogNumber<5, 10, 64, BlockSum>.self))
    #expect(0.030...0.0317 ~= worst(LogNumber<5, 10, 8, BlockSum>.self))
    #expect(0.11...0.121 ~= worst(LogNumber<5, 10, 2, BlockSum>.self))
  }

  /// Sums by tables with steps: those of distances rounded to a step, 0.65 of a last place off at
  /// most; none grows with the distance, and twice a number is exact.
  @Test(arguments: [6, 7, 8, 9, 10, 11, 12], [2, 8, 64])
  func entriesOfTablesAreWithinAPlace(_ fraction: Int, _ steps: Int) {
    let arithmetic = LogarithmicArithmetic(
      integer: 15 - fraction, fraction: fraction, steps: steps)
    let (one, scale) = (Int(arithmetic.one), 1 << fraction)
    let step = max(1, scale / steps)
    var (worst, last) = (0.0, scale)
    for distance in 0..<min(16 * scale, one) {
      let found = Int(arithmetic.sum(UInt16(one), UInt16(one - distance))) - one
      let rounded = Double((distance + step / 2) / step * step) / Double(scale)
      let exact = Math.log(1 + Math.pow(2, -rounded)) / Math.log(2) * Double(scale)
      worst = max(worst, (Double(found) - exact).magnitude)
      #expect(found <= last)
      last = found
    }
    #expect(worst <= 0.65)
    #expect(Int(arithmetic.sum(UInt16(one), UInt16(one))) == one + scale)
  }

  /// What Kahan's sum lives on: the difference of a number and its neighbours, whatever the table.
  @Test func differencesOfNeighboursAreRightToTheLastPlace() {
    let one = LNS16(1)
    for distance in UInt16(1)..<512 {
      let other = LNS16(bitPattern: one.bitPattern - distance)
      #expect(places(one - other, 1 - other.double) <= 0.5 + 1e-6)
    }
    #expect(one - one == .zero)
  }

  /// Functions of every pattern, by integers alone.
  @Test func functionsAreOffByAPlace() {
    for x in Self.all(Number.self) {
      let value = x.double
      let root = Number.squareRoot(x)
      #expect(value <= 0 ? root == .zero : places(root, value.squareRoot()) <= 0.5 + 1e-6)
      #expect(places(Number.tanh(x), Math.tanh(value)) <= 1)
      #expect(places(Number.erf(x), Math.erf(value)) <= 1)
      let power = Math.exp(value)
      if power < 60000 && power > 2e-5 { #expect(places(Number.exp(x), power) <= 0.5 + 1e-3) }
      if value > 0 && value != 1 { #expect(places(Number.log(x), Math.log(value)) <= 1 + 1e-3) }
    }
    #expect(Number.exp(Number(100)) == Number(1e9) && Number.exp(Number(-100)) == .zero)
    #expect(Number.log(Number(1)) == .zero && Number.log(.zero) == -Number(1e9))
    #expect(Number.exp(.zero) == Number(1))
  }

  /// The same draws as float32's, to the nearest.
  @Test func drawsAreThoseOfOtherFormats() {
    var (random, other) = (RandomSource(seed: 5), RandomSource(seed: 5))
    for _ in 0..<1000 {
      let found = Number.uniform(within: 0.5, using: &random)
      #expect(places(found, Double.uniform(within: 0.5, using: &other)) <= 0.5 + 1e-3)
    }
    #expect(random == other)
  }

  /// Loss and gradient beside those in Double: each class's share is a few roundings from exact.
  @Test(arguments: [0.0, 0.1])
  func crossEntropyIsThatOfDouble(smoothing: Double) {
    let (rows, columns) = (7, 10)
    var random = RandomSource(seed: 3)
    let logits = Tensor<Double>.normal([rows, columns], using: &random)
    let classes: [Int32] = [3, 0, -1, 9, 5, 5, 1]
    var (exact, found) = (logits, Tensor<Number>(logits))
    func loss<Scalar: TensorScalar>(_ outputs: inout Tensor<Scalar>) -> Double {
      var span = outputs.mutableSpan
      return Scalar.softmaxCrossEntropy(
        &span, columns: columns, classes: classes.span, smoothing: smoothing, weight: 0.25)
    }
    let losses = (loss(&exact), loss(&found))
    #expect(abs(losses.0 - losses.1) < 0.01 * losses.0)
    // Ten additions and four other roundings, of numbers up to 1/4.
    #expect(mismatch(found.elements, exact.elements, within: 0.25 * 14 * 0x1p-10) == nil)
  }

  @Test func formatsAreFoundByTheirNames() {
    for format in LogNumberFormats.all {
      #expect(LogNumberFormats.format(named: format.formatName) == format)
    }
    #expect(
      LogNumberFormats.all.count == LogNumberFormats.widths.count * LogNumberFormats.steps.count * 2
    )
    #expect(LNS16.formatName == "lns6.9/64" && LogNumberFormats.format(named: "lns") == nil)
  }
}

import AddendTensors
import Testing

/// Narrow floating-point formats, pattern by pattern.
struct FloatFormatTests {
  static let formats = [FloatFormat.bfloat16, .float16, .e4m3, .e5m2]

  private func patterns(_ format: FloatFormat) -> ClosedRange<UInt16> {
    0...UInt16(truncatingIfNeeded: (1 << format.bitCount) - 1)
  }

  @Test(arguments: formats) func everyPatternComesBack(format: FloatFormat) {
    var numbers = 0
    for pattern in patterns(format) {
      let value = format.value(of: pattern)
      if value.isNaN {
        #expect(format.value(of: format.pattern(of: value)).isNaN)
      } else {
        numbers += 1
        #expect(format.pattern(of: value) == pattern)
        #expect(format.rounded(value) == value)
      }
    }
    // All but the NaNs: two in E4M3, and those whose exponent is all ones elsewhere.
    let fractions = 1 << format.fractionBits
    #expect(numbers == (1 << format.bitCount) - (format.hasInfinity ? 2 * (fractions - 1) : 2))
  }

  /// Between each number and the next: ties go to the even one, anything nearer to the nearer one.
  @Test(arguments: formats) func roundsToNearestTiesToEven(format: FloatFormat) {
    let positive = (0...UInt16(truncatingIfNeeded: (1 << (format.bitCount - 1)) - 1))
      .map { (pattern: $0, value: format.value(of: $0)) }.filter { $0.value.isFinite }
    for (low, high) in zip(positive, positive.dropFirst()) {
      #expect(low.value < high.value)
      let middle = (low.value + high.value) / 2
      let even = low.pattern & 1 == 0 ? low.value : high.value
      #expect(format.rounded(middle) == even)
      #expect(format.rounded(-middle) == -even)
      #expect(format.rounded(middle.nextDown) == low.value)
      #expect(format.rounded(middle.nextUp) == high.value)
    }
  }

  /// The extremes as the formats' definitions state them (IEEE 754-2019, table 3.5; Micikevicius et al.,
  /// 2022, table 1).
  @Test func extremesAreThePublishedOnes() {
    #expect(FloatFormat.float16.greatest == 65504)
    #expect(FloatFormat.float16.value(of: 1) == 0x1p-24)
    #expect(FloatFormat.bfloat16.greatest == 0x1.fep127)
    #expect(FloatFormat.bfloat16.value(of: 1) == 0x1p-133)
    #expect(FloatFormat.e4m3.greatest == 448)
    #expect(FloatFormat.e4m3.value(of: 0x7E) == 448)
    #expect(FloatFormat.e4m3.value(of: 1) == 0x1p-9)
    #expect(FloatFormat.e4m3.value(of: 0x7F).isNaN && FloatFormat.e4m3.value(of: 0xFF).isNaN)
    #expect(FloatFormat.e5m2.greatest == 57344)
    #expect(FloatFormat.e5m2.value(of: 1) == 0x1p-16)
    #expect(FloatFormat.e5m2.value(of: 0x7C) == .infinity)
  }

  @Test func whatIsTooLargeOverflowsOrSaturates() {
    // Half a step beyond the greatest number is where rounding leaves the range.
    #expect(FloatFormat.float16.rounded(65519.99) == 65504)
    #expect(FloatFormat.float16.rounded(65520) == .infinity)
    #expect(FloatFormat.e5m2.rounded(-61440) == -.infinity)
    #expect(FloatFormat.e4m3.rounded(1e9) == 448)
    #expect(FloatFormat.e4m3.rounded(-.infinity).isNaN)
    #expect(FloatFormat.float16.rounded(-.infinity) == -.infinity)
    for format in Self.formats {
      #expect(format.rounded(.nan).isNaN)
      #expect(format.rounded(-0.0).sign == .minus)
    }
  }

  @Test func bfloat16IsTheSameFormatTwice() {
    for pattern in 0...UInt16.max {
      let number = BFloat16(bitPattern: pattern)
      let value = FloatFormat.bfloat16.value(of: pattern)
      #expect(number.float.isNaN ? value.isNaN : value == number.double)
    }
    for step in 0..<20_000 {
      let x = Double(Float(bitPattern: UInt32(step) &* 214_748))
      guard !x.isNaN else { continue }
      #expect(FloatFormat.bfloat16.rounded(x) == BFloat16(x).double)
    }
  }

  #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    /// The standard library's own type is the judge.
    @Test func halfIsTheStandardLibrarys() {
      for pattern in 0...UInt16.max {
        let (ours, theirs) = (Half(bitPattern: pattern), Float16(bitPattern: pattern))
        #expect(theirs.isNaN ? ours.double.isNaN : ours.double == Double(theirs))
      }
      var random = RandomSource(seed: 3)
      for _ in 0..<50_000 {
        let x = Double(bitPattern: random.next() & 0x8FFF_FFFF_FFFF_FFFF | 0x3E00_0000_0000_0000)
        let (ours, theirs) = (Half(x), Float16(x))
        #expect(theirs.isNaN ? ours.double.isNaN : ours.bitPattern == theirs.bitPattern)
        let (a, b) = (Half(x), Half(random.normal()))
        let (c, d) = (Float16(a.double), Float16(b.double))
        #expect((a + b).bitPattern == (c + d).bitPattern)
        #expect((a * b).bitPattern == (c * d).bitPattern)
        #expect((a / b).bitPattern == (c / d).bitPattern)
      }
    }
  #endif

  @Test func arithmeticOfEightBitsIsThatOfTheExactNumbersRounded() {
    for a in 0...UInt8.max {
      for b in stride(from: UInt8(0), through: 255, by: 7) {
        let (x, y) = (FloatE4M3(bitPattern: a), FloatE4M3(bitPattern: b))
        let sum = FloatFormat.e4m3.rounded(x.double + y.double)
        #expect(sum.isNaN ? (x + y).double.isNaN : (x + y).double == sum)
        let product = FloatE5M2.product(FloatE5M2(bitPattern: a), FloatE5M2(bitPattern: b))
        let exact = FloatE5M2(bitPattern: a).double * FloatE5M2(bitPattern: b).double
        #expect(exact.isNaN ? product.isNaN : product.double == exact)
      }
    }
  }

  @Test func stochasticRoundingKeepsTheMean() {
    var random = RandomSource(seed: 11)
    for format in Self.formats {
      let x = -1 - 0.3 * format.epsilon
      var sum = 0.0
      for _ in 0..<20_000 {
        let y = format.rounded(x, stochastically: random.uniform())
        #expect(y == -1 || y == -1 - format.epsilon)
        sum += y
      }
      // Four deviations of the mean of 20,000 draws with probability 0.3.
      #expect(abs((sum / 20_000 - x) / format.epsilon) < 4 * (0.3 * 0.7 / 20_000).squareRoot())
      #expect(format.rounded(1, stochastically: 0.999) == 1)
      // Past the greatest number no draw makes infinity of what is nearest to it.
      let past = format.greatest * (1 + format.epsilon / 8)
      #expect(format.rounded(past, stochastically: 0.999) == format.greatest)
    }
  }
}

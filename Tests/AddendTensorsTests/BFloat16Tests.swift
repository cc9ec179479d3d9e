import AddendTensors
import Testing

struct BFloat16Tests {
  static let patterns = (0...UInt16.max).map(BFloat16.init(bitPattern:))

  @Test func everyPatternSurvivesFloatAndDouble() {
    for number in Self.patterns {
      // A signalling NaN is made quiet; all else comes back as it was.
      let expected = number.float.isNaN ? number.bitPattern | 0x0040 : number.bitPattern
      #expect(BFloat16(number.float).bitPattern == expected)
      #expect(
        number.float.isNaN
          ? BFloat16(number.double).float.isNaN
          : BFloat16(number.double).bitPattern == expected)
    }
  }

  /// Between each finite number and the next: the middle goes to the even one, anything nearer to the
  /// nearer one, from Float and from Double, which holds points that no Float does.
  @Test func roundsToNearestTiesToEven() {
    for low in Self.patterns[..<0x7F80] {
      let high = BFloat16(bitPattern: low.bitPattern + 1)
      let even = low.bitPattern & 1 == 0 ? low : high
      let middle = Float(bitPattern: UInt32(low.bitPattern) << 16 | 0x8000)
      #expect(BFloat16(middle).bitPattern == even.bitPattern)
      #expect(BFloat16(-middle).bitPattern == (-even).bitPattern)
      #expect(BFloat16(middle.nextDown).bitPattern == low.bitPattern)
      #expect(BFloat16(middle.nextUp).bitPattern == high.bitPattern)
      #expect(BFloat16(Double(middle)).bitPattern == even.bitPattern)
      #expect(BFloat16(Double(middle).nextDown).bitPattern == low.bitPattern)
      #expect(BFloat16(Double(middle).nextUp).bitPattern == high.bitPattern)
    }
  }

  @Test func hugeNumbersBecomeInfinite() {
    #expect(BFloat16(Float.greatestFiniteMagnitude).float == .infinity)
    #expect(BFloat16(-Double.greatestFiniteMagnitude).float == -.infinity)
  }

  @Test func productsKeepTheAccumulatorsPrecision() {
    let x = BFloat16(1.0078125)
    #expect(BFloat16.product(x, x) == 1.01568603515625)
    #expect((x * x).float == 1.015625)
  }
}

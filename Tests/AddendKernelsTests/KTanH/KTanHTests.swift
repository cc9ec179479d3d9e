import AddendKernels
import AddendTestSupport
import Foundation
import Testing

/// `T` over all 65,536 bfloat16 numbers.
struct KTanHTests {
  static let patterns = Array(0...UInt16.max)

  private static func number(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  private func tangent(_ bits: UInt16) -> Float {
    Self.number(KTanHFunction.tangent(bitPattern: bits))
  }

  private func error(_ bits: UInt16) -> Double {
    (Double(tangent(bits)) - tanh(Double(Self.number(bits)))).magnitude
  }

  @Test func largestErrorIsThatStated() {
    let finite = Self.patterns.filter { !Self.number($0).isNaN }
    let worst = finite.max { error($0) < error($1) } ?? 0
    #expect(finite.count == 65_536 - 254)
    #expect(Self.number(worst).magnitude == 0.621_093_75)
    #expect(error(worst) < 8.921e-3 && error(worst) > 8.920e-3)
  }

  /// No shift and offset serves the sixteen numbers from 0.5625 on better, so no table does.
  @Test func noTableHasASmallerLargestError() {
    let served = (0..<16).map { UInt16(126 << 7 | 16 | $0) }
    #expect(Self.number(served[0]) == 0.5625)
    let truths = served.map { tanh(Double(Self.number($0))) }
    var least = Double.infinity
    for exponent in 120...130 {
      for shift in 0..<8 {
        for offset in -128..<128 {
          let mantissas = served.map { (Int($0) & 127) >> shift + offset }
          guard mantissas.allSatisfy({ 0..<128 ~= $0 }) else { continue }
          let errors = zip(mantissas, truths).map { mantissa, truth in
            (Double(Self.number(UInt16(exponent << 7 | mantissa))) - truth).magnitude
          }
          least = min(least, errors.max() ?? .infinity)
        }
      }
    }
    #expect(least == served.map(error).max())
  }

  @Test func isOddAndWithinOne() {
    for bits in Self.patterns where !Self.number(bits).isNaN {
      #expect(
        KTanHFunction.tangent(bitPattern: bits ^ 0x8000)
          == KTanHFunction.tangent(bitPattern: bits) ^ 0x8000)
      #expect(tangent(bits).magnitude <= 1)
    }
  }

  /// The published table falls at 0.3125, 0.375, 0.40625, 0.4375, 0.46875 and 1; ours nowhere. A
  /// mantissa that overflowed would fall too.
  @Test func neverFalls() {
    let falls = (1...UInt16(0x7F80)).filter { tangent($0) < tangent($0 - 1) }
    #expect(falls.map(Self.number) == [])
  }

  @Test func smallNumbersPassAndLargeOnesBecomeOne() {
    for bits in UInt16(0)..<0x3E80 { #expect(KTanHFunction.tangent(bitPattern: bits) == bits) }
    for bits in UInt16(0x4071)...0x7F80 { #expect(tangent(bits) == 1) }
    #expect(tangent(0xFF80) == -1)
    for bits in UInt16(0x7F81)...0x7FFF {
      #expect(KTanHFunction.tangent(bitPattern: bits) == bits | 0x0040)
      #expect(KTanHFunction.tangent(bitPattern: bits | 0x8000) == bits | 0x8040)
    }
  }

  @Test(arguments: InstructionSet.available)
  func everySetGivesTheDefinitionsBits(_ set: InstructionSet) {
    // Another start moves every number to another lane.
    for (start, end) in [(0, 65_536), (1, 65_536), (13, 65_500)] {
      let x = Array(Self.patterns[start..<end])
      var y = x.map { _ in UInt16.max }
      var span = y.mutableSpan
      KTanHKernels(set).tangents(of: x.span, into: &span)
      #expect(y == x.map(KTanHFunction.tangent))
    }
  }

  @Test(arguments: InstructionSet.available, [0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 257, 1000])
  func everySetAgreesAtOddLengths(_ set: InstructionSet, count: Int) {
    let x = normalNumbers(count, seed: 1).map { 3 * $0 }
    let (y, dy) = (normalNumbers(count, seed: 2), normalNumbers(count, seed: 3))
    for function in KTanHFunction.allCases {
      let results = [set, .scalar].map { set in
        var (values, slopes) = (x, x)
        var span = values.mutableSpan
        KTanHKernels(set).activate(function, x.span, into: &span)
        span = slopes.mutableSpan
        KTanHKernels(set).activationGradient(
          function, x: x.span, y: y.span, dy: dy.span, into: &span)
        return (values + slopes).map(\.bitPattern)
      }
      #expect(results[0] == results[1], "\(function)")
    }
  }

  /// Rounding to bfloat16 before `T`: ties, overflow to infinity, NaN.
  @Test(arguments: InstructionSet.available)
  func floatsAreRoundedToNearest(_ set: InstructionSet) {
    var x = Self.patterns.flatMap { bits in
      [0x7FFF, 0x8000, 0x8001].map { Float(bitPattern: UInt32(bits) << 16 | $0) }
    }
    let expected = x.map { x in
      let bits = x.bitPattern
      let rounded =
        x.isNaN ? bits >> 16 | 0x40 : (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
      return UInt32(KTanHFunction.tangent(bitPattern: UInt16(rounded))) << 16
    }
    let source = x
    var span = x.mutableSpan
    KTanHKernels(set).activate(.tanh, source.span, into: &span)
    #expect(x.map(\.bitPattern) == expected)
  }

  private func exact(_ function: KTanHFunction, _ x: Double) -> Double {
    switch function {
    case .tanh: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .swish: x / (1 + exp(-x))
    case .gelu: x * erfc(-x / 2.0.squareRoot()) / 2
    }
  }

  /// The limits hold, and nothing smaller of as many digits would.
  @Test(arguments: KTanHFunction.allCases)
  func derivedFunctionsKeepTheirLimits(_ function: KTanHFunction) {
    let x = Self.patterns.map(Self.number).filter(\.isFinite)
    var y = x
    var span = y.mutableSpan
    KTanHKernels.best.activate(function, x.span, into: &span)
    let errors = zip(x, y).map { (Double($1) - exact(function, Double($0))).magnitude }
    #expect(errors.count == 65_536 - 256)
    #expect(errors.allSatisfy { $0 < function.errorLimit })
    #expect(errors.contains { $0 > function.errorLimit - 1e-5 })
  }

  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../Scripts/k-tanh-table.py").path

  private static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// The table in the sources is what its script makes.
  @Test(.enabled(if: python != nil, "there is no python3"))
  func theTableIsWhatItsScriptMakes() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [Self.script, "--check"]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

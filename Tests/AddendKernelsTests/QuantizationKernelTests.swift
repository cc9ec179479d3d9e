import AddendKernels
import Testing

/// Every set makes the same codes as the definition, at all lengths.
struct QuantizationKernelTests {
  private static let strange: [Float] = [
    0, -0.0, .nan, -.nan, .infinity, -.infinity, 0.5, -0.5, 1.5, 2.5, -2.5, 1, -1, 1.41421354,
    1.41421366, 0.70710677, 0.7071068, Float(bitPattern: 71_362), -Float(bitPattern: 71_362), 3e38,
    127.5, 128.5,
  ]

  private static func numbers(_ count: Int) -> [Float] {
    var state: UInt64 = 88_172_645_463_325_252
    return (0..<count).map { i in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      let uniform = Float(state >> 40) / Float(1 << 23) - 1
      return i % 3 == 0 ? strange[Int(state >> 20) % strange.count] : uniform * 9
    }
  }

  private static let rules: [Quantization] = [
    .sign, .grid(factor: 1.3, range: -8...7), .grid(factor: 25, range: 0...255),
    .powers(factor: 2.7, count: 7), .powers(factor: 1, count: 1), .powers(factor: 0.1, count: 31),
  ]

  private func bits(_ count: Int, _ body: (inout MutableSpan<Float>) -> Void) -> [UInt32] {
    var values = [Float](repeating: 77, count: count)
    var span = values.mutableSpan
    body(&span)
    return values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
  }

  @Test(arguments: InstructionSet.available, [0, 1, 15, 17, 100, 33_001])
  func variantsAgree(_ set: InstructionSet, _ count: Int) {
    let (x, dy) = (Self.numbers(count), Self.numbers(count + 1).dropFirst().map { $0 })
    let (one, other) = (QuantizationKernels(.scalar), QuantizationKernels(set))
    for rule in Self.rules {
      #expect(
        bits(count) { other.quantize(x.span, by: rule, into: &$0) }
          == bits(count) { one.quantize(x.span, by: rule, into: &$0) }, "\(rule)")
    }
    func drawn(_ kernels: QuantizationKernels) -> [UInt32] {
      bits(count) {
        kernels.drawPowers(x.span, factor: 1.7, count: 6, seed: 0x1234_5678_9ABC, into: &$0)
      }
    }
    #expect(drawn(other) == drawn(one))
    func passed(_ kernels: QuantizationKernels) -> [UInt32] {
      bits(count) { kernels.pass(dy.span, where: x.span, isWithin: -1...1.5, into: &$0) }
    }
    #expect(passed(other) == passed(one))
    func clamped(_ kernels: QuantizationKernels) -> [UInt32] {
      var values = x
      var span = values.mutableSpan
      kernels.clamp(&span, to: -1...1.5)
      return values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
    }
    #expect(clamped(other) == clamped(one))
    #expect(other.extremes(of: x.span) == one.extremes(of: x.span))
  }

  @Test func extremesLeaveOutWhatIsNoNumber() {
    let kernels = QuantizationKernels.best
    let numbers: [Float] = [.nan, 3, -7, .nan]
    let nothing: [Float] = [.nan]
    #expect(kernels.extremes(of: numbers.span) == (-7, 3))
    #expect(kernels.extremes(of: nothing.span) == (0, 0))
    #expect(kernels.extremes(of: [Float]().span) == (0, 0))
  }
}

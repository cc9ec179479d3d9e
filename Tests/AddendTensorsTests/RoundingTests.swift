import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Rounding to a narrower format, in the generic definition and in float32's kernels.
struct RoundingTests {
  /// Numbers around every border of the rounding: ties, neighbours of ties, ends of the range.
  static let borders: [Float] = (0...0xFFFF).flatMap { high in
    [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF].map { Float(bitPattern: UInt32(high) << 16 | $0) }
  }

  @Test func everyInstructionSetRoundsAsBFloat16Does() {
    let expected = Self.borders.map { BFloat16($0).float.bitPattern }
    for set in InstructionSet.available {
      var found = [Float](repeating: 0, count: Self.borders.count)
      var span = found.mutableSpan
      FloatKernels(set).roundToBFloat16(Self.borders.span, into: &span)
      #expect(found.map(\.bitPattern) == expected, "\(set)")
    }
  }

  @Test func formatsAgreeOnWhatRoundingIs() {
    let numbers = normalNumbers(1000, seed: 5)
    let narrow = Tensor<Float>([1000], numbers).rounded(to: .bfloat16)
    #expect(narrow.elements == numbers.map { BFloat16($0).float })
    let wide = Tensor<Double>([1000], numbers.map(\.double)).rounded(to: .bfloat16)
    #expect(wide.elements == narrow.elements.map(\.double))
    let third = Tensor<Double>([1], [1.0 / 3]).rounded(to: .float32)
    #expect(third.elements == [Double(Float(1.0 / 3))])
  }

  @Test func theOwnFormatIsNotRounded() {
    let numbers = Tensor<Float>([1000], normalNumbers(1000, seed: 5))
    #expect(numbers.rounded(to: nil) == numbers)
    #expect(numbers.rounded(to: .float32) == numbers)
  }

  @Test func precisionsAreFoundByTheirNames() {
    for precision in Precision.standard {
      #expect(Precision(named: precision.name) == precision)
    }
    #expect(Precision(named: "float17") == nil)
  }
}

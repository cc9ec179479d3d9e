import AddendKernels
import AddendTensors
import Testing

struct AffineQuantizationTests {
  @Test(arguments: [(-1.0, 3.0), (0, 6), (-2, 0), (0.5, 9), (-7, -3), (-1e-3, 1e3)])
  func numbersWithinTheRangeAreOffByHalfAStep(_ lower: Double, _ upper: Double) {
    let quantization = AffineQuantization(covering: lower, upper)
    #expect(quantization.value(of: quantization.code(of: 0)) == 0)
    let half = quantization.scale / 2
    // The range moves by up to half a step when its zero does.
    #expect(Double(quantization.lower) <= min(lower, 0) + Double(half) * 1.001)
    #expect(Double(quantization.upper) >= max(upper, 0) - Double(half) * 1.001)
    for i in 0...1000 {
      let x =
        quantization.lower + (quantization.upper - quantization.lower) * Float(i) / 1000
      let value = quantization.value(of: quantization.code(of: x))
      #expect((value - x).magnitude <= half * 1.001)
    }
    #expect(quantization.code(of: .infinity) == 255)
    #expect(quantization.code(of: -.infinity) == 0)
    #expect(quantization.code(of: .nan) == 0)
  }

  @Test func everyByteComesBack() {
    for (scale, zero) in [(Float(0.1), UInt8(0)), (3.7e-5, 255), (1e20, 128), (0x1p-120, 3)] {
      let quantization = AffineQuantization(scale: scale, zeroPoint: zero)
      for code in UInt8.min...UInt8.max {
        #expect(quantization.code(of: quantization.value(of: code)) == code)
      }
    }
  }

  @Test(arguments: InstructionSet.available, [0, 1, 15, 16, 17, 333])
  func kernelsComputeTheDefinition(_ set: InstructionSet, count: Int) {
    var random = RandomSource(seed: UInt64(count), stream: 2)
    let quantization = AffineQuantization(covering: -1.3, 2.9)
    var x = (0..<count).map { _ in Float(random.normal() * 2) }
    // Halves between two bytes, and what is no number.
    for (i, strange) in ([0.5, 1.5, -2.5] as [Float]).map({ $0 * quantization.scale }).enumerated()
    where i < count { x[i] = strange }
    for (i, strange) in ([.nan, .infinity, -.infinity, 1e38] as [Float]).enumerated()
    where 3 + i < count { x[3 + i] = strange }
    var codes = [UInt8](repeating: 9, count: count)
    var span = codes.mutableSpan
    quantization.quantize(x.span, into: &span, using: set)
    #expect(codes == x.map { quantization.code(of: $0) })
    var values = [Float](repeating: 9, count: count)
    var second = values.mutableSpan
    quantization.dequantize(codes.span, into: &second, using: set)
    #expect(values == codes.map { quantization.value(of: $0) })
  }

  @Test func poolingAndSubsamplingOfBytes() {
    let geometry = ConvolutionGeometry(
      batch: 2, height: 5, width: 4, channels: 3, filterHeight: 2, filterWidth: 2, stride: 2,
      padding: 1)
    var random = RandomSource(seed: 4, stream: 2)
    let x = (0..<geometry.imageCount).map { _ in UInt8(truncatingIfNeeded: random.next() >> 20) }
    var y = [UInt8](repeating: 1, count: geometry.patchCount * 3)
    var span = y.mutableSpan
    geometry.maxPool(bytes: x.span, filler: 200, into: &span)
    var numbers = [Float](repeating: 0, count: y.count)
    var choices = [Int32](repeating: 0, count: y.count)
    var first = numbers.mutableSpan
    var second = choices.mutableSpan
    let floats = x.map { Float($0) }
    Float.maxPool(floats.span, geometry, into: &first, choices: &second)
    #expect(y == zip(numbers, choices).map { $1 < 0 ? 200 : UInt8($0) })

    var small = [UInt8](repeating: 1, count: 2 * 3 * 2 * 6)
    var third = small.mutableSpan
    subsampleBytes(
      x.span, batch: 2, height: 5, width: 4, channels: 3, stride: 2, before: 1, after: 2,
      filler: 9, into: &third)
    for n in 0..<2 {
      for i in 0..<3 {
        for j in 0..<2 {
          let pixel = small[((n * 3 + i) * 2 + j) * 6..<((n * 3 + i) * 2 + j + 1) * 6]
          let source = ((n * 5 + 2 * i) * 4 + 2 * j) * 3
          #expect(Array(pixel) == [9] + x[source..<source + 3] + [9, 9])
        }
      }
    }
  }
}

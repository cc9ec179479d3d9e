import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Rounding to narrower formats, in the generic definition and in float32's kernels.
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

  /// Numbers around the ties of formats with fewer digits than bfloat16, and with more.
  private var numbers: [Float] {
    Self.borders
      + (0..<200_000).map { Float(bitPattern: UInt32($0) &* 21474 &+ UInt32($0 & 7)) }
  }

  @Test(arguments: FloatFormatTests.formats)
  func everyInstructionSetRoundsAsTheFormatDoes(format: FloatFormat) {
    let numbers = numbers
    let expected = numbers.map { Float(format.rounded($0.double)) }
    let rounding = FloatRounding(
      fractionBits: format.fractionBits, leastExponent: format.leastExponent,
      greatest: Float(format.greatest),
      beyond: format.hasInfinity ? .infinity : Float(format.greatest),
      infinity: format.hasInfinity ? .infinity : .nan)
    for set in InstructionSet.available {
      var found = [Float](repeating: 0, count: numbers.count)
      var span = found.mutableSpan
      RoundingKernels(set).round(numbers.span, to: rounding, into: &span)
      let stranger = zip(found, expected).enumerated().first { _, pair in
        pair.0.isNaN ? !pair.1.isNaN : pair.0.bitPattern != pair.1.bitPattern
      }
      #expect(stranger == nil, "\(set): \(String(describing: stranger))")
    }
  }

  @Test(
    arguments: [
      NumberFormat.bfloat16, .float16, .e4m3, .e5m2, .dfp16, .fixed(DynamicFixedPoint(bits: 5)),
      .fixed(DynamicFixedPoint(bits: 8, blockLength: 7)), .logarithmic(LogarithmicFormat()),
    ])
  func formatsAgreeOnWhatRoundingIs(format: NumberFormat) {
    let numbers = normalNumbers(1000, seed: 5)
    let narrow = Tensor<Float>([1000], numbers).rounded(to: format)
    // The generic definition, in an arithmetic that holds what float32 holds.
    let wide = Tensor<Double>([1000], numbers.map(\.double)).rounded(to: format)
    #expect(narrow.elements == wide.elements.map { Float($0) })
    #expect(narrow.elements != numbers)
    #expect(narrow.rounded(to: format) == narrow)
  }

  @Test func theOwnFormatIsNotRounded() {
    let numbers = Tensor<Float>([1000], normalNumbers(1000, seed: 5))
    #expect(numbers.rounded(to: nil) == numbers)
    #expect(numbers.rounded(to: .float32) == numbers)
    let third = Tensor<Double>([1], [1.0 / 3]).rounded(to: .float32)
    #expect(third.elements == [Double(Float(1.0 / 3))])
  }

  /// Each column has its own scale, and every set the same bits.
  @Test func columnsAreRoundedApart() {
    let (rows, columns) = (37, 21)
    var numbers = normalNumbers(rows * columns, seed: 9)
    for r in 0..<rows {
      numbers[r * columns + 1] *= 1e6
      numbers[r * columns + 2] = 0
      numbers[r * columns + 3] *= 1e-38
    }
    numbers[5 * columns + 4] = .nan
    numbers[6 * columns + 5] = -.infinity
    let largest = (0..<columns).map { c in
      (0..<rows).reduce(Float(0)) { max($0, abs(numbers[$1 * columns + c])) }
    }
    let expected = numbers.indices.map { i -> Float in
      guard ![4, 5].contains(i % columns) else { return .nan }
      let scale = largest[i % columns] / 127
      guard 0x1p-120...0x1p120 ~= scale else { return numbers[i].rounded(.toNearestOrEven) }
      return (numbers[i] / scale).rounded(.toNearestOrEven) * scale
    }
    for set in InstructionSet.available {
      let found = Tensor<Float>([numbers.count]) {
        RoundingKernels(set).roundColumns(
          numbers.span, columns: columns, limit: 127, scales: 0x1p-120...0x1p120, into: &$0)
      }.elements
      #expect(zip(found, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "\(set)")
    }
    let wide = Tensor<Double>([numbers.count], numbers.map(\.double))
    let generic = Tensor<Double>([numbers.count]) {
      Double.roundColumns(
        wide.span, columns: columns, limit: 127, scales: 0x1p-120...0x1p120, into: &$0)
    }.elements
    #expect(
      zip(generic, expected).allSatisfy { $0 == $1.double || $0.isNaN && $1.isNaN })
  }

  // Das et al., §3: the largest magnitude takes 15 bits, or 7.
  @Test func sharedExponentsFitTheLargestNumber() {
    let format = DynamicFixedPoint(bits: 8)
    func rounded(_ numbers: [Float]) -> [Float] {
      Tensor<Float>([numbers.count], numbers).rounded(to: .fixed(format)).elements
    }
    // ⌊log₂ 100⌋ = 6, so steps of 2⁰; ties to even.
    #expect(rounded([100, 0.5, 1.5, -2.5, 0.49]) == [100, 0, 2, -2, 0])
    // 127.6 would be 128 steps, one more than there are.
    #expect(rounded([127.6, -127.6]) == [127, -127])
    #expect(rounded([0, -0.0, 0]) == [0, 0, 0])
    #expect(rounded([1, .nan]).allSatisfy { $0.isNaN })
    #expect(rounded([1, -.infinity]).allSatisfy { $0.isNaN })
    #expect(rounded([.greatestFiniteMagnitude]) == [0x1.fcp127])
    // The smallest exponent there is.
    #expect(rounded([0x1p-140, 0x1p-126]) == [0, 0x1p-126])
    // An outlier takes the others' digits, but not those of another block.
    let numbers: [Float] = [1000, 0.3, 0.2, 0.1]
    #expect(rounded(numbers)[1...] == [0, 0, 0])
    let blocks = Tensor<Float>([4], numbers)
      .rounded(to: .fixed(DynamicFixedPoint(bits: 8, blockLength: 2))).elements
    #expect(blocks[1] == 0 && abs(blocks[2] - 0.2) < 0.001 && abs(blocks[3] - 0.1) < 0.001)
  }

  @Test func logarithmsHaveTheirStepsAndEnds() {
    let format = LogarithmicFormat(integerBits: 3, fractionBits: 2)
    #expect(format.limit == 15)
    #expect(format.rounded(0) == 0)
    #expect(format.rounded(8) == 8)
    #expect(format.rounded(-8) == -8)
    #expect(abs(format.rounded(1.2) - 1.189207115) < 1e-9)
    #expect(abs(format.rounded(1e9) - 13.454342644) < 1e-9)
    #expect(format.rounded(1e-9) == 0)
    #expect(format.rounded(.nan).isNaN)
    // Every number of the standard format is one.
    let standard = LogarithmicFormat()
    for steps in stride(from: -standard.limit, through: standard.limit, by: 97) {
      let number = Math.pow(2, Double(steps) / 512)
      #expect(abs(standard.rounded(number) / number - 1) < 1e-12)
    }
  }

  /// The levels of sums, written out.
  private func sum(_ terms: [Float], _ accumulation: Accumulation) -> Float {
    func rounded(_ x: Float, _ level: Int) -> Float {
      accumulation.levels[level].format.map { Float($0.rounded(x.double)) } ?? x
    }
    func total(_ terms: [Float], _ level: Int) -> Float {
      let isLast = level + 1 == accumulation.levels.count
      let length = isLast ? max(1, terms.count) : accumulation.levels[level].length
      let sums = stride(from: 0, to: terms.count, by: length).map { start in
        terms[start..<min(terms.count, start + length)].reduce(0) { rounded($0 + $1, level) }
      }
      return isLast ? sums.first ?? 0 : total(sums, level + 1)
    }
    return total(terms, 0)
  }

  @Test(
    arguments: [
      "float16", "fp8:4>fp16:8>fp32", "fp16:64>fp32", "bf16:3>fp32", "e5m2:2>e4m3:3>fp16:2>bf16",
    ])
  func sumsRiseThroughTheirLevels(text: String) throws {
    let accumulation = try #require(Accumulation(text))
    var random = RandomSource(seed: 21)
    for (m, n, k) in [(3, 70, 129), (2, 5, 1), (1, 64, 64)] {
      for (transposesA, transposesB) in [(false, false), (true, false), (false, true)] {
        let a = Tensor<Float>.normal([m * k], using: &random).rounded(to: .e4m3)
        let b = Tensor<Float>.normal([k * n], using: &random).rounded(to: .e4m3)
        let start = Tensor<Float>.normal([m * n], using: &random)
        let (x, y) = (a.elements, b.elements)
        let expected = (0..<m * n).map { index in
          let (i, j) = (index / n, index % n)
          let terms = (0..<k).map {
            x[transposesA ? $0 * m + i : i * k + $0] * y[transposesB ? j * k + $0 : $0 * n + j]
          }
          return start.elements[index] + sum(terms, accumulation)
        }
        let shape = GEMMShape(
          m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB, accumulates: true)
        let format = ProductFormat(left: .e4m3, right: .e4m3, accumulation: accumulation)
        var c = start
        var span = c.mutableSpan
        Float.gemm(shape, a.span, b.span, bias: nil, in: format, &span)
        #expect(c.elements == expected)
        for set in InstructionSet.available {
          var c = start
          var span = c.mutableSpan
          let levels = accumulation.levels.map {
            SumLevel(rounding($0.format), length: $0.length)
          }
          RoundingKernels(set).gemm(shape, a.span, b.span, levels: levels, &span)
          #expect(c.elements == expected, "\(set)")
        }
        // The definition over Double holds terms and sums that are float32's own here.
        let wide = Tensor<Double>([m * n]) {
          Double.gemm(
            GEMMShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB),
            Tensor<Double>(a).span, Tensor<Double>(b).span, bias: nil, in: format, &$0)
        }
        let plain = Tensor<Float>([m * n]) {
          Float.gemm(
            GEMMShape(m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB),
            a.span, b.span, bias: nil, in: format, &$0)
        }
        if accumulation.levels.allSatisfy({ $0.format != nil }) {
          #expect(plain.elements == wide.elements.map { Float($0) })
        }
      }
    }
  }

  private func rounding(_ format: FloatFormat?) -> FloatRounding {
    guard let format else {
      return FloatRounding(
        fractionBits: 23, leastExponent: -126, greatest: .greatestFiniteMagnitude,
        beyond: .infinity, infinity: .infinity)
    }
    return FloatRounding(
      fractionBits: format.fractionBits, leastExponent: format.leastExponent,
      greatest: Float(format.greatest),
      beyond: format.hasInfinity ? .infinity : Float(format.greatest),
      infinity: format.hasInfinity ? .infinity : .nan)
  }

  /// Chunks lose less than one long sum (Wang et al., 2018, figure 3a).
  @Test func chunksLoseLessThanOneSum() throws {
    var random = RandomSource(seed: 4)
    let x = Tensor<Float>([4096]) { for i in $0.indices { $0[i] = Float(random.uniform()) } }
    let ones = Tensor<Float>([4096], repeating: 1)
    let exact = x.elements.reduce(0.0) { $0 + $1.double }
    func error(_ text: String) throws -> Double {
      let format = ProductFormat(
        left: nil, right: nil, accumulation: try #require(Accumulation(text)))
      let y = Tensor<Float>([1]) {
        Float.gemm(GEMMShape(m: 1, n: 1, k: 4096), x.span, ones.span, bias: nil, in: format, &$0)
      }
      return abs(y.elements[0].double / exact - 1)
    }
    let (long, chunks) = (try error("bf16"), try error("bf16:64>fp32"))
    #expect(long > 0.5)
    #expect(chunks < 0.02)
  }
}

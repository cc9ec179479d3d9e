import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

struct DynamicFixedPointProductTests {
  private static let formats: [HalfFormat] = [
    .dynamicFixedPoint, .fixedPoint(left: 16, right: 16), .fixedPoint(left: 9, right: 16),
    .fixedPoint(left: 2, right: 3),
  ]

  /// A tensor's mantissas and what they are multiplied by, as the number format has them.
  private static func mantissas(_ x: [Float], bits: Int) -> ([Int], quantum: Float) {
    let format = DynamicFixedPoint(bits: bits)
    let quantum = format.quantum(greatest: x.reduce(0) { max($0, Double($1.magnitude)) })
    return (
      x.map { Int(format.rounded(Double($0), quantum: quantum) / quantum) }, Float(quantum)
    )
  }

  /// The definition: integers of a few terms, added up in float32.
  ///
  /// - Precondition: No more terms than are summed before results are stored.
  private static func product(
    _ shape: GEMMShape, _ a: [Float], _ b: [Float], bias: [Float]?, start: [Float], left: Int,
    right: Int
  ) -> [Float] {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    precondition(k <= 1024)
    let (x, xQuantum) = mantissas(a, bits: left)
    let (y, yQuantum) = mantissas(b, bits: right)
    let length = left + right <= 31 ? 4 : 2
    return (0..<m * n).map { index in
      let (i, j) = (index / n, index % n)
      func products(_ terms: Range<Int>) -> Int {
        terms.reduce(0) { sum, p in
          let factor = shape.transposesA ? x[p * m + i] : x[i * k + p]
          return sum + factor * (shape.transposesB ? y[j * k + p] : y[p * n + j])
        }
      }
      var sum: Float = 0
      var first = 0
      while first < k {
        // What is left of a chunk of two words goes word by word.
        let count = first + length <= k + k % 2 ? length : 2
        sum += Float(products(first..<min(k, first + count)))
        first += count
      }
      sum = sum * xQuantum * yQuantum
      if shape.accumulates { sum += start[index] }
      if let bias { sum += bias[j] }
      return sum
    }
  }

  private static func multiply(
    _ shape: GEMMShape, _ a: [Float], _ b: [Float], bias: [Float]? = nil, start: [Float]? = nil,
    _ format: HalfFormat, _ set: InstructionSet = .best
  ) -> [Float] {
    var c = start ?? [Float](repeating: .nan, count: shape.m * shape.n)
    var span = c.mutableSpan
    let products = HalfProducts(format, using: set)
    if let bias {
      products.gemm(shape, a.span, b.span, bias: bias.span, &span)
    } else {
      products.gemm(shape, a.span, b.span, &span)
    }
    return c
  }

  /// Every set computes the definition's bits, whichever way the operands lie.
  @Test(
    arguments: [(1, 1, 1), (7, 17, 3), (5, 64, 4), (13, 70, 31), (3, 129, 100), (2, 9, 1001)],
    formats)
  func equalsTheDefinition(_ extents: (m: Int, n: Int, k: Int), _ format: HalfFormat) {
    guard case .fixedPoint(let left, let right) = format else { return }
    let (m, n, k) = extents
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let (bias, start) = (normalNumbers(n, seed: 3), normalNumbers(m * n, seed: 4))
    for way in 0..<4 {
      let shape = GEMMShape(
        m: m, n: n, k: k, transposesA: way & 1 == 1, transposesB: way & 2 == 2,
        accumulates: way == 1)
      let expected = Self.product(
        shape, a, b, bias: bias, start: start, left: left, right: right)
      for set in InstructionSet.available {
        let found = Self.multiply(shape, a, b, bias: bias, start: start, format, set)
        #expect(found == expected, "\(set), \(way)")
      }
    }
  }

  /// Operands whose mantissas are all as large as they can be, with every combination of signs that adds
  /// up: an integer that overflowed would leave a sum of another size.
  @Test(arguments: formats, [(1, 1), (1, -1), (-1, -1)] as [(Float, Float)])
  func noChunkOverflows(_ format: HalfFormat, _ signs: (left: Float, right: Float)) {
    guard case .fixedPoint(let left, let right) = format else { return }
    let (m, n, k) = (9, 70, 130)
    let (x, y) = (Float(1 << (left - 1) - 1), Float(1 << (right - 1) - 1))
    let expected = signs.left * signs.right * x * y * Float(k)
    for set in InstructionSet.available {
      let c = Self.multiply(
        GEMMShape(m: m, n: n, k: k), [Float](repeating: signs.left * x, count: m * k),
        [Float](repeating: signs.right * y, count: k * n), format, set)
      // Each of at most 65 additions is rounded once, and so is the expectation three times.
      let far = c.first { !(abs($0 - expected) <= abs(expected) * 68 * 0x1p-24) }
      #expect(far == nil, "\(set)")
    }
  }

  /// A mantissa is wrong by half a quantum, or by a whole one where it saturates.
  @Test(arguments: formats)
  func isNearTheProduct(_ format: HalfFormat) {
    guard case .fixedPoint(let left, let right) = format else { return }
    let m = 30
    let n = 65
    let k = 700
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let c = Self.multiply(GEMMShape(m: m, n: n, k: k), a, b, format)
    let (_, p) = Self.mantissas(a, bits: left)
    let (_, q) = Self.mantissas(b, bits: right)
    let far = c.indices.first { (index: Int) -> Bool in
      let (i, j) = (index / n, index % n)
      let terms: [(Double, Double)] = (0..<k).map { (Double(a[i * k + $0]), Double(b[$0 * n + j])) }
      let rounding = Double(k / 2 + 4) * 0x1p-24
      var (exact, bound) = (0.0, 0.0)
      for (x, y) in terms {
        exact += x * y
        let (width, height) = (abs(x) + Double(p), abs(y) + Double(q))
        bound += width * Double(q) + height * Double(p)
        bound += width * height * rounding
      }
      return !(abs(Double(c[index]) - exact) <= bound)
    }
    #expect(far == nil)
  }

  @Test(arguments: formats)
  func zerosGiveZerosAndWhatIsNotFiniteGivesNaN(_ format: HalfFormat) {
    let shape = GEMMShape(m: 5, n: 19, k: 7)
    let (zeros, numbers) = ([Float](repeating: 0, count: 35), normalNumbers(133, seed: 2))
    for set in InstructionSet.available {
      #expect(Self.multiply(shape, zeros, numbers, format, set).allSatisfy { $0 == 0 }, "\(set)")
      for bad in [Float.nan, .infinity, -.infinity] {
        var operand = normalNumbers(35, seed: 1)
        operand[17] = bad
        #expect(
          Self.multiply(shape, operand, numbers, format, set).allSatisfy { $0.isNaN }, "\(set)")
        var other = numbers
        other[3] = bad
        #expect(Self.multiply(shape, zeros, other, format, set).allSatisfy { $0.isNaN }, "\(set)")
      }
    }
  }

  /// Exponents as far from zero as can be do not come between operands and their product.
  @Test func extremeExponentsKeepTheirProducts() {
    let shape = GEMMShape(m: 2, n: 3, k: 4)
    for (x, y) in [
      (0x1p-112, 0x1p100), (0x1p-126, 0x1p126), (0x1p-112, 0x1p-112), (0x1p120, 0x1p20),
      (0x1p126, 0x1p-126), (0x1p100, 0x1p-112),
    ]
      as [(Float, Float)]
    {
      for set in InstructionSet.available {
        let c = Self.multiply(
          shape, .init(repeating: x, count: 8), .init(repeating: y, count: 12),
          .dynamicFixedPoint, set)
        #expect(c.allSatisfy { $0 == 4 * (x * y) }, "\(set), \(x)")
      }
    }
  }

  @Test(arguments: [HalfFormat.bfloat16, .dynamicFixedPoint])
  func doesNotDependOnTheThreadCount(_ format: HalfFormat) {
    let (m, n, k) = (640, 300, 101)
    let (a, b) = (normalNumbers(m * k, seed: 1), normalNumbers(k * n, seed: 2))
    let results = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        Self.multiply(GEMMShape(m: m, n: n, k: k, transposesA: true), a, b, format)
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }
}

import AddendKernels
import AddendTensors
import Testing

/// Rows of random bits with zeros past the last.
private func randomRows(_ rows: Int, bits: Int, _ random: inout RandomSource) -> [UInt64] {
  let words = BinaryRows.wordCount(bits)
  let last = UInt64.max >> UInt64(64 * words - bits)
  return (0..<rows * words).map { $0 % words == words - 1 ? random.next() & last : random.next() }
}

private func chained(_ rows: [UInt64], wordCount: Int) -> [UInt64] {
  var rows = rows
  var span = rows.mutableSpan
  BinaryRows.chain(&span, wordCount: wordCount)
  return rows
}

/// Places at which two rows of bits differ.
private func distance(_ a: ArraySlice<UInt64>, _ b: ArraySlice<UInt64>) -> Int {
  zip(a, b).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
}

struct BinaryMatrixTests {
  struct Extents: Sendable, CustomStringConvertible {
    let rows, columns, bits, planes: Int
    var description: String { "\(rows)×\(columns)×\(bits), \(planes) planes" }
  }

  /// Tails of rows, of panels and of words, and sums longer than a byte's counts.
  static let extents: [Extents] = [
    .init(rows: 1, columns: 1, bits: 1, planes: 1),
    .init(rows: 2, columns: 31, bits: 63, planes: 1),
    .init(rows: 3, columns: 33, bits: 64, planes: 1),
    .init(rows: 5, columns: 64, bits: 65, planes: 1),
    .init(rows: 7, columns: 97, bits: 511, planes: 1),
    .init(rows: 4, columns: 130, bits: 513, planes: 1),
    .init(rows: 6, columns: 40, bits: 4100, planes: 1),
    .init(rows: 1, columns: 35, bits: 100, planes: 8),
    .init(rows: 3, columns: 65, bits: 129, planes: 8),
    .init(rows: 90, columns: 70, bits: 2000, planes: 1),
    // Many rows: their groups, panels and runs of words, whole and not, and the most words.
    .init(rows: 63, columns: 256, bits: 768, planes: 1),
    .init(rows: 64, columns: 255, bits: 768, planes: 1),
    .init(rows: 64, columns: 256, bits: 768, planes: 1),
    .init(rows: 72, columns: 256, bits: 1024, planes: 1),
    .init(rows: 65, columns: 1024, bits: 1025, planes: 1),
    .init(rows: 79, columns: 1030, bits: 705, planes: 1),
    .init(rows: 136, columns: 320, bits: 769, planes: 1),
    .init(rows: 66, columns: 256, bits: 8192, planes: 1),
    .init(rows: 66, columns: 256, bits: 8193, planes: 1),
  ]

  /// Sums and bits are those of the definition, for classes of rows, thresholds met exactly and flips.
  @Test(arguments: InstructionSet.available, extents)
  func productsCountDifferingBits(_ set: InstructionSet, _ extents: Extents) {
    var random = RandomSource(seed: 3)
    let (rows, columns, planes) = (extents.rows, extents.columns, extents.planes)
    let words = BinaryRows.wordCount(extents.bits)
    let a = randomRows(rows * planes, bits: extents.bits, &random)
    let b = randomRows(columns, bits: extents.bits, &random)
    let matrix = BinaryMatrix(b.span, columns: columns, wordCount: words, using: set)
    let values = (0..<rows * columns).map { i in
      (0..<planes).reduce(0) { sum, plane in
        let (row, column) = (i / columns * planes + plane, i % columns)
        return sum
          + distance(
            a[row * words..<(row + 1) * words], b[column * words..<(column + 1) * words]) << plane
      }
    }
    let classes = (0..<rows).map { _ in UInt16.random(in: 0...2, using: &random) }
    let offsets = (0..<3 * columns).map { _ in Int32.random(in: -9...9, using: &random) }
    // Thresholds are some row's own value or a neighbour of it.
    let thresholds = (0..<3 * columns).map {
      Int32(values[.random(in: 0..<rows, using: &random) * columns + $0 % columns])
        + .random(in: -1...1, using: &random)
    }
    let flips = randomRows(1, bits: columns, &random)
    let operand = chained(a, wordCount: words)
    var sums = [Int32](repeating: .min, count: rows * columns)
    var sumSpan = sums.mutableSpan
    matrix.sums(
      of: operand.span, planes: planes, classes: classes.span, offsets: offsets.span,
      into: &sumSpan)
    let width = BinaryRows.wordCount(columns)
    var bits = [UInt64](repeating: .max, count: rows * width)
    var bitSpan = bits.mutableSpan
    matrix.bits(
      of: operand.span, planes: planes, classes: classes.span, thresholds: thresholds.span,
      flips: flips.span, into: &bitSpan)

    var expectedBits = [UInt64](repeating: 0, count: rows * width)
    for i in values.indices {
      let (row, column) = (i / columns, i % columns)
      let entry = Int(classes[row]) * columns + column
      #expect(sums[i] == offsets[entry] + Int32(planes == 1 ? -2 * values[i] : values[i]))
      let isFlipped = flips[column / 64] >> UInt64(column % 64) & 1 == 1
      if (values[i] >= Int(thresholds[entry])) != isFlipped {
        expectedBits[row * width + column / 64] |= 1 << UInt64(column % 64)
      }
    }
    #expect(bits == expectedBits)
  }

  /// Extreme rows: all columns' places differ, or none.
  @Test(arguments: InstructionSet.available, [768, 1000, 8192])
  func manyRowsReachTheLargestCounts(_ set: InstructionSet, bits: Int) {
    let (rows, columns, words) = (64, 256, BinaryRows.wordCount(bits))
    let last = UInt64.max >> UInt64(64 * words - bits)
    let ones = (0..<words).map { $0 == words - 1 ? last : .max }
    let b = [UInt64]((0..<columns).map { $0 % 2 == 0 ? ones : ones.map { _ in 0 } }.joined())
    let a = chained([UInt64](repeating: 0, count: rows * words), wordCount: words)
    let matrix = BinaryMatrix(b.span, columns: columns, wordCount: words, using: set)
    let offsets = [Int32](repeating: Int32(bits), count: columns)
    var sums = [Int32](repeating: 0, count: rows * columns)
    var span = sums.mutableSpan
    matrix.sums(of: a.span, offsets: offsets.span, into: &span)
    #expect(sums.indices.allSatisfy { sums[$0] == Int32($0 % 2 == 0 ? -bits : bits) })
  }

  /// Results that bypass the caches are those of the definition, as those that start elsewhere are.
  @Test(arguments: InstructionSet.available)
  func largeResultsAreThoseOfTheDefinition(_ set: InstructionSet) {
    var random = RandomSource(seed: 6)
    let (rows, columns, words) = (300, 1072, 13)
    let a = chained(randomRows(rows, bits: 64 * words, &random), wordCount: words)
    let b = randomRows(columns, bits: 64 * words, &random)
    let offsets = (0..<columns).map { Int32($0) }
    func sums(_ set: InstructionSet, skipping skipped: Int) -> [Int32] {
      let matrix = BinaryMatrix(b.span, columns: columns, wordCount: words, using: set)
      let memory = AlignedBuffer<Int32>(uninitializedCount: skipped + rows * columns)
      var span = memory.uniqueSpan
      var results = span.part(skipped..<skipped + rows * columns)
      matrix.sums(of: a.span, offsets: offsets.span, into: &results)
      let found = memory.span
      return (skipped..<found.count).map { found[$0] }
    }
    let expected = sums(.scalar, skipping: 0)
    #expect(sums(set, skipping: 0) == expected)
    #expect(sums(set, skipping: 1) == expected)
  }

  /// Pixels give what their planes give, whether looked up or not.
  @Test(arguments: InstructionSet.available, [1, 5, 6, 12, 13, 251, 252, 253, 784])
  func pixelsGiveWhatPlanesGive(_ set: InstructionSet, inputs: Int) {
    var random = RandomSource(seed: 4)
    let (rows, columns) = (7, 133)
    let weights = randomRows(columns, bits: inputs, &random)
    let words = BinaryRows.wordCount(inputs)
    // The brightest image reaches the largest sums.
    let x = (0..<rows * inputs).map {
      $0 < inputs ? UInt8.max : UInt8.random(in: 0...255, using: &random)
    }
    let matrix = BinaryPixelMatrix(weights.span, columns: columns, inputs: inputs, using: set)
    let offsets = (0..<columns).map { -matrix.columnBases[$0] }
    var scratch = [UInt64](repeating: 0, count: matrix.scratchCount(rows: rows))
    var sums = [Int32](repeating: .min, count: rows * columns)
    var (expected, thresholds) = ([Int32](), [Int32]())
    for row in 0..<rows {
      for column in 0..<columns {
        expected.append(
          (0..<inputs).reduce(0) { sum, i in
            let isNegative = weights[column * words + i / 64] >> UInt64(i % 64) & 1 == 1
            return sum + (isNegative ? -1 : 1) * Int32(x[row * inputs + i])
          })
        if row == 3 { thresholds.append((expected.last ?? 0) + matrix.columnBases[column]) }
      }
    }
    var memory = scratch.mutableSpan
    var sumSpan = sums.mutableSpan
    matrix.sums(of: x.span, offsets: offsets.span, scratch: &memory, into: &sumSpan)
    #expect(sums == expected)

    let width = BinaryRows.wordCount(columns)
    var bits = [UInt64](repeating: .max, count: rows * width)
    var bitSpan = bits.mutableSpan
    let flips = [UInt64](repeating: 0, count: width)
    matrix.bits(
      of: x.span, thresholds: thresholds.span, flips: flips.span, scratch: &memory,
      into: &bitSpan)
    for i in expected.indices {
      let (row, column) = (i / columns, i % columns)
      let bit = bits[row * width + column / 64] >> UInt64(column % 64) & 1 == 1
      #expect(bit == (expected[i] + matrix.columnBases[column] >= thresholds[column]))
    }
    #expect((0..<rows).allSatisfy { bits[$0 * width + width - 1] >> UInt64(columns % 64) == 0 })
  }

  /// Threads share the work without changing it.
  @Test func productsDoNotDependOnThreads() {
    var random = RandomSource(seed: 5)
    let (rows, columns, words) = (150, 1100, 12)
    let a = randomRows(rows, bits: 64 * words, &random)
    let b = randomRows(columns, bits: 64 * words, &random)
    let matrix = BinaryMatrix(b.span, columns: columns, wordCount: words)
    let offsets = [Int32](repeating: 0, count: columns)
    func sums() -> [Int32] {
      var sums = [Int32](repeating: .min, count: rows * columns)
      var span = sums.mutableSpan
      matrix.sums(of: a.span, offsets: offsets.span, into: &span)
      return sums
    }
    let alone = ThreadPool.$current.withValue(ThreadPool(threadCount: 1)) { sums() }
    let together = ThreadPool.$current.withValue(ThreadPool(threadCount: 3)) { sums() }
    #expect(alone == together)
  }
}

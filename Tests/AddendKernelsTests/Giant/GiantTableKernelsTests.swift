import AddendKernels
import Testing

/// Look-ups in large tables: every variant that this machine runs gives the same bits.
struct GiantTableKernelsTests {
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) | (state << 31)
    }
  }

  private static func table(rows: Int, columns: Int) -> [UInt16] {
    var table = [UInt16](repeating: 0, count: rows * columns + 1)
    var span = table.mutableSpan
    GiantTableKernels.fill(&span, below: columns, seed: 5)
    return table
  }

  @Test(arguments: InstructionSet.available, [0, 1, 47, 48, 49, 200])
  func readsAreTheEntries(_ variant: InstructionSet, count: Int) {
    let (rows, columns) = (13, 101)
    let table = Self.table(rows: rows, columns: columns)
    var numbers = Numbers(state: 3)
    let selectors = (0..<count).map { _ in UInt32.random(in: 0..<UInt32(rows), using: &numbers) }
    let codes = (0..<count).map { _ in UInt16.random(in: 0..<UInt16(columns), using: &numbers) }
    var result = [UInt16](repeating: 9999, count: count)
    var span = result.mutableSpan
    GiantTableKernels(variant).read(
      table.span, columns: columns, rows: selectors.span, codes: codes.span, into: &span)
    #expect(result == (0..<count).map { table[Int(selectors[$0]) * columns + Int(codes[$0])] })
  }

  @Test(arguments: InstructionSet.available, [0, 1, 15, 16, 17, 63, 65, 130])
  func groupedReadsAreTheEntries(_ variant: InstructionSet, batch: Int) {
    let (rows, columns) = (7, 67)
    let table = Self.table(rows: rows, columns: columns)
    var numbers = Numbers(state: 3)
    // The last row's last column: what lies behind it must not matter.
    let selectors = [UInt32(rows - 1), 0, 3, 3, UInt32(rows - 1)]
    var codes = (0..<batch).map { _ in UInt16.random(in: 0..<UInt16(columns), using: &numbers) }
    if batch > 0 { codes[batch - 1] = UInt16(columns - 1) }
    var result = [UInt16](repeating: 9999, count: selectors.count * batch)
    var span = result.mutableSpan
    GiantTableKernels(variant).readGrouped(
      table.span, columns: columns, rows: selectors.span, codes: codes.span, into: &span)
    let expected = selectors.flatMap { row in codes.map { table[Int(row) * columns + Int($0)] } }
    #expect(result == expected)
  }

  @Test(arguments: InstructionSet.available, [1, 15, 16, 17, 256, 300])
  func sumsAreExact(_ variant: InstructionSet, dimension: Int) {
    let (count, terms, batch) = (40, 9, 67)
    var numbers = Numbers(state: 3)
    let words = (0..<count * dimension).map { _ in
      Int16.random(in: Int16.min...Int16.max, using: &numbers)
    }
    let indices = (0..<terms * batch).map { _ in
      UInt16.random(in: 0..<UInt16(count), using: &numbers)
    }
    var sums = [Int32](repeating: 77, count: batch * dimension)
    var span = sums.mutableSpan
    GiantTableKernels(variant).sum(
      words.span, dimension: dimension, indices: indices.span, terms: terms, into: &span)
    let expected = (0..<batch * dimension).map { place in
      let (b, c) = (place / dimension, place % dimension)
      return (0..<terms).reduce(Int32(0)) {
        $0 + Int32(words[Int(indices[$1 * batch + b]) * dimension + c])
      }
    }
    #expect(sums == expected)
  }

  @Test(arguments: InstructionSet.available, [0, 1, 63, 64, 65, 257])
  func closedReadsAreTheEntries(_ variant: InstructionSet, count: Int) {
    var numbers = Numbers(state: 3)
    let table = (0..<256).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    let codes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    var result = [UInt8](repeating: 0, count: count)
    var span = result.mutableSpan
    GiantTableKernels(variant).readClosed(table.span, codes: codes.span, into: &span)
    #expect(result == codes.map { table[Int($0)] })
  }

  @Test func aChainFollowsItsEntries() {
    let (rows, columns) = (7, 67)
    let table = Self.table(rows: rows, columns: columns)
    let selectors = (0..<100).map { UInt32($0 * 5 % rows) }
    let expected = selectors.reduce(UInt16(3)) { table[Int($1) * columns + Int($0)] }
    #expect(
      GiantTableKernels.chain(table.span, columns: columns, rows: selectors.span, from: 3)
        == expected)
  }

  /// Every entry below the limit, each about as often.
  @Test func fillingIsUniform() {
    var counts = [Int](repeating: 0, count: 10)
    for entry in Self.table(rows: 1000, columns: 10).dropLast() { counts[Int(entry)] += 1 }
    // 10,000 draws: a deviation is 30.
    for count in counts { #expect(abs(count - 1000) < 150) }
  }
}

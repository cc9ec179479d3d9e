import AddendKernels
import AddendTestSupport
import Testing

/// A block's encoder as learned.
private struct SplitTree: Equatable {
  /// One for each level: a position within the block.
  var columns: [Int]
  /// Nodes counted from 1 as in a heap; entry 0 is unused.
  var thresholds: [Float]

  func leaf(of row: (Int) -> Float) -> Int {
    var node = 1
    for column in columns { node = 2 * node + (row(column) > thresholds[node] ? 1 : 0) }
    return node - thresholds.count
  }

  /// The trees of blocks side by side in `rows`, each with `columns` of its `size` inputs.
  static func learned(
    from rows: [Float], size: Int, columns: [Int], levels: Int, blocks: Int = 1,
    using set: InstructionSet = .best
  ) -> [SplitTree] {
    let shape = LookupShape(
      rows: rows.count / (size * blocks), inputs: size * blocks, blocks: blocks,
      blockSize: columns.count, levels: levels, outputs: 1)
    let positions = (0..<blocks).flatMap { block in columns.map { Int32(block * size + $0) } }
    var chosen = [Int32](repeating: -1, count: blocks * levels)
    var thresholds = [Float](repeating: .nan, count: blocks << levels)
    var columnSpan = chosen.mutableSpan
    var thresholdSpan = thresholds.mutableSpan
    learnLookupTrees(
      from: rows.span, shape, positions: positions.span, columns: &columnSpan,
      thresholds: &thresholdSpan, using: set)
    return (0..<blocks).map { block in
      SplitTree(
        columns: chosen[block * levels..<(block + 1) * levels].map { columns[Int($0)] },
        thresholds: Array(thresholds[block << levels..<(block + 1) << levels]))
    }
  }
}

/// The squared distances of `rows: [count, size]` to the means of their leaves.
private func error(of tree: SplitTree, on rows: [Float], size: Int) -> Double {
  var buckets: [Int: [Int]] = [:]
  for r in 0..<rows.count / size {
    buckets[tree.leaf { rows[r * size + $0] }, default: []].append(r)
  }
  var error = 0.0
  for members in buckets.values {
    for i in 0..<size {
      let values = members.map { Double(rows[$0 * size + i]) }
      let mean = values.reduce(0, +) / Double(values.count)
      error += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
  }
  return error
}

/// One level against every column and every threshold between two values.
@Test(arguments: [1, 2, 3, 4, 5])
func oneLevelIsTheBestOfAll(_ seed: UInt64) {
  let rows = normalNumbers(40 * 3, seed: seed)
  let learned = SplitTree.learned(from: rows, size: 3, columns: [0, 1, 2], levels: 1)[0]
  var best = Double.infinity
  for column in 0..<3 {
    for r in 0..<40 {
      var tree = learned
      tree.columns = [column]
      tree.thresholds = [0, rows[r * 3 + column]]
      best = min(best, error(of: tree, on: rows, size: 3))
    }
  }
  #expect(error(of: learned, on: rows, size: 3) <= best * (1 + 1e-12))
}

/// Sixteen clusters at the corners of a cube in four dimensions get a leaf each.
@Test func clustersAreTakenApart() {
  let noise = normalNumbers(320 * 4, seed: 3)
  let rows = noise.indices.map {
    (($0 / 4) >> ($0 % 4)) & 1 == 1 ? 1 + noise[$0] / 50 : noise[$0] / 50
  }
  let tree = SplitTree.learned(from: rows, size: 4, columns: [0, 1, 2, 3], levels: 4)[0]
  #expect(tree.columns.sorted() == [0, 1, 2, 3])
  var leaves: [Int: Set<Int>] = [:]
  for r in 0..<320 { leaves[tree.leaf { rows[r * 4 + $0] }, default: []].insert(r % 16) }
  #expect(leaves.count == 16)
  #expect(leaves.values.allSatisfy { $0.count == 1 })
}

/// Only the block's columns are compared, and levels never make it worse.
@Test func levelsLowerTheError() {
  let rows = normalNumbers(200 * 4, seed: 6)
  let errors = (1...8).map { levels in
    let tree = SplitTree.learned(from: rows, size: 4, columns: [1, 3], levels: levels)[0]
    #expect(tree.columns.allSatisfy { [1, 3].contains($0) })
    return error(of: tree, on: rows, size: 4)
  }
  #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 > $1 })
}

@Test func equalRowsAreNotSplit() {
  let tree = SplitTree.learned(
    from: [Float](repeating: 0.5, count: 30), size: 3, columns: [0, 1, 2], levels: 2)[0]
  #expect(tree.thresholds.allSatisfy { $0 == .infinity })
}

/// Neighbouring floats have no number between them: the split falls on the lower one.
@Test func neighboursAreTakenApart() {
  let rows = [Float(1), Float(1).nextUp]
  let tree = SplitTree.learned(from: rows, size: 1, columns: [0], levels: 1)[0]
  #expect(tree.leaf { _ in rows[0] } == 0)
  #expect(tree.leaf { _ in rows[1] } == 1)
}

/// Blocks of one, of a whole vector and beyond; levels up to 256 leaves.
@Test(
  arguments: InstructionSet.available,
  [(size: 1, levels: 1), (size: 4, levels: 4), (size: 8, levels: 3), (size: 19, levels: 8)])
func treesAgreeBitForBit(_ set: InstructionSet, _ block: (size: Int, levels: Int)) {
  let rows = normalNumbers(301 * 3 * block.size, seed: 8)
  func trees(_ set: InstructionSet) -> [SplitTree] {
    SplitTree.learned(
      from: rows, size: block.size, columns: Array(0..<block.size), levels: block.levels, blocks: 3,
      using: set)
  }
  #expect(trees(set) == trees(.scalar))
}

/// Held to fewer columns, a tree compares the best of them again and again.
@Test(arguments: InstructionSet.available, [1, 2, 3])
func treesCompareAtMostSoManyColumns(_ set: InstructionSet, compared: Int) {
  let rows = normalNumbers(300 * 4, seed: 6)
  let shape = LookupShape(rows: 300, inputs: 4, blocks: 1, blockSize: 4, levels: 4, outputs: 1)
  func columns(comparing compared: Int) -> [Int32] {
    var columns = [Int32](repeating: -1, count: 4)
    var thresholds = [Float](repeating: .nan, count: 16)
    var columnSpan = columns.mutableSpan
    var thresholdSpan = thresholds.mutableSpan
    let positions: [Int32] = [0, 1, 2, 3]
    learnLookupTrees(
      from: rows.span, shape, positions: positions.span, comparing: compared, columns: &columnSpan,
      thresholds: &thresholdSpan, using: set)
    return columns
  }
  // Independent columns of one spread: free to, the levels take all of them.
  #expect(Set(columns(comparing: 4)).count == 4)
  #expect(Set(columns(comparing: compared)).count == compared)
  #expect(columns(comparing: compared).first == columns(comparing: 4).first)
}

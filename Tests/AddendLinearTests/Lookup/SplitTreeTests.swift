import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

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
  let learned = SplitTree.learned(from: rows, size: 3, columns: [0, 1, 2], levels: 1)
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
  let tree = SplitTree.learned(from: rows, size: 4, columns: [0, 1, 2, 3], levels: 4)
  #expect(tree.columns.sorted() == [0, 1, 2, 3])
  var leaves: [Int: Set<Int>] = [:]
  for r in 0..<320 { leaves[tree.leaf { rows[r * 4 + $0] }, default: []].insert(r % 16) }
  #expect(leaves.count == 16)
  #expect(leaves.values.allSatisfy { $0.count == 1 })
}

/// Only the columns that may be compared are, and levels never make it worse.
@Test func levelsLowerTheError() {
  let rows = normalNumbers(200 * 4, seed: 6)
  let errors = (1...4).map { levels in
    let tree = SplitTree.learned(from: rows, size: 4, columns: [1, 3], levels: levels)
    #expect(tree.columns.allSatisfy { [1, 3].contains($0) })
    return error(of: tree, on: rows, size: 4)
  }
  #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 > $1 })
}

@Test func equalRowsAreNotSplit() {
  let tree = SplitTree.learned(
    from: [Float](repeating: 0.5, count: 30), size: 3, columns: [0, 1, 2], levels: 2)
  #expect(tree.thresholds.allSatisfy { $0 == .infinity })
}

/// Neighbouring floats have no number between them: the split falls on the lower one.
@Test func neighboursAreTakenApart() {
  let rows = [Float(1), Float(1).nextUp]
  let tree = SplitTree.learned(from: rows, size: 1, columns: [0], levels: 1)
  #expect(tree.leaf { _ in rows[0] } == 0)
  #expect(tree.leaf { _ in rows[1] } == 1)
}

@Test func hashBitsSplitTheRowsEvenly() {
  let sums = normalNumbers(101 * 3, seed: 2)
  let tree = SplitTree.medians(of: sums, levels: 3)
  for level in 0..<3 {
    let threshold = tree.thresholds[1 << level]
    let above = (0..<101).count { sums[$0 * 3 + level] > threshold }
    #expect(50...51 ~= above)
    #expect((1 << level..<2 << level).allSatisfy { tree.thresholds[$0] == threshold })
  }
}

import AddendTensors
import Testing

import AddendExecution

/// The leaf, by its first code, that a row of numbers reaches.
private func leaf(_ tree: ByteTree, _ row: [Int]) -> Int {
  var node = 1
  for column in tree.columns {
    let goesRight =
      switch tree.thresholds[node] {
      case .always: true
      case .never: false
      case .above(let value): row[column] > value
      }
    node = 2 * node + (goesRight ? 1 : 0)
  }
  return tree.leaves[node - 16]
}

/// Straightened, a tree takes every row to the leaf it had, and no node always goes right.
@Test func straighteningKeepsEveryRowsLeaf() {
  var random = RandomSource(seed: 3)
  for _ in 0..<50 {
    let tree = ByteTree(
      columns: (0..<4).map { _ in .random(in: 0..<3, using: &random) },
      thresholds: (0..<16).map { _ in
        [.always, .never, .above(.random(in: 0...4, using: &random))].randomElement(using: &random)
          ?? .never
      })
    var straight = tree
    straight.straighten()
    #expect(!straight.thresholds.dropFirst().contains(.always))
    for a in 0...5 {
      for b in 0...5 { #expect(leaf(straight, [a, b, 2]) == leaf(tree, [a, b, 2])) }
    }
  }
}

@Test func shortTreesLeadLeft() {
  let tree = ByteTree(columns: [1], thresholds: [.never, .above(3)])
  #expect(tree.reachable.codes == [0, 8])
  #expect(leaf(tree, [0, 4]) == 1 && leaf(tree, [9, 3]) == 0)
}

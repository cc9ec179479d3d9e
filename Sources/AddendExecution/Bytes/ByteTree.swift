/// One block's encoder in integers: four levels of nodes that go right where a number is above a
/// threshold.
package struct ByteTree {
  /// What is compared at each level.
  package var columns: [Int]
  /// Nodes counted from 1 as in a heap; entry 0 is unused.
  package var thresholds: [Threshold]
  /// The code that each leaf had at first.
  package private(set) var leaves: [Int]

  static let levels = 4
  static let nodes = 1 << levels

  /// Above it, a row goes right.
  package enum Threshold: Hashable {
    case always
    case above(Int)
    case never
  }

  /// A tree of at most four levels; levels that lack lead left.
  package init(columns: [Int], thresholds: [Threshold]) {
    let lacking = Self.levels - columns.count
    self.columns = columns + Array(repeating: columns.first ?? 0, count: lacking)
    self.thresholds = Array(repeating: .never, count: Self.nodes)
    for node in 1..<max(2, thresholds.count) { self.thresholds[node] = thresholds[node] }
    leaves = (0..<Self.nodes).map { $0 >> lacking }
  }

  /// Puts what lies right of a node that always goes right to its left, so that no node does.
  package mutating func straighten() { straighten(from: 1, level: 0) }

  private mutating func straighten(from node: Int, level: Int) {
    guard level < Self.levels else { return }
    if thresholds[node] == .always {
      thresholds[node] = .never
      var width = 1
      for below in level + 1...Self.levels {
        // The descendants of the two children at this depth, left ones first.
        let first = node << (below - level)
        for i in 0..<width {
          if below == Self.levels {
            leaves[first + i - Self.nodes] = leaves[first + width + i - Self.nodes]
          } else {
            thresholds[first + i] = thresholds[first + width + i]
          }
        }
        width *= 2
      }
    }
    straighten(from: 2 * node, level: level + 1)
    straighten(from: 2 * node + 1, level: level + 1)
  }

  /// The codes that rows can get, ascending, and the nodes on the way where rows part.
  package var reachable: (codes: [Int], partings: [Int]) {
    var (level, partings) = ([1], [Int]())
    for _ in 0..<Self.levels {
      level = level.flatMap { node in
        switch thresholds[node] {
        case .never: return [2 * node]
        case .always: return [2 * node + 1]
        case .above:
          partings.append(node)
          return [2 * node, 2 * node + 1]
        }
      }
    }
    return (level.map { $0 - Self.nodes }, partings)
  }

  static func level(of node: Int) -> Int { Int.bitWidth - 1 - node.leadingZeroBitCount }
}

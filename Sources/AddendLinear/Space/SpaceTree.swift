internal import AddendTensors

/// A balanced tree of comparisons with a column and a threshold at each node.
///
/// Each node splits its blocks where the halves' squared distances to their means are least, over all
/// columns and all places between two different values. (Blalock & Guttag, *Multiplying Matrices
/// Without Multiplying*, ICML 2021, §4.2, splits so too, but with one column for a whole level.)
struct SpaceTree {
  let depth: Int
  let dimension: Int
  /// Nodes counted from 1 as in a heap; entry 0 is unused.
  private(set) var columns: [Int32]
  /// A block goes right with its column's number at the threshold or above; infinite where a node has
  /// nothing to split.
  private(set) var thresholds: [Float]
  /// The mean of the blocks in each leaf, that of the nearest node above which has any elsewhere;
  /// `[2^depth, dimension]`.
  private(set) var centres: [Float]

  /// Learns from `points`.
  init(_ points: SpacePoints, depth: Int) {
    self.depth = depth
    dimension = points.dimension
    columns = Array(repeating: 0, count: 1 << depth)
    thresholds = Array(repeating: .infinity, count: 1 << depth)
    centres = Array(repeating: 0, count: dimension << depth)
    let numbers = points.blocks.elements
    var members = Array(0..<UInt32(points.count))
    let mean = [Double](repeating: 0, count: dimension)
    split(node: 1, level: 0, &members, 0..<points.count, numbers, above: mean)
  }

  private mutating func split(
    node: Int, level: Int, _ members: inout [UInt32], _ range: Range<Int>, _ numbers: [Float],
    above: [Double]
  ) {
    let mean = range.isEmpty ? above : self.mean(members[range], numbers)
    if level == depth {
      let leaf = node - (1 << depth)
      for c in 0..<dimension { centres[leaf * dimension + c] = Float(mean[c]) }
      return
    }
    var middle = range.upperBound
    if range.count > 1, let best = bestSplit(members[range], numbers, mean) {
      columns[node] = Int32(best.column)
      thresholds[node] = best.threshold
      let dimension = dimension
      middle = members[range].partition {
        numbers[Int($0) * dimension + best.column] >= best.threshold
      }
    }
    split(
      node: 2 * node, level: level + 1, &members, range.lowerBound..<middle, numbers, above: mean)
    split(
      node: 2 * node + 1, level: level + 1, &members, middle..<range.upperBound, numbers,
      above: mean)
  }

  private func mean(_ members: ArraySlice<UInt32>, _ numbers: [Float]) -> [Double] {
    var sums = [Double](repeating: 0, count: dimension)
    for member in members {
      for c in 0..<dimension { sums[c] += Double(numbers[Int(member) * dimension + c]) }
    }
    return sums.map { $0 / Double(members.count) }
  }

  /// The split with the largest `‖Σ left‖² / left + ‖Σ right‖² / right`; `nil` where all are equal.
  private func bestSplit(
    _ members: ArraySlice<UInt32>, _ numbers: [Float], _ mean: [Double]
  ) -> (column: Int, threshold: Float)? {
    let count = members.count
    var best: (column: Int, threshold: Float)?
    var mostExplained = -Double.infinity
    var left = [Double](repeating: 0, count: dimension)
    for column in 0..<dimension {
      // Ordered as the floats are, the block's number in the lower half.
      let order = members.map { member in
        UInt64(numbers[Int(member) * dimension + column].orderedPattern) << 32 | UInt64(member)
      }.sorted()
      for c in 0..<dimension { left[c] = 0 }
      for i in 0..<count - 1 {
        let member = Int(order[i] & 0xFFFF_FFFF)
        for c in 0..<dimension { left[c] += Double(numbers[member * dimension + c]) }
        let value = numbers[member * dimension + column]
        let next = numbers[Int(order[i + 1] & 0xFFFF_FFFF) * dimension + column]
        guard next > value else { continue }
        var (below, above) = (0.0, 0.0)
        for c in 0..<dimension {
          let right = mean[c] * Double(count) - left[c]
          below += left[c] * left[c]
          above += right * right
        }
        let explained = below / Double(i + 1) + above / Double(count - i - 1)
        if explained > mostExplained {
          mostExplained = explained
          // Halfway, unless rounding took it down to the value that must lie below.
          let middle = value + (next - value) / 2
          best = (column, middle > value ? middle : next)
        }
      }
    }
    return best
  }

  /// A tree that is known, without its centres.
  init(columns: [Int32], thresholds: [Float], depth: Int) {
    (self.columns, self.thresholds, self.depth) = (columns, thresholds, depth)
    dimension = 0
    centres = []
  }

  /// Each leaf's mean over `points`, that of a node above where none comes.
  func centres(of points: SpacePoints) -> [Float] {
    let (dimension, leaves) = (points.dimension, 1 << depth)
    // Nodes from 1 on; leaf k is node `leaves + k`.
    var sums = [Double](repeating: 0, count: 2 * leaves * dimension)
    var counts = [Double](repeating: 0, count: 2 * leaves)
    let numbers = points.blocks.span
    for i in 0..<points.count {
      var node = 1
      for _ in 0..<depth {
        let goesRight = numbers[i * dimension + Int(columns[node])] >= thresholds[node]
        node = 2 * node + (goesRight ? 1 : 0)
      }
      counts[node] += 1
      for c in 0..<dimension { sums[node * dimension + c] += Double(numbers[i * dimension + c]) }
    }
    for node in (1..<leaves).reversed() {
      counts[node] = counts[2 * node] + counts[2 * node + 1]
      for c in 0..<dimension {
        sums[node * dimension + c] =
          sums[2 * node * dimension + c] + sums[(2 * node + 1) * dimension + c]
      }
    }
    var centres = [Float](repeating: 0, count: leaves * dimension)
    for leaf in 0..<leaves {
      var node = leaves + leaf
      while counts[node] == 0 && node > 1 { node /= 2 }
      for c in 0..<dimension {
        centres[leaf * dimension + c] = Float(
          sums[node * dimension + c] / max(1, counts[node]))
      }
    }
    return centres
  }
}

extension Float {
  /// A pattern whose order is that of the numbers.
  fileprivate var orderedPattern: UInt32 {
    bitPattern & 0x8000_0000 == 0 ? bitPattern | 0x8000_0000 : ~bitPattern
  }
}

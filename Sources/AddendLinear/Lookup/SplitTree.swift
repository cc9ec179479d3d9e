/// A block's encoder as learned: the input that each level compares and the nodes' thresholds.
package struct SplitTree: Hashable, Sendable {
  /// One for each level: a position within the block.
  package var columns: [Int]
  /// Nodes counted from 1 as in a heap; entry 0 is unused. Infinite where a node never goes right.
  package var thresholds: [Float]

  /// The leaf that `row` reaches.
  package func leaf(of row: (Int) -> Float) -> Int {
    var node = 1
    for column in columns { node = 2 * node + (row(column) > thresholds[node] ? 1 : 0) }
    return node - thresholds.count
  }

  /// Learns a tree of `levels` levels: at each, the column and the thresholds that leave the least
  /// squared distance of the rows to their buckets' means, over all columns.
  ///
  /// `rows` is `[count, size]`, one block's part of the samples; only the first `columns` columns
  /// may be compared. Every threshold between two different values is tried, by running sums over
  /// the rows in order of the column; the published algorithm looks at the 4 columns of largest
  /// error only. (Blalock & Guttag, *Multiplying Matrices Without Multiplying*, ICML 2021, §4.2,
  /// algorithms 1 to 3.)
  package static func learned(from rows: [Float], size: Int, columns: [Int], levels: Int)
    -> SplitTree
  {
    let count = rows.count / size
    let orders = columns.map { column in
      (0..<count).sorted { a, b in
        let (x, y) = (rows[a * size + column], rows[b * size + column])
        return x == y ? a < b : x < y
      }
    }
    var tree = SplitTree(
      columns: [], thresholds: [Float](repeating: .infinity, count: 1 << levels))
    var buckets = [Int](repeating: 0, count: count)
    for level in 0..<levels {
      var best: LevelSplit?
      for (column, order) in zip(columns, orders) {
        let split = LevelSplit(
          rows: rows, size: size, column: column, order: order, buckets: buckets,
          bucketCount: 1 << level)
        if best.map({ split.explained > $0.explained }) ?? true { best = split }
      }
      guard let best else { preconditionFailure("a block has a column to compare") }
      tree.columns.append(best.column)
      for (bucket, threshold) in best.thresholds.enumerated() {
        tree.thresholds[1 << level + bucket] = threshold
      }
      for r in buckets.indices {
        let goesRight = rows[r * size + best.column] > best.thresholds[buckets[r]]
        buckets[r] = 2 * buckets[r] + (goesRight ? 1 : 0)
      }
    }
    return tree
  }

  /// A hash's encoder: each level compares a sum of its own with one threshold, the median, so that
  /// each bit splits the rows evenly. The median lies between two rows, on neither.
  package static func medians(of sums: [Float], levels: Int) -> SplitTree {
    var tree = SplitTree(
      columns: Array(0..<levels), thresholds: [Float](repeating: .infinity, count: 1 << levels))
    let count = sums.count / levels
    for level in 0..<levels {
      let values = (0..<count).map { sums[$0 * levels + level] }.sorted()
      let median = count < 2 ? 0 : values[count / 2 - 1] / 2 + values[count / 2] / 2
      for node in 1 << level..<2 << level { tree.thresholds[node] = median }
    }
    return tree
  }
}

/// The best thresholds of one level along one column.
private struct LevelSplit {
  let column: Int
  /// One for each bucket.
  private(set) var thresholds: [Float]
  /// `Σ ‖Σ rows‖² / count` over the halves: the larger, the smaller the squared error left.
  private(set) var explained: Double

  init(
    rows: [Float], size: Int, column: Int, order: [Int], buckets: [Int], bucketCount: Int
  ) {
    self.column = column
    thresholds = [Float](repeating: .infinity, count: bucketCount)
    var totals = [Double](repeating: 0, count: bucketCount * size)
    var counts = [Int](repeating: 0, count: bucketCount)
    for r in order {
      counts[buckets[r]] += 1
      for i in 0..<size { totals[buckets[r] * size + i] += Double(rows[r * size + i]) }
    }
    var best = (0..<bucketCount).map { bucket in
      let squares = totals[bucket * size..<(bucket + 1) * size].reduce(0) { $0 + $1 * $1 }
      return squares / Double(max(1, counts[bucket]))
    }
    var left = [Double](repeating: 0, count: bucketCount * size)
    var leftCounts = [Int](repeating: 0, count: bucketCount)
    var last = [Float](repeating: 0, count: bucketCount)
    for r in order {
      let (bucket, value) = (buckets[r], rows[r * size + column])
      if leftCounts[bucket] > 0 && value > last[bucket] {
        var (below, above) = (0.0, 0.0)
        for i in bucket * size..<(bucket + 1) * size {
          below += left[i] * left[i]
          above += (totals[i] - left[i]) * (totals[i] - left[i])
        }
        let explained =
          below / Double(leftCounts[bucket]) + above / Double(counts[bucket] - leftCounts[bucket])
        if explained > best[bucket] {
          best[bucket] = explained
          // Halfway, unless rounding took it up to the value that must lie above.
          let middle = last[bucket] + (value - last[bucket]) / 2
          thresholds[bucket] = middle < value ? middle : last[bucket]
        }
      }
      leftCounts[bucket] += 1
      last[bucket] = value
      for i in 0..<size { left[bucket * size + i] += Double(rows[r * size + i]) }
    }
    explained = best.reduce(0, +)
  }
}

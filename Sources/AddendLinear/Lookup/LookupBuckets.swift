/// Which rows share a code, block by block.
struct LookupBuckets {
  /// `[blocks, rows]`.
  private let codes: [UInt8]
  private let blocks: Int
  private let entries: Int
  private let rows: Int
  /// `[blocks, entries]`: how many rows each bucket holds.
  private let counts: [Double]

  init(_ codes: [UInt8], blocks: Int, entries: Int) {
    self.codes = codes
    self.blocks = blocks
    self.entries = entries
    rows = codes.count / blocks
    var counts = [Double](repeating: 0, count: blocks * entries)
    for (i, code) in codes.enumerated() { counts[i / max(1, rows) * entries + Int(code)] += 1 }
    self.counts = counts
  }

  /// The mean of each bucket's blocks of `x: [rows, inputSize]`, as `[blocks, entries, blockSize]`;
  /// zero for an empty bucket and in the padding.
  func means(of x: [Double], _ layout: BlockLayout) -> [Double] {
    let size = layout.blockSize
    var means = [Double](repeating: 0, count: blocks * entries * size)
    for j in 0..<blocks {
      for r in 0..<rows {
        let bucket = (j * entries + Int(codes[j * rows + r])) * size
        for i in 0..<size {
          let position = Int(layout.positions[j * size + i])
          if position >= 0 { means[bucket + i] += x[r * layout.inputSize + position] }
        }
      }
    }
    for i in means.indices { means[i] /= max(1, counts[i / size]) }
    return means
  }

  /// What each bucket's rows had on average under their `old` codes, of `values: [blocks, entries,
  /// n]`; zero for an empty bucket.
  func mixed(_ values: [Double], by old: [UInt8]) -> [Double] {
    let width = values.count / (blocks * entries)
    var mixed = [Double](repeating: 0, count: values.count)
    var shared = [Double](repeating: 0, count: entries * entries)
    for j in 0..<blocks {
      for i in shared.indices { shared[i] = 0 }
      for r in j * rows..<(j + 1) * rows { shared[Int(codes[r]) * entries + Int(old[r])] += 1 }
      for (pair, count) in shared.enumerated() where count > 0 {
        let to = j * entries + pair / entries
        let from = (j * entries + pair % entries) * width
        let share = count / counts[to]
        for m in 0..<width { mixed[to * width + m] += share * values[from + m] }
      }
    }
    return mixed
  }
}

internal import AddendKernels
internal import AddendLinear

/// A layer of look-ups on its way to bytes: its encoder still compares the integers (or pixels) of
/// the layer before it.
struct ByteStage {
  private(set) var trees: [ByteTree] = []
  /// `[outputs][blocks, 16]`, entries by the trees' first codes.
  private(set) var entries: [[Int]]
  /// What blocks of which rows only ever have one code add to each output's sum.
  private(set) var constants: [Int]
  private(set) var scales: [Double]
  /// Whether entries were rounded, which the model's are not.
  private(set) var isRounded = false
  let offsets: [Double]

  /// - Parameter threshold: a tree's threshold on an input, in the integers that the input has.
  init(_ tables: LookupTables, threshold: (_ column: Int, _ value: Double) -> ByteTree.Threshold) {
    let (blocks, levels, codes) = (tables.blocks, tables.levels, 1 << tables.levels)
    constants = Array(repeating: 0, count: tables.outputSize)
    scales = tables.scales
    offsets = tables.offsets
    entries = Array(repeating: [], count: tables.outputSize)
    var kept: [Int] = []
    for j in 0..<blocks {
      let columns = tables.columns[j * levels..<(j + 1) * levels].map { Int($0) }
      let thresholds = (0..<codes).map { node in
        node == 0
          ? ByteTree.Threshold.never
          : threshold(columns[ByteTree.level(of: node)], tables.thresholds[j * codes + node])
      }
      var tree = ByteTree(columns: columns, thresholds: thresholds)
      tree.straighten()
      let reached = tree.reachable.codes
      if reached.count > 1 {
        kept.append(j)
        trees.append(tree)
      } else {
        for m in constants.indices {
          constants[m] += Int(tables.entries[(m * blocks + j) * codes + tree.leaves[reached[0]]])
        }
      }
    }
    for m in entries.indices {
      entries[m] = zip(kept, trees).flatMap { j, tree in
        tree.leaves.map { Int(tables.entries[(m * blocks + j) * codes + $0]) }
      }
    }
    makeScalesPositive()
    roundToSevenBits()
  }

  /// Larger sums are then larger outputs, which thresholds on sums take for granted.
  private mutating func makeScalesPositive() {
    for m in entries.indices where scales[m] < 0 {
      scales[m] = -scales[m]
      constants[m] = -constants[m]
      entries[m] = entries[m].map { -$0 }
    }
  }

  /// Entries of older files fill eight bits; two of them would not add up within a byte.
  private mutating func roundToSevenBits() {
    for m in entries.indices
    where !entries[m].allSatisfy({ ByteLayer.entryRange.contains($0) }) {
      entries[m] = entries[m].map { min(max(($0 + ($0 & 1)) / 2, -64), 63) }
      constants[m] /= 2
      scales[m] *= 2
      isRounded = true
    }
  }

  /// The least and the largest sum of output `m`.
  func range(ofOutput m: Int) -> ClosedRange<Int> {
    var (least, largest) = (constants[m], constants[m])
    for (j, tree) in trees.enumerated() {
      let values = tree.reachable.codes.map { entries[m][ByteTree.nodes * j + $0] }
      least += values.min() ?? 0
      largest += values.max() ?? 0
    }
    return least...largest
  }

  /// The thresholds that rows part at, by column.
  var partings: [Int: Set<Int>] {
    var partings: [Int: Set<Int>] = [:]
    for tree in trees {
      for node in tree.reachable.partings {
        guard case .above(let value) = tree.thresholds[node] else { continue }
        partings[tree.columns[ByteTree.level(of: node)], default: []].insert(value)
      }
    }
    return partings
  }

  /// The layer that compares bytes, of the outputs that `codings` name.
  /// - Parameters:
  ///   - inputs: the byte column of each column compared, and its thresholds as bytes.
  ///   - codings: the outputs that are wanted, and how their sums become bytes.
  func layer(
    _ inputs: [Int: ByteColumn], outputs: [(output: Int, coding: ByteColumn)]
  ) -> ByteLayer {
    var (columns, thresholds) = ([Int32](), [UInt8]())
    // Where a level parts no rows, any column does.
    let any = inputs.values.map(\.index).min() ?? 0
    for tree in trees {
      columns += tree.columns.map { Int32(inputs[$0]?.index ?? any) }
      // Where no rows come, a threshold may be none of the column's.
      let partings = Set(tree.reachable.partings)
      thresholds += tree.thresholds.enumerated().map { node, threshold in
        guard partings.contains(node), case .above(let value) = threshold,
          let byte = inputs[tree.columns[ByteTree.level(of: node)]]?.byte(for: value)
        else { return .max }
        return byte
      }
    }
    return ByteLayer(
      blocks: trees.count, outputs: outputs.count, columns: columns, thresholds: thresholds,
      tables: outputs.flatMap { entries[$0.output].map { Int8($0) } },
      biases: outputs.map { Int32(constants[$0.output] + $0.coding.bias) },
      shifts: outputs.map { UInt8($0.coding.shift) })
  }
}

/// How integers become a column of bytes: `(sum + bias) >> shift`, cut to 0…255.
///
/// The least threshold stays exact; others move by at most half of `2^shift`, so with no shift all
/// are.
struct ByteColumn {
  /// Which column.
  let index: Int
  let bias: Int
  let shift: Int
  private let lowest: Int

  /// A column that tells the sums on either side of each of `thresholds` apart.
  init(index: Int, thresholds: Set<Int>) {
    self.index = index
    let (low, high) = (thresholds.min() ?? 0, thresholds.max() ?? 0)
    var shift = 0
    while Self.rounded(high - low, shift) > 254 { shift += 1 }
    self.shift = shift
    lowest = low
    // The first sum above the least threshold is the first that makes a 1.
    bias = (1 << shift) - low - 1
  }

  /// The bytes themselves: a column of pixels, or sums that are wanted as they are.
  init(pixels index: Int) {
    self.index = index
    (bias, shift, lowest) = (0, 0, 0)
  }

  /// The byte above which sums above `threshold` lie.
  func byte(for threshold: Int) -> UInt8 { UInt8(Self.rounded(threshold - lowest, shift)) }

  private static func rounded(_ value: Int, _ shift: Int) -> Int {
    shift == 0 ? value : (value + (1 << (shift - 1))) >> shift
  }
}

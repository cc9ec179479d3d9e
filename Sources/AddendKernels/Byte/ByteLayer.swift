/// One layer of look-ups on bytes.
///
/// A block's code is the leaf that a row reaches in a tree of four levels, node `i` of level `l`
/// going right where `x[columns[4 j + l]] > thresholds[16 j + i]`; nodes are counted from 1 as in a
/// heap. With `s[m] = biases[m] + Σ_j tables[m, j, code(j)]`, output `m` is `s[m] >> shifts[m]`, cut
/// to 0…255.
///
/// Shapes: `columns` `[blocks, 4]`, `thresholds` `[blocks, 16]` with entry 0 unused, `tables`
/// `[outputs, blocks, 16]` with entries in `entryRange`, `biases` and `shifts` `[outputs]`.
public struct ByteLayer: Hashable, Sendable {
  public var blocks: Int
  public var outputs: Int
  public var columns: [Int32]
  public var thresholds: [UInt8]
  public var tables: [Int8]
  public var biases: [Int32]
  public var shifts: [UInt8]

  /// Two entries add up within a byte.
  public static let entryRange = -64...63
  /// What keeps sums within 32 bits.
  public static let biasRange = -(1 << 30)...(1 << 30)
  public static let largestShift = 30
  static let largestBlockCount = 1 << 20 - 8

  public init(
    blocks: Int, outputs: Int, columns: [Int32], thresholds: [UInt8], tables: [Int8],
    biases: [Int32], shifts: [UInt8]
  ) {
    precondition(0..<Self.largestBlockCount ~= blocks && outputs > 0, "a byte layer's extents")
    precondition(
      columns.count == 4 * blocks && thresholds.count == 16 * blocks
        && tables.count == 16 * blocks * outputs && biases.count == outputs
        && shifts.count == outputs, "a byte layer's parts fit its extents")
    precondition(
      tables.allSatisfy { Self.entryRange ~= Int($0) }
        && biases.allSatisfy { Self.biasRange ~= Int($0) }
        && shifts.allSatisfy { Int($0) <= Self.largestShift } && columns.allSatisfy { $0 >= 0 },
      "a byte layer's numbers are in range")
    self.blocks = blocks
    self.outputs = outputs
    self.columns = columns
    self.thresholds = thresholds
    self.tables = tables
    self.biases = biases
    self.shifts = shifts
  }

  /// Blocks rounded up to what kernels take at a time.
  var paddedBlocks: Int { max(8, (blocks + 7) & ~7) }
}

/// The extents of a product-quantized product.
public struct LookupShape: Hashable, Sendable {
  /// Rows of `x` and of `y`.
  public var rows: Int
  /// Numbers in a row of `x`.
  public var inputs: Int
  /// Blocks that a row is cut into.
  public var blocks: Int
  /// Numbers in a block, padding included.
  public var blockSize: Int
  /// Comparisons that find a block's code, at most 8.
  public var levels: Int
  /// Numbers in a row of `y`.
  public var outputs: Int

  public init(
    rows: Int, inputs: Int, blocks: Int, blockSize: Int, levels: Int, outputs: Int
  ) {
    precondition(rows >= 0 && inputs > 0 && blocks > 0 && blockSize > 0 && outputs > 0, "extents")
    precondition(1...8 ~= levels, "a code has 1 to 8 bits")
    self.rows = rows
    self.inputs = inputs
    self.blocks = blocks
    self.blockSize = blockSize
    self.levels = levels
    self.outputs = outputs
  }

  /// Rows of a block's table.
  public var entries: Int { 1 << levels }
  /// Elements of codes `[blocks, rows]`.
  public var codeCount: Int { blocks * rows }
  /// Elements of tables `[blocks, entries, outputs]`, and of bucket sums.
  public var tableCount: Int { blocks * entries * outputs }
  /// Elements of prototypes `[blocks, entries, blockSize]`.
  public var prototypeCount: Int { blocks * entries * blockSize }
  /// Blocks rounded up to whole registers of packed tables.
  public var paddedBlocks: Int { (blocks + 3) & ~3 }
  /// Elements of packed int8 tables `[outputs, paddedBlocks, 16]`.
  public var packedCount: Int { outputs * paddedBlocks * 16 }
}

/// The extents of a product-quantized product.
public struct LookupShape: Hashable, Sendable {
  /// Rows of `x` and of `y`.
  public var rows: Int
  /// Numbers in a row of `x`.
  public var inputs: Int
  /// Blocks with a table each: those that a row is cut into, once for each stage.
  public var blocks: Int
  /// How many codes stand for a block, whose entries add up: the first for the block, each other for
  /// what the ones before have left. Stages follow one another in all that has an axis of blocks.
  public var stages: Int
  /// Numbers in a block, padding included.
  public var blockSize: Int
  /// Comparisons that find a block's code, at most 8.
  public var levels: Int
  /// Numbers in a row of `y`.
  public var outputs: Int

  public init(
    rows: Int, inputs: Int, blocks: Int, blockSize: Int, levels: Int, outputs: Int,
    stages: Int = 1
  ) {
    precondition(rows >= 0 && inputs > 0 && blocks > 0 && blockSize > 0 && outputs > 0, "extents")
    precondition(1...8 ~= levels, "a code has 1 to 8 bits")
    precondition(stages > 0 && blocks % stages == 0, "each stage has all blocks")
    self.stages = stages
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
  /// Room for one block's entries in packed tables: 16, or as many as registers of 64 take.
  public var packedEntries: Int { entries <= 16 ? 16 : max(64, entries) }
  /// Blocks in packed tables: rounded up to whole registers where four share one.
  public var paddedBlocks: Int { entries <= 16 ? (blocks + 3) & ~3 : blocks }
  /// Elements of packed int8 tables `[outputs, paddedBlocks, packedEntries]`.
  public var packedCount: Int { outputs * paddedBlocks * packedEntries }
}

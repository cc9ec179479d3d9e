/// The extents of a table: all that its price depends on, known before there are codebooks.
public struct TableExtents: Hashable, Sendable {
  public let operation: TableOperation
  public let block: TableBlock
  /// Left words: rows of the table.
  public let leftCount: Int
  /// Right words: columns.
  public let rightCount: Int
  public let format: TableEntryFormat

  public init(
    _ operation: TableOperation, _ block: TableBlock, leftCount: Int, rightCount: Int,
    format: TableEntryFormat
  ) {
    precondition(leftCount > 0 && rightCount > 0, "a table has rows and columns")
    self.operation = operation
    self.block = block
    self.leftCount = leftCount
    self.rightCount = rightCount
    self.format = format
  }

  /// Numbers in a result.
  public var resultSize: Int { operation.resultSize(block) }

  public var entryByteCount: Int { format.entryByteCount(resultSize: resultSize) }
  var rowByteCount: Int { rightCount * entryByteCount }

  // The figures below are of type Double: they may lie far beyond what a machine can do, and are
  // asked for to find that out.

  /// Bytes of all entries.
  public var byteCount: Double {
    Double(leftCount) * Double(rightCount) * Double(entryByteCount)
  }

  /// Bytes of the words of all codebooks in float32.
  public var codebookByteCount: Double {
    var words = Double(leftCount) * Double(operation.leftSize(block))
    words += Double(rightCount) * Double(operation.rightSize(block))
    if case .index(let count) = format { words += Double(count) * Double(resultSize) }
    return 4 * words
  }

  /// Multiplications and additions that building takes: the results, and for indices the distance of
  /// every result to every word.
  public var multiplyAdds: Double {
    let entries = Double(leftCount) * Double(rightCount)
    var each = Double(operation.multiplications(block))
    if case .index(let words) = format { each += Double(words) * Double(resultSize) }
    return entries * each
  }

  /// The memory that building takes beside the codebooks: some rows of results on their way.
  func workingByteCount(threads: Int) -> Double {
    Double(2 * threads) * Double(rightCount) * Double(4 * resultSize + entryByteCount)
  }
}

internal import AddendCatalogue
internal import AddendKernels

/// The head of a table's file.
struct TableHeader: Equatable, Sendable {
  let extents: TableExtents
  /// Of the words of each codebook; 0 where there is no codebook of results.
  let leftChecksum: UInt32
  let rightChecksum: UInt32
  let resultChecksum: UInt32
  /// What an integer entry counts; 1 where entries are no integers.
  var step: Float
  var isComplete: Bool
  /// A JSON document.
  let notes: [UInt8]

  // Where things lie, from the file's start.

  var byteCount: Int {
    TableFormat.aligned(TableFormat.fixedByteCount + notes.count + 4, to: TableFormat.alignment)
  }
  var leftOffset: Int { byteCount }
  var leftCount: Int { extents.leftCount * extents.operation.leftSize(extents.block) }
  var rightOffset: Int {
    TableFormat.aligned(leftOffset + 4 * leftCount, to: TableFormat.alignment)
  }
  var rightCount: Int { extents.rightCount * extents.operation.rightSize(extents.block) }
  var resultOffset: Int {
    TableFormat.aligned(rightOffset + 4 * rightCount, to: TableFormat.alignment)
  }
  var resultWords: Int {
    if case .index(let words) = extents.format { words } else { 0 }
  }
  var recordsOffset: Int {
    TableFormat.aligned(
      resultOffset + 4 * resultWords * extents.resultSize, to: TableFormat.alignment)
  }
  var rowsOffset: Int {
    TableFormat.aligned(
      recordsOffset + TableFormat.recordByteCount * extents.leftCount,
      to: TableFormat.pageByteCount)
  }
  var fileByteCount: Int {
    rowsOffset + extents.leftCount * extents.rowByteCount + TableFormat.paddingByteCount
  }

  var bytes: [UInt8] {
    var bytes = TableFormat.magic
    bytes.append(UInt32(TableFormat.version))
    bytes.append(UInt32(byteCount))
    bytes += [isComplete ? 1 : 0, extents.operation.number, extents.format.number, 0]
    bytes.append(step.bitPattern)
    let numbers = [
      extents.leftCount, extents.rightCount, extents.block.rows, extents.block.dimension,
      resultWords, recordsOffset, rowsOffset, fileByteCount,
    ]
    for number in numbers { bytes.append(UInt64(number)) }
    for checksum in [leftChecksum, rightChecksum, resultChecksum] { bytes.append(checksum) }
    bytes.append(UInt32(notes.count))
    precondition(bytes.count <= TableFormat.fixedByteCount, "a header's fixed part")
    bytes += Array(repeating: 0, count: TableFormat.fixedByteCount - bytes.count)
    bytes += notes
    bytes += Array(repeating: 0, count: byteCount - 4 - bytes.count)
    bytes.append(crc32(bytes.span))
    return bytes
  }

  /// The head that `file` begins with.
  ///
  /// - Throws: `TableError`: `foreign`, `newer`, `truncated`, `altered` or `malformed`.
  static func read(_ file: Span<UInt8>) throws(TableError) -> TableHeader {
    let magic = TableFormat.magic
    for i in 0..<min(magic.count, file.count) where file[i] != magic[i] { throw .foreign }
    guard file.count >= TableFormat.fixedByteCount else {
      throw .truncated(found: file.count, expected: TableFormat.fixedByteCount)
    }
    let version = Int(file.number(at: 8, count: 4))
    guard version == TableFormat.version else {
      throw .newer(version: version, supported: TableFormat.version)
    }
    let length = Int(file.number(at: 12, count: 4))
    guard
      TableFormat.fixedByteCount + 4...TableFormat.noteByteLimit + 256 ~= length
    else { throw .altered(part: "the header") }
    guard length <= file.count else { throw .truncated(found: file.count, expected: length) }
    guard
      crc32(file.extracting(first: length - 4))
        == UInt32(file.number(at: length - 4, count: 4))
    else { throw .altered(part: "the header") }
    return try parse(file.extracting(first: length))
  }

  private static func parse(_ bytes: Span<UInt8>) throws(TableError) -> TableHeader {
    func integer(_ index: Int) throws(TableError) -> Int {
      let number = bytes.number(at: 24 + 8 * index, count: 8)
      guard number <= 1 << 48 else { throw .malformed(reason: "an extent is \(number)") }
      return Int(number)
    }
    let (leftCount, rightCount) = (try integer(0), try integer(1))
    let (rows, dimension, words) = (try integer(2), try integer(3), try integer(4))
    guard 1...1 << 32 ~= leftCount, 1...1 << 32 ~= rightCount, 1...1 << 24 ~= rows,
      1...1 << 24 ~= dimension, 0...1 << 24 ~= words,
      let operation = TableOperation(number: bytes[17]),
      let format = TableEntryFormat(number: bytes[18], words: words), bytes[16] <= 1
    else { throw .malformed(reason: "its header names extents or kinds that there are not") }
    let noteCount = Int(bytes.number(at: 100, count: 4))
    guard noteCount <= bytes.count - TableFormat.fixedByteCount - 4 else {
      throw .malformed(reason: "its notes are longer than its header")
    }
    let extents = TableExtents(
      operation, TableBlock(rows: rows, dimension: dimension), leftCount: leftCount,
      rightCount: rightCount, format: format)
    guard extents.byteCount + extents.codebookByteCount < 0x1p60 else {
      throw .malformed(reason: "its extents are beyond any file")
    }
    let header = TableHeader(
      extents: extents, leftChecksum: UInt32(bytes.number(at: 88, count: 4)),
      rightChecksum: UInt32(bytes.number(at: 92, count: 4)),
      resultChecksum: UInt32(bytes.number(at: 96, count: 4)),
      step: Float(bitPattern: UInt32(bytes.number(at: 20, count: 4))),
      isComplete: bytes[16] == 1,
      notes: (0..<noteCount).map { bytes[TableFormat.fixedByteCount + $0] })
    // What the extents imply is written too; and there is one way only to write a header.
    guard header.step.isFinite, header.step > 0, header.bytes.count == bytes.count else {
      throw .malformed(reason: "its header contradicts itself")
    }
    let written = header.bytes
    for i in bytes.indices where written[i] != bytes[i] {
      throw .malformed(reason: "its header contradicts itself")
    }
    return header
  }
}

public import AddendCatalogue
public import AddendCodebooks
internal import AddendFiles
internal import AddendKernels
internal import AddendTensors

/// A finished table of products, mapped from its file: what is not read stays on the disk.
///
/// `T[i, j]` stands for the operation's result on left word `i` and right word `j`: as numbers, or as
/// the index of the nearest word of a codebook of results.
public struct ProductTable: Sendable {
  public let extents: TableExtents
  public let left: Codebook
  public let right: Codebook
  /// Of results, where entries are indices.
  public let results: Codebook?
  /// What an integer entry counts; 1 where entries are no integers.
  public let step: Float
  /// What the builder wrote beside: which layer, made how.
  public let notes: JSONValue
  /// `Σ (entry − result)² / Σ result²` over all entries, as measured when they were made.
  public let relativeError: Double
  /// Of the whole file.
  public let fileByteCount: Int
  private let file: MappedFile
  private let header: TableHeader

  /// Maps the table at `path`. Header, codebooks and extents are checked, rows only by `verify`.
  ///
  /// - Throws: `TableError`: `file`, `foreign`, `newer`, `truncated`, `altered` or `malformed`.
  public init(contentsOf path: String) throws(TableError) {
    let mapped = try Self.map(path)
    let bytes = mapped.bytes
    let header = try TableHeader.read(bytes)
    guard bytes.count == header.fileByteCount else {
      guard bytes.count > header.fileByteCount else {
        throw .truncated(found: bytes.count, expected: header.fileByteCount)
      }
      throw .malformed(reason: "more follows its last row")
    }
    guard header.isComplete else { throw .malformed(reason: "its build was not finished") }
    let extents = header.extents
    (file, self.header, self.extents) = (mapped, header, extents)
    step = header.step
    fileByteCount = bytes.count
    do throws(JSONError) {
      notes = try JSONValue(parsing: header.notes)
    } catch {
      throw .malformed(reason: "its notes are no JSON: \(error)")
    }
    let (operation, block) = (extents.operation, extents.block)
    left = try Self.codebook(
      mapped, at: header.leftOffset, extents.leftCount, operation.leftSize(block),
      checksum: header.leftChecksum, "the left codebook")
    right = try Self.codebook(
      mapped, at: header.rightOffset, extents.rightCount, operation.rightSize(block),
      checksum: header.rightChecksum, "the right codebook")
    results =
      header.resultWords == 0
      ? nil
      : try Self.codebook(
        mapped, at: header.resultOffset, header.resultWords, extents.resultSize,
        checksum: header.resultChecksum, "the codebook of results")
    relativeError = try Self.relativeError(bytes, header)
  }

  private static func map(_ path: String) throws(TableError) -> MappedFile {
    do throws(MappedFile.Failure) {
      return try MappedFile(contentsOf: path)
    } catch {
      switch error {
      case .notAFile: throw .file(.notAFile(path: path))
      case .refused(let code): throw .file(FileError(systemError: code, "opening", path))
      }
    }
  }

  private static func codebook(
    _ file: MappedFile, at offset: Int, _ count: Int, _ dimension: Int, checksum: UInt32,
    _ name: String
  ) throws(TableError) -> Codebook {
    let words = file.floats(at: offset, count: count * dimension)
    guard crc32(bytes(of: words)) == checksum else { throw .altered(part: name) }
    do throws(CodebookError) {
      return try Codebook(
        Tensor([count, dimension]) { span in for i in span.indices { span[i] = words[i] } })
    } catch {
      throw .malformed(reason: "\(error)")
    }
  }

  private static func relativeError(
    _ bytes: Span<UInt8>, _ header: TableHeader
  ) throws(TableError) -> Double {
    var (error, energy) = (0.0, 0.0)
    for i in 0..<header.extents.leftCount {
      guard let record = record(i, bytes, header) else {
        throw .altered(part: "the record of row \(i)")
      }
      error += record.error
      energy += record.energy
    }
    return error == 0 ? 0 : error / energy
  }

  private static func record(
    _ i: Int, _ bytes: Span<UInt8>, _ header: TableHeader
  ) -> TableRowRecord? {
    let first = header.recordsOffset + i * TableFormat.recordByteCount
    return TableRowRecord(bytes.extracting(first..<first + TableFormat.recordByteCount))
  }

  /// Reads every row and compares it with its checksum, and indices with the words that there are.
  ///
  /// - Throws: `TableError.altered` or `malformed`.
  public func verify() throws(TableError) {
    let bytes = file.bytes
    for i in 0..<extents.leftCount {
      let row = rowBytes(i)
      guard Self.record(i, bytes, header)?.checksum == crc32(row) else {
        throw .altered(part: "row \(i)")
      }
      guard let results else { continue }
      for j in 0..<extents.rightCount where index(i, j) >= results.count {
        throw .malformed(reason: "row \(i) names word \(index(i, j)) of \(results.count)")
      }
    }
  }

  /// The entries of one row as they lie.
  @_lifetime(borrow self)
  private func rowBytes(_ i: Int) -> Span<UInt8> {
    let size = extents.rowByteCount
    return file.elements(UInt8.self, at: header.rowsOffset + i * size, count: size)
  }

  /// The index that `T[i, j]` is, where entries are indices.
  public func index(_ i: Int, _ j: Int) -> Int {
    precondition(results != nil, "entries are numbers")
    precondition(0..<extents.leftCount ~= i && 0..<extents.rightCount ~= j, "an entry outside")
    let width = extents.format.elementByteCount
    return Int(rowBytes(i).number(at: j * width, count: width))
  }

  /// The numbers that `T[i, j]` stands for.
  public func values(_ i: Int, _ j: Int) -> [Float] {
    precondition(0..<extents.leftCount ~= i && 0..<extents.rightCount ~= j, "an entry outside")
    if let results { return results[index(i, j)] }
    let (row, size) = (rowBytes(i), extents.resultSize)
    return (0..<size).map { c in
      let place = j * size + c
      return switch extents.format {
      case .float32:
        Float(bitPattern: UInt32(row.number(at: 4 * place, count: 4)))
      case .int16:
        step * Float(Int16(bitPattern: UInt16(row.number(at: 2 * place, count: 2))))
      case .int8: step * Float(Int8(bitPattern: row[place]))
      case .index: Float.nan
      }
    }
  }

  /// `T[rows[q], codes[b]]` for all `q` and `b`, `[rows][codes]`: the walk by rows, which brings the
  /// next row into the cache while one is read. `nil` unless entries are indices of 16 bits and rows
  /// have 65,536 columns at most.
  public func indices(rows: [UInt32], codes: [UInt16]) -> [UInt16]? {
    guard case .index = extents.format, extents.format.elementByteCount == 2,
      extents.rightCount <= 65_536
    else { return nil }
    var result = [UInt16](repeating: 0, count: rows.count * codes.count)
    var span = result.mutableSpan
    // One entry more than there are: the padding behind the rows.
    let table = file.elements(
      UInt16.self, at: header.rowsOffset, count: extents.leftCount * extents.rightCount + 1)
    GiantTableKernels.best.readGrouped(
      table, columns: extents.rightCount, rows: rows.span, codes: codes.span, into: &span)
    return result
  }

  /// How many entries name each word of the codebook of results; empty where entries are numbers.
  public var resultUsage: [Int] {
    guard let results else { return [] }
    var usage = [Int](repeating: 0, count: results.count)
    for i in 0..<extents.leftCount {
      for j in 0..<extents.rightCount {
        let index = index(i, j)
        if index < usage.count { usage[index] += 1 }
      }
    }
    return usage
  }

  /// - Throws: `TableError.otherCodebook` unless the table was built from these words.
  public func check(left: Codebook, right: Codebook) throws(TableError) {
    guard left == self.left else { throw .otherCodebook(what: "left words") }
    guard right == self.right else { throw .otherCodebook(what: "right words") }
  }
}

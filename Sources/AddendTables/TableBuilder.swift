public import AddendCatalogue
public import AddendCodebooks
internal import AddendFiles
internal import AddendKernels
internal import AddendTensors

/// Builds a table's file row by row, on all threads of the current pool.
///
/// A build that was stopped or killed goes on where it was and ends with the same bytes: rows lie
/// beside their destination, each under a checksum, until the last one is there.
public struct TableBuilder: Sendable {
  public let extents: TableExtents
  private let rows: TableRows
  private let notes: [UInt8]

  /// - Parameters:
  ///   - left: Matrices for products; gradients for outer products; vectors for sums.
  ///   - right: Vectors; gradients for transposed products.
  ///   - notes: Written into the file as they are, a megabyte at most.
  /// - Throws: `TableError`: `wordSize` where words do not fit blocks and operation; `beyondFloats`
  ///   where their results might not fit float32; `malformed` where the notes are too long.
  public init(
    _ operation: TableOperation, _ block: TableBlock, left: Codebook, right: Codebook,
    entries: TableEntries, notes: JSONValue = .object(JSONObject())
  ) throws(TableError) {
    try Self.check("left words", left, operation.leftSize(block))
    try Self.check("right words", right, operation.rightSize(block))
    if let results = entries.codebook {
      try Self.check("words for results", results, operation.resultSize(block))
    }
    guard Self.largestResult(operation, block, left, right) < Float.greatestFiniteMagnitude else {
      throw .beyondFloats(operation: operation.rawValue)
    }
    let text = Array(notes.text().utf8)
    guard text.count <= TableFormat.noteByteLimit else {
      throw .malformed(reason: "its notes take \(text.count) bytes")
    }
    self.notes = text
    extents = TableExtents(
      operation, block, leftCount: left.count, rightCount: right.count, format: entries.format)
    rows = TableRows(extents, left: left, right: right, entries: entries)
  }

  private static func check(
    _ what: String, _ codebook: Codebook, _ size: Int
  ) throws(TableError) {
    guard codebook.dimension == size else {
      throw .wordSize(what: what, expected: size, found: codebook.dimension)
    }
  }

  /// No result, nor any sum on the way to one, is larger.
  private static func largestResult(
    _ operation: TableOperation, _ block: TableBlock, _ left: Codebook, _ right: Codebook
  ) -> Float {
    let (a, b) = (left.largestMagnitude, right.largestMagnitude)
    return switch operation {
    case .product: Float(block.dimension) * a * b
    case .transposedProduct: Float(block.rows) * a * b
    case .outerProduct: a * b
    case .sum: a + b
    }
  }

  private var isInteger: Bool { [.int8, .int16].contains(extents.format) }

  private func header(step: Float) -> TableHeader {
    TableHeader(
      extents: extents, leftChecksum: Self.checksum(rows.left),
      rightChecksum: Self.checksum(rows.right),
      resultChecksum: rows.entries.codebook.map(Self.checksum) ?? 0, step: step,
      isComplete: false, notes: notes)
  }

  private static func checksum(_ codebook: Codebook) -> UInt32 {
    crc32(bytes(of: codebook.words.span))
  }

  /// What the build will take, from rows that are computed for it: as many, evenly spread, as fit a
  /// quarter of a second, one at least.
  public func forecast() -> TableForecast {
    let start = ContinuousClock.now
    var (timed, error, energy) = (0, 0.0, 0.0)
    let threads = ThreadPool.current.threadCount
    // Steps of 61 hundredths of the rows are spread over all of them, however few there are.
    var place = 0
    while timed < extents.leftCount, timed == 0 || ContinuousClock.now - start < .milliseconds(250)
    {
      let first = min(place, extents.leftCount - 1)
      let batch = rows.rows(
        first..<min(first + threads, extents.leftCount), step: forecastStep(first))
      for row in batch {
        error += row.record.error
        energy += row.record.energy
      }
      timed += batch.count
      place = (place + max(1, extents.leftCount * 61 / 100)) % extents.leftCount
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let passes = isInteger ? 1.5 : 1.0
    return TableForecast(
      multiplyAdds: extents.multiplyAdds,
      seconds: passes * seconds / Double(timed) * Double(extents.leftCount),
      byteCount: Double(header(step: 1).fileByteCount),
      memoryBytes: extents.workingByteCount(threads: threads),
      relativeError: error == 0 ? 0 : error / energy)
  }

  /// The step that this row alone would have.
  private func forecastStep(_ row: Int) -> Float {
    isInteger ? step(for: rows.largestMagnitude(row..<row + 1)) : 1
  }

  /// The least power of two whose multiples by an entry's integers reach `largest`.
  private func step(for largest: Float) -> Float {
    guard isInteger, largest > 0 else { return 1 }
    let limit: Float = extents.format == .int16 ? 32767 : 127
    let exponent = min(max((largest / limit).exponent, -120), 120)
    let step = Float(sign: .plus, exponent: exponent, significand: 1)
    return step * limit >= largest ? step : 2 * step
  }

  /// Builds the table at `path`, or goes on with a build of the same one that was begun there; where
  /// it stands finished and whole, it is left as it is.
  ///
  /// - Parameters:
  ///   - limits: Refused before the first row is what would pass them.
  ///   - progress: Told after every batch how many rows are done, of how many; `false` stops the build.
  /// - Throws: `TableError`: `tooLong`, `tooLarge`, `tooMuchMemory`, `otherBeginning`, `stopped`,
  ///   `file`.
  @discardableResult
  public func build(
    at path: String, limits: TableLimits = TableLimits(),
    progress: (_ rows: Int, _ count: Int) -> Bool = { _, _ in true }
  ) throws(TableError) -> ProductTable {
    if let finished = finished(at: path) {
      _ = progress(extents.leftCount, extents.leftCount)
      return finished
    }
    var forecast = forecast()
    // What a beginning takes on the disk is not taken a second time.
    forecast.discount(bytes: byteCount(ofFileAt: ResumableFile.partialPath(for: path)))
    try forecast.check(limits, at: path)
    let file = try Self.opened(path)
    let header = try begin(file)
    try fill(file, header, progress)
    try finish(file, header)
    return try ProductTable(contentsOf: path)
  }

  /// The table at `path`, if it is the one to be built and every byte of it fits.
  private func finished(at path: String) -> ProductTable? {
    guard let table = try? ProductTable(contentsOf: path) else { return nil }
    var own = header(step: table.step)
    own.isComplete = true
    guard table.header == own, (try? table.verify()) != nil else { return nil }
    return table
  }

  private static func opened(_ path: String) throws(TableError) -> ResumableFile {
    do throws(FileError) { return try ResumableFile(for: path) } catch { throw .file(error) }
  }
}

// The file while it grows.
extension TableBuilder {
  /// The head of what was begun, or of a beginning made now: everything but rows.
  ///
  /// - Throws: `TableError.otherBeginning` where another table was begun; `file`.
  private func begin(_ file: borrowing ResumableFile) throws(TableError) -> TableHeader {
    do throws(FileError) {
      let begun = try file.read(at: 0, count: header(step: 1).byteCount)
      if !begun.prefix(TableFormat.magic.count).allSatisfy({ $0 == 0 }) {
        let step =
          begun.count < 24 ? 1 : Float(bitPattern: UInt32(begun.span.number(at: 20, count: 4)))
        let header = header(step: step)
        var finished = header
        finished.isComplete = true
        // Killed before it had its name, the file has its last head already.
        if header.bytes == begun || finished.bytes == begun {
          try writeCodebooks(file, header)
          return header
        }
      } else {
        let step = isInteger ? step(for: rows.largestMagnitude(0..<extents.leftCount)) : 1
        let header = header(step: step)
        try file.resize(to: 0)
        try file.resize(to: header.rowsOffset)
        try writeCodebooks(file, header)
        // The head comes last: where it is, everything before the rows is.
        try file.write(header.bytes.span, at: 0)
        return header
      }
    } catch {
      throw .file(error)
    }
    throw .otherBeginning(path: ResumableFile.partialPath(for: file.path))
  }

  private func writeCodebooks(
    _ file: borrowing ResumableFile, _ header: TableHeader
  ) throws(FileError) {
    try file.write(bytes(of: rows.left.words.span), at: header.leftOffset)
    try file.write(bytes(of: rows.right.words.span), at: header.rightOffset)
    if let results = rows.entries.codebook {
      try file.write(bytes(of: results.words.span), at: header.resultOffset)
    }
  }

  /// Computes the rows that are not there yet.
  private func fill(
    _ file: borrowing ResumableFile, _ header: TableHeader, _ progress: (Int, Int) -> Bool
  ) throws(TableError) {
    let (count, size) = (extents.leftCount, extents.rowByteCount)
    let threads = ThreadPool.current.threadCount
    let batch = min(max(threads, (8 << 20) / size), 16 * threads)
    var done = 0
    do throws(FileError) {
      done = try finishedRows(file, header)
      var goesOn = progress(done, count)
      while done < count && goesOn {
        let new = rows.rows(done..<min(done + batch, count), step: header.step)
        var records: [UInt8] = []
        for (place, row) in new.enumerated() {
          try file.write(row.bytes.span, at: header.rowsOffset + (done + place) * size)
          records += row.record.bytes
        }
        try file.write(
          records.span, at: header.recordsOffset + done * TableFormat.recordByteCount)
        done += new.count
        goesOn = progress(done, count)
      }
    } catch {
      throw .file(error)
    }
    if done < count { throw .stopped(rows: done, of: count) }
  }

  /// How many rows from the first one on are there and fit their checksums.
  private func finishedRows(
    _ file: borrowing ResumableFile, _ header: TableHeader
  ) throws(FileError) -> Int {
    let (count, size) = (extents.leftCount, extents.rowByteCount)
    for i in 0..<count {
      let record = try file.read(
        at: header.recordsOffset + i * TableFormat.recordByteCount,
        count: TableFormat.recordByteCount)
      guard let record = TableRowRecord(record.span) else { return i }
      let row = try file.read(at: header.rowsOffset + i * size, count: size)
      guard row.count == size, record.checksum == crc32(row.span) else { return i }
    }
    return count
  }

  /// Marks the file as finished and gives it its name.
  private func finish(
    _ file: consuming ResumableFile, _ header: TableHeader
  ) throws(TableError) {
    var header = header
    header.isComplete = true
    do throws(FileError) {
      try file.resize(to: header.fileByteCount)
      try file.write(header.bytes.span, at: 0)
      try file.commit()
    } catch {
      throw .file(error)
    }
  }
}

extension Codebook {
  /// Of any number of any word.
  fileprivate var largestMagnitude: Float {
    let span = words.span
    var largest: Float = 0
    for i in span.indices { largest = max(largest, span[i].magnitude) }
    return largest
  }
}

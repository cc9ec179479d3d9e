import AddendCatalogue
import AddendCodebooks
import AddendFiles
import AddendKernels
import AddendTables
import AddendTensors
import AddendTestSupport
import Foundation
import Testing

/// Builds that are forecast, refused, stopped, resumed, and files that are damaged.
struct TableBuilderTests {
  private static let block = TableBlock(rows: 2, dimension: 3)

  private static func builder(
    rows: Int = 200, seed: UInt64 = 1, _ entries: TableEntries? = nil
  ) throws -> TableBuilder {
    let left = try ProductTableTests.codebook(rows, 6, seed: seed)
    let right = try ProductTableTests.codebook(40, 3, seed: 2)
    let results = try ProductTableTests.codebook(300, 2, seed: 3)
    return try TableBuilder(
      .product, block, left: left, right: right, entries: entries ?? .index(results))
  }

  private static func contents(_ path: String) throws -> [UInt8] {
    try readFile(at: path, byteLimit: 1 << 24)
  }

  /// Stopped again and again, on other numbers of threads, the file comes out the same.
  @Test(arguments: ["index", "int16"])
  func resumedBuildEndsWithTheSameBytes(entries: String) throws {
    try withTemporaryDirectory { directory in
      let builder = try Self.builder(entries == "int16" ? .int16 : nil)
      try builder.build(at: "\(directory)/whole")
      var stops = 0
      for threads in [1, 2, 3] {
        ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
          let before = stops
          #expect(throws: TableError.self) {
            var batches = 0
            try builder.build(at: "\(directory)/parts") { done, _ in
              stops = done
              batches += 1
              return batches < 2
            }
          }
          #expect(stops > before)
        }
        #expect(!isFile(at: "\(directory)/parts"))
      }
      try builder.build(at: "\(directory)/parts")
      #expect(try Self.contents("\(directory)/parts") == Self.contents("\(directory)/whole"))
      #expect(!isFile(at: ResumableFile.partialPath(for: "\(directory)/parts")))
    }
  }

  /// A process may be killed between any two writes, and a disk may lose what it was told last:
  /// whatever the beginning lacks behind its head, or has wrong there, is made again.
  @Test(arguments: [0, 192, 300, 5000, 9000, 15_000, 20_000, 26_000], [0, 100, 900])
  func aBeginningCutAnywhereIsCompleted(kept: Int, zeros: Int) throws {
    try withTemporaryDirectory { directory in
      let builder = try Self.builder()
      let path = "\(directory)/table"
      try builder.build(at: "\(directory)/whole")
      #expect(throws: TableError.self) {
        try builder.build(at: path) { done, _ in done < 100 }
      }
      let partial = ResumableFile.partialPath(for: path)
      let begun = try Self.contents(partial)
      let whole = max(0, kept - (kept > 192 ? min(zeros, kept - 192) : 0))
      let cut = Array(begun.prefix(whole)) + Array(repeating: 0, count: kept - whole)
      try writeAtomically(cut.span, to: partial)
      try builder.build(at: path)
      #expect(try Self.contents(path) == Self.contents("\(directory)/whole"))
    }
  }

  /// Killed between its last head and its name, a table lacks the name only.
  @Test func aTableKilledBeforeItsNameIsNamed() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/table"
      try Self.builder().build(at: path)
      let whole = try Self.contents(path)
      try removeFile(at: path)
      try writeAtomically(whole.span, to: ResumableFile.partialPath(for: path))
      var heard: [Int] = []
      try Self.builder().build(at: path) { done, _ in
        heard.append(done)
        return true
      }
      #expect(heard == [200])
      #expect(try Self.contents(path) == whole)
    }
  }

  /// Words are finite, but what comes of them need not be.
  @Test(arguments: TableOperation.allCases)
  func resultsBeyondFloatsAreRefused(_ operation: TableOperation) throws {
    func words(_ size: Int, _ number: Float) throws -> Codebook {
      try Codebook(Tensor([2, size], (0..<2 * size).map { $0 % 2 == 0 ? number : -number }))
    }
    let block = TableBlock(rows: 2, dimension: 2)
    let isMatrix = [.product, .transposedProduct].contains(operation)
    func builder(_ number: Float) throws -> TableBuilder {
      try TableBuilder(
        operation, block, left: words(isMatrix ? 4 : 2, number), right: words(2, number),
        entries: .int16)
    }
    let large: Float = operation == .sum ? 1e38 : 1e18
    try withTemporaryDirectory { directory in
      let table = try builder(large).build(at: "\(directory)/table")
      #expect(table.values(0, 0).allSatisfy { $0.isFinite })
    }
    #expect(throws: TableError.beyondFloats(operation: operation.rawValue)) {
      try builder(2 * large * (operation == .sum ? 1 : 20))
    }
  }

  /// A finished table is not built again; a damaged one, and that of other words, are.
  @Test func whatStandsFinishedIsLeft() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/table"
      func heard(_ builder: TableBuilder) throws -> [Int] {
        var heard: [Int] = []
        try builder.build(at: path) { done, _ in
          heard.append(done)
          return true
        }
        return heard
      }
      #expect(try heard(Self.builder()).first == 0)
      let whole = try Self.contents(path)
      #expect(try heard(Self.builder()) == [200])
      var altered = whole
      altered[whole.count - 100] ^= 1
      try writeAtomically(altered.span, to: path)
      #expect(try heard(Self.builder()).first == 0)
      #expect(try Self.contents(path) == whole)
      #expect(try heard(Self.builder(seed: 9)).first == 0)
      #expect(try Self.contents(path) != whole)
    }
  }

  @Test func theBeginningOfAnotherTableIsLeftAlone() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/table"
      #expect(throws: TableError.self) {
        try Self.builder(seed: 1).build(at: path) { _, _ in false }
      }
      let partial = ResumableFile.partialPath(for: path)
      let before = try Self.contents(partial)
      #expect(throws: TableError.otherBeginning(path: partial)) {
        try Self.builder(seed: 9).build(at: path)
      }
      #expect(try Self.contents(partial) == before)
    }
  }

  @Test func aSecondBuilderIsRefusedMeanwhile() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/table"
      let first = try ResumableFile(for: path)
      #expect(
        throws: TableError.file(
          .failed(operation: "opening", path: path, reason: "another process is building it"))
      ) { try Self.builder().build(at: path) }
      #expect(try first.byteCount() == 0)
    }
  }

  @Test func whatDoesNotFitIsRefusedBeforeItBegins() throws {
    try withTemporaryDirectory { directory in
      let builder = try Self.builder()
      let path = "\(directory)/table"
      func expectRefusal(_ limits: TableLimits, _ isFit: (TableError) -> Bool) {
        do throws(TableError) {
          try builder.build(at: path, limits: limits)
          Issue.record("built in spite of \(limits)")
        } catch {
          #expect(isFit(error), "\(error)")
          #expect(!"\(error)".contains("\n") && !"\(error)".hasSuffix("."))
        }
        #expect((try? names(inDirectory: directory)) == [])
      }
      expectRefusal(TableLimits(diskBytes: 5000)) {
        if case .tooLarge(_, 5000) = $0 { true } else { false }
      }
      expectRefusal(TableLimits(memoryBytes: 10)) {
        if case .tooMuchMemory(_, 10) = $0 { true } else { false }
      }
      expectRefusal(TableLimits(seconds: 0)) {
        if case .tooLong = $0 { true } else { false }
      }
      #expect(throws: TableError.file(.notFound(path: "\(directory)/none/table"))) {
        try builder.build(at: "\(directory)/none/table")
      }
    }
  }

  /// The proposal's giant: 10,000 vectors and 100,000 matrices of 256 dimensions, results snapped.
  @Test func theClosedGiantIsRefusedByForecast() throws {
    let giant = TableExtents(
      .product, TableBlock(rows: 256, dimension: 256), leftCount: 100_000, rightCount: 10_000,
      format: .index(words: 10_000))
    #expect(abs(giant.multiplyAdds / 2.6e15 - 1) < 0.05)
    #expect(giant.byteCount == 2e9)
    let forecast = giant.forecast()
    func refusal(_ limits: TableLimits) -> TableError? {
      do throws(TableError) {
        try forecast.check(limits, at: "table")
        return nil
      } catch {
        return error
      }
    }
    // Its matrices alone take 26 GB.
    guard case .tooMuchMemory = refusal(TableLimits(diskBytes: .max)) else {
      Issue.record("not refused for its memory")
      return
    }
    // No machine makes 10¹⁴ multiply-adds a second.
    guard
      case .tooLong(_, 26, giant.multiplyAdds) = refusal(
        TableLimits(seconds: 26, memoryBytes: .max, diskBytes: .max))
    else {
      Issue.record("not refused for its time")
      return
    }
  }

  /// What lies on a full disk already need not fit it again.
  @Test func whatLiesThereIsCountedOff() throws {
    let extents = TableExtents(
      .sum, TableBlock(rows: 1, dimension: 4), leftCount: 256, rightCount: 256, format: .int8)
    var forecast = extents.forecast()
    let limits = TableLimits(diskBytes: 1000)
    #expect(throws: TableError.self) { try forecast.check(limits, at: "table") }
    forecast.discount(bytes: Int(forecast.byteCount) - 900)
    try forecast.check(limits, at: "table")
    forecast.discount(bytes: 5000)
    #expect(forecast.byteCount == 0)
  }

  /// Bytes are exact; the error is that of some rows, which all rows come near.
  @Test func forecastsComeTrue() throws {
    try withTemporaryDirectory { directory in
      let builder = try Self.builder()
      let forecast = builder.forecast()
      let table = try builder.build(at: "\(directory)/table")
      #expect(forecast.byteCount == Double(table.fileByteCount))
      #expect(try Self.contents("\(directory)/table").count == table.fileByteCount)
      let expected = try #require(forecast.relativeError)
      #expect(abs(expected / table.relativeError - 1) < 0.5)
      #expect(forecast.seconds > 0)
      #expect(forecast.multiplyAdds == Double(200 * 40 * (6 + 300 * 2)))
    }
  }

  @Test func truncatedFilesAreRefusedWhereverTheyEnd() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/table"
      try Self.builder(rows: 5).build(at: path)
      let whole = try Self.contents(path)
      for count in [0, 3, 8, 50, 115, 200, 1000, 4096, whole.count / 2, whole.count - 1] {
        try writeAtomically(Array(whole.prefix(count)).span, to: path)
        #expect(throws: TableError.self) { try ProductTable(contentsOf: path) }
      }
      try writeAtomically((whole + [0]).span, to: path)
      #expect(throws: TableError.malformed(reason: "more follows its last row")) {
        try ProductTable(contentsOf: path)
      }
      try writeAtomically(Array("not a table".utf8).span, to: path)
      #expect(throws: TableError.foreign) { try ProductTable(contentsOf: path) }
    }
  }

  /// Every altered byte shows, at the latest when rows are verified; but for the padding between parts,
  /// which nothing reads.
  @Test func alteredBytesShow() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/table"
      let table = try Self.builder(rows: 5).build(at: path)
      let whole = try Self.contents(path)
      let rows = whole.count - 64 - 5 * 40 * 2
      let places =
        Array(stride(from: 0, to: 128, by: 7)) + [130, 200]
        + Array(stride(from: rows, to: whole.count - 64, by: 31))
      for place in places {
        var altered = whole
        altered[place] ^= 0x10
        try writeAtomically(altered.span, to: path)
        #expect(throws: TableError.self, "byte \(place)") {
          try ProductTable(contentsOf: path).verify()
        }
      }
      try writeAtomically(whole.span, to: path)
      try ProductTable(contentsOf: path).verify()
      #expect(try ProductTable(contentsOf: path).relativeError == table.relativeError)
    }
  }

  @Test func anUnfinishedBuildIsNoTable() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/table"
      let builder = try Self.builder()
      #expect(throws: TableError.self) { try builder.build(at: path) { done, _ in done < 30 } }
      #expect(throws: TableError.self) {
        try ProductTable(contentsOf: ResumableFile.partialPath(for: path))
      }
      #expect(throws: TableError.file(.notFound(path: path))) {
        try ProductTable(contentsOf: path)
      }
    }
  }
}

import AddendFiles
import AddendTables
import AddendTestSupport
import Testing

/// The benchmark at a tiny size: every case is measured, and the figures go together.
struct GiantTableBenchmarkTests {
  private static let shape = GiantTableBenchmark.Shape(
    dimension: 20, rows: 50, columns: 30, batch: 17, terms: 3, lookups: 1000)

  private static func check(_ results: [GiantTableBenchmark.Result]) {
    #expect(
      results.map(\.name) == [
        "independent", "chained", "grouped", "grouped-with-sums", "closed-256",
      ])
    for result in results {
      #expect(result.lookups > 0 && result.spread.contains(result.seconds))
      let rate = Double(result.lookups) / result.seconds
      #expect(result.lookupsPerSecond == rate)
      let each = Double(2 * result.dimension * result.dimension)
      #expect(abs(result.equivalentOperationsPerSecond / (each * rate) - 1) < 1e-9)
      #expect(result.gemmOperationsPerSecond > 0)
    }
    let sums = results[3]
    #expect(abs(sums.additionsPerSecond / (20 * sums.lookupsPerSecond) - 1) < 1e-9)
    #expect(results[0].additionsPerSecond == 0)
  }

  @Test func allCasesAreMeasured() throws {
    var heard: [String] = []
    let results = try GiantTableBenchmark(Self.shape, repetitions: 2).run { heard.append($0) }
    Self.check(results)
    #expect(heard.suffix(5) == results.map(\.name))
  }

  @Test func aFileServesAsWell() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/giant"
      Self.check(
        try GiantTableBenchmark(Self.shape, storage: .file(path: path), repetitions: 1).run())
      #expect(try names(inDirectory: directory) == [])
    }
  }

  /// No machine has 2⁵⁷ bytes.
  @Test func whatNoMemoryHoldsIsRefusedBeforehand() throws {
    let shape = GiantTableBenchmark.Shape(rows: 1 << 40, columns: 1 << 16)
    #expect(throws: TableError.memoryRefused(bytes: 0x1p57)) {
      try GiantTableBenchmark(shape).checkMemory()
    }
    try GiantTableBenchmark(Self.shape).checkMemory()
  }

  /// The proposal's size stays below 3 GB in all.
  @Test func theProposalsSizeFitsTheMemory() {
    let shape = GiantTableBenchmark.Shape()
    #expect(shape.tableByteCount == 2_000_000_000)
    #expect(shape.memoryByteCount < 3 << 30)
  }
}

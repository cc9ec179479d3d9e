import AddendCatalogue
import AddendFiles
import AddendKernels
import AddendSearch
import AddendTensors
import AddendTestSupport
import Testing

struct SearchStateTests {
  private func search(
    _ method: String = "genetic", islands: Int = 3, seed: UInt64 = 7
  ) throws -> Search<Points> {
    try Search(
      Points(dimension: 5), by: SearchMethods.configuration(Specification(parsing: method)),
      islands: islands, migrationInterval: 3, seed: seed)
  }

  private func withFile<Result>(_ body: (String) throws -> Result) throws -> Result {
    try withTemporaryDirectory { try body("\($0)/search.json") }
  }

  @Test(arguments: SearchMethods.catalogue.names)
  func resultsDoNotDependOnThreads(_ method: String) throws {
    func islands(_ threads: Int) throws -> [Island<[Double]>] {
      try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        var search = try search(method)
        for _ in 0..<12 { search.step { Points.sphere($0) } }
        return search.islands
      }
    }
    let alone = try islands(1)
    #expect(try islands(2) == alone)
    #expect(try islands(5) == alone)
  }

  @Test func seedsDiffer() throws {
    var (a, b) = (try search(seed: 1), try search(seed: 2))
    a.step { Points.sphere($0) }
    b.step { Points.sphere($0) }
    #expect(a.best != b.best)
    let random = a.islands.map(\.random)
    #expect(Set(random).count == random.count)
  }

  @Test(arguments: SearchMethods.catalogue.names)
  func aResumedSearchEndsWithTheSameBits(_ method: String) throws {
    var whole = try search(method)
    for _ in 0..<11 { whole.step { Points.sphere($0) } }
    let resumed = try withFile { path in
      var first = try search(method)
      for _ in 0..<4 { first.step { Points.sphere($0) } }
      try first.save(to: path)
      var second = try search(method)
      try second.restore(from: path)
      for _ in 0..<7 { second.step { Points.sphere($0) } }
      return second
    }
    #expect(resumed.islands == whole.islands)
    #expect(resumed.evaluations == whole.evaluations)
    #expect(resumed.history.map(\.best) == whole.history.map(\.best))
  }

  @Test func infinitelyBadMembersSurviveAFile() throws {
    try withFile { path in
      var search = try search()
      search.step { $0[0] > 0 ? -.infinity : Points.sphere($0) }
      try search.save(to: path)
      var other = try self.search()
      try other.restore(from: path)
      #expect(other.islands == search.islands)
    }
  }

  @Test func anotherSearchIsRefused() throws {
    try withFile { path in
      var stored = try search()
      stored.step { Points.sphere($0) }
      try stored.save(to: path)
      for var other in [
        try search("random"), try search(islands: 2), try search(seed: 8),
        try search("genetic:population=20"),
      ] {
        let before = other.islands
        #expect(throws: SearchError.self) { try other.restore(from: path) }
        #expect(other.islands == before)
      }
    }
  }

  @Test func damagedFilesAreRefused() throws {
    try withFile { path in
      var stored = try search()
      stored.step { Points.sphere($0) }
      try stored.save(to: path)
      let bytes = try readFile(at: path, byteLimit: 1 << 20)
      let text = String(decoding: bytes, as: UTF8.self)
      let damaged = [
        String(text.prefix(text.count / 2)), "{}", "[]",
        text.replacing("\"genomes\":[\"", with: "\"genomes\":[\"zz"),
        text.replacing("\"members\":[[0,", with: "\"members\":[[100000,"),
        text.replacing("\"evaluations\":", with: "\"evaluations\":-"),
        text.replacing("\"evaluations\":", with: "\"evaluations\":9000000000000000"),
        text.replacing("\"strength\":", with: "\"strength\":9e300,\"before\":"),
        text.replacing("\"strength\":", with: "\"strength\":-"),
      ]
      for content in damaged {
        #expect(content != text)
        try writeAtomically(content, to: path)
        var other = try search()
        #expect(throws: SearchError.self) { try other.restore(from: path) }
        #expect(other.generation == 0)
      }
    }
  }

  @Test func aMissingFileIsAnErrorOfTheFileSystem() throws {
    var search = try search()
    #expect(throws: SearchError.file(.notFound(path: "there is no such file"))) {
      try search.restore(from: "there is no such file")
    }
  }

  private struct Refusal: Error, Equatable { let place: Int }

  @Test func aFailureLeavesTheSearchAsItWas() throws {
    var search = try search()
    search.step { Points.sphere($0) }
    let before = search.islands
    #expect(throws: Refusal(place: 3)) {
      try search.step { genome throws(Refusal) -> Double in
        throw Refusal(place: 3)
      }
    }
    #expect(search.islands == before && search.generation == 1)
  }

  @Test func budgetsAreKept() throws {
    var search = try search("genetic:population=10", islands: 2)
    search.run(within: .evaluations(100)) { Points.sphere($0) }
    // Two islands of 10, then of 8 new ones: 20, 36, …, 100.
    #expect(search.evaluations == 100)
    let generation = search.generation
    search.run(within: .evaluations(100)) { Points.sphere($0) }
    #expect(search.generation == generation)
    #expect(SearchBudget.seconds(0).spentShare(by: search) >= 1)
    #expect(SearchBudget.seconds(1e9).spentShare(by: search) < 1)
  }
}

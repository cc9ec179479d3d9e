import AddendCatalogue
import AddendCodebooks
import AddendFiles
import AddendKernels
import AddendTables
import AddendTensors
import AddendTestSupport
import Testing

/// What tables hold, against the operations' definitions.
struct ProductTableTests {
  static func codebook(_ count: Int, _ size: Int, seed: UInt64) throws -> Codebook {
    var random = RandomSource(seed: seed)
    return try Codebook(.normal([count, size], using: &random))
  }

  /// The proposal's worked example: `m₂ v₂ = (0.934, 2.388)`, and the nearest of the three vectors is
  /// the first. (The proposal prints 2.59 for the second component, 1.2 · 1.01 + 5.6 · 0.21 being
  /// 2.388: a slip that does not change its answer.)
  @Test func theWorkedExampleComesOut() throws {
    let vectors = try Codebook(Tensor([3, 2], [1.23, 4.20, 1.01, 0.21, 6.66, 0.69]))
    let matrices = try Codebook(Tensor([2, 4], [1, 0, 0, 1, 0.8, 0.6, 1.2, 5.6]))
    let block = TableBlock(rows: 2, dimension: 2)
    try withTemporaryDirectory { directory in
      let values = try TableBuilder(
        .product, block, left: matrices, right: vectors, entries: .float32
      ).build(at: "\(directory)/values")
      let result = values.values(1, 1)
      #expect(abs(result[0] - 0.934) < 1e-6 && abs(result[1] - 2.388) < 1e-6)
      for (j, expected) in [3.371, 4.749, 35.67].enumerated() {
        let distance = zip(vectors[j], result).reduce(Float(0)) {
          $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
        }
        #expect(abs(Double(distance) - expected) < 0.005)
      }
      let closed = try TableBuilder(
        .product, block, left: matrices, right: vectors, entries: .index(vectors)
      ).build(at: "\(directory)/closed")
      #expect(closed.index(1, 1) == 0)
      // The identity leaves every vector where it is.
      for j in 0..<3 { #expect(closed.index(0, j) == j) }
    }
  }

  private static let blocks = [(1, 4), (4, 4), (3, 5), (16, 17)]

  @Test(arguments: TableOperation.allCases, blocks)
  func entriesAreTheDefinitionsResults(_ operation: TableOperation, _ extents: (Int, Int)) throws {
    let block = TableBlock(rows: extents.0, dimension: extents.1)
    let sizes: (left: Int, right: Int, result: Int) =
      switch operation {
      case .product: (block.rows * block.dimension, block.dimension, block.rows)
      case .transposedProduct: (block.rows * block.dimension, block.rows, block.dimension)
      case .outerProduct: (block.rows, block.dimension, block.rows * block.dimension)
      case .sum: (block.dimension, block.dimension, block.dimension)
      }
    let left = try Self.codebook(7, sizes.left, seed: 1)
    let right = try Self.codebook(11, sizes.right, seed: 2)
    let results = try Self.codebook(300, sizes.result, seed: 3)
    try withTemporaryDirectory { directory in
      func table(_ entries: TableEntries, _ name: String) throws -> ProductTable {
        try TableBuilder(operation, block, left: left, right: right, entries: entries)
          .build(at: "\(directory)/\(name)")
      }
      let (exact, short) = (try table(.float32, "float32"), try table(.int16, "int16"))
      let (byte, index) = (try table(.int8, "int8"), try table(.index(results), "index"))
      var (error, energy) = (0.0, 0.0)
      for i in 0..<7 {
        for j in 0..<11 {
          let expected = operation.apply(left[i], right[j], block)
          // Sums of at most 17 products of numbers of magnitude 4 round by less.
          for (a, b) in zip(exact.values(i, j), expected) { #expect(abs(a - b) < 1e-4) }
          for (a, b) in zip(short.values(i, j), exact.values(i, j)) {
            #expect(abs(a - b) <= short.step / 2)
          }
          for (a, b) in zip(byte.values(i, j), exact.values(i, j)) {
            #expect(abs(a - b) <= byte.step / 2)
          }
          let result = exact.values(i, j)
          #expect(index.index(i, j) == results.nearest(to: result.span))
          for (a, b) in zip(index.values(i, j), result) {
            error += Double((a - b) * (a - b))
            energy += Double(b * b)
          }
        }
      }
      #expect(abs(index.relativeError / (error / energy) - 1) < 1e-3)
      #expect(exact.relativeError == 0)
      #expect(short.relativeError < byte.relativeError)
      #expect(index.resultUsage.reduce(0, +) == 77)
    }
  }

  /// No multiple of the step is out of an entry's reach, and half the step would not do.
  @Test func theStepIsTheLeastThatReaches() throws {
    let left = try Codebook(Tensor([2, 1], [1, -100]))
    let right = try Codebook(Tensor([2, 1], [1, 0.5]))
    try withTemporaryDirectory { directory in
      let table = try TableBuilder(
        .product, TableBlock(rows: 1, dimension: 1), left: left, right: right, entries: .int8
      ).build(at: "\(directory)/table")
      #expect(table.step == 1)
      #expect(table.values(1, 0) == [-100])
      #expect(table.step * 127 >= 100 && table.step / 2 * 127 < 100)
    }
  }

  @Test func groupedReadsAreTheEntries() throws {
    let left = try Self.codebook(9, 6, seed: 1)
    let right = try Self.codebook(70, 3, seed: 2)
    let results = try Self.codebook(300, 2, seed: 3)
    try withTemporaryDirectory { directory in
      let table = try TableBuilder(
        .product, TableBlock(rows: 2, dimension: 3), left: left, right: right,
        entries: .index(results)
      ).build(at: "\(directory)/table")
      let codes = (0..<70).map { UInt16(69 - $0) }
      let read = try #require(table.indices(rows: [8, 0, 8], codes: codes))
      #expect(read == [8, 0, 8].flatMap { i in codes.map { UInt16(table.index(i, Int($0))) } })
      let bytes = try TableBuilder(
        .product, TableBlock(rows: 2, dimension: 3), left: left, right: right, entries: .int8
      ).build(at: "\(directory)/bytes")
      #expect(bytes.indices(rows: [0], codes: [0]) == nil)
    }
  }

  @Test func wordsOfAnotherNetworkAreRefused() throws {
    let (left, right) = (try Self.codebook(3, 4, seed: 1), try Self.codebook(5, 2, seed: 2))
    let other = try Self.codebook(5, 2, seed: 3)
    try withTemporaryDirectory { directory in
      let table = try TableBuilder(
        .product, TableBlock(rows: 2, dimension: 2), left: left, right: right, entries: .float32,
        notes: ["layer": "dense1"]
      ).build(at: "\(directory)/table")
      #expect(table.notes["layer"]?.textValue == "dense1")
      try table.check(left: left, right: right)
      #expect(throws: TableError.otherCodebook(what: "right words")) {
        try table.check(left: left, right: other)
      }
      #expect(throws: TableError.wordSize(what: "left words", expected: 4, found: 2)) {
        try TableBuilder(
          .product, TableBlock(rows: 2, dimension: 2), left: right, right: right,
          entries: .float32)
      }
    }
  }
}

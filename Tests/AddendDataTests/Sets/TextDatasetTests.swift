import AddendData
import AddendTensors
import Testing

@Suite struct TextDatasetTests {
  private func text(_ count: Int, length: Int) throws -> TextDataset {
    try TextDataset(
      name: "text", path: "text", tokens: (0..<count).map { Int32($0 % 97) },
      vocabulary: (0..<97).map(String.init), length: length)
  }

  private func classes(_ batch: Batch) -> [Int32] {
    guard case .classes(let classes) = batch.targets else { return [] }
    return classes
  }

  @Test func targetsAreTheNextTokens() throws {
    let set = try text(50, length: 7)
    #expect(set.count == 7)
    let batch = set.batch([2, 6])
    #expect(batch.input.elements.prefix(7) == [14, 15, 16, 17, 18, 19, 20])
    #expect(classes(batch).prefix(7) == [15, 16, 17, 18, 19, 20, 21])
    #expect(batch.lengths == nil)
  }

  @Test func theLastWindowIsFilledUp() throws {
    let batch = try text(46, length: 7).batch([6])
    #expect(batch.lengths == [3])
    #expect(batch.input.elements == [42, 43, 44, 0, 0, 0, 0])
    #expect(classes(batch) == [43, 44, 45, -1, -1, -1, -1])
  }

  /// Row by row, the batches of an epoch are long unbroken stretches of the text.
  @Test func batchesContinueEachOther() throws {
    let loader = try BatchLoader(text(401, length: 5), batchSize: 4, seed: 3)
    let batches = Array(loader.batches(inEpoch: 2))
    #expect(batches.count == 20)
    #expect(batches.map(\.continuesPrevious) == [false] + Array(repeating: true, count: 19))
    for row in 0..<4 {
      let stretch = batches.flatMap { $0.input.elements[row * 5..<(row + 1) * 5] }
      #expect(stretch == (0..<100).map { Float((row * 100 + $0) % 97) })
    }
  }

  /// With the remainder kept, every token but the first is a target exactly once.
  @Test(arguments: [1, 3, 8, 50])
  func evaluationMissesNoToken(_ batchSize: Int) throws {
    let set = try text(203, length: 6)
    let loader = try BatchLoader(set, batchSize: batchSize, seed: 0, remainder: .kept)
    let targets = loader.batches(inEpoch: 0).flatMap { classes($0) }.filter { $0 >= 0 }
    #expect(targets.sorted() == set.tokens.dropFirst().sorted())
  }

  @Test func oneTokenPredictsNothing() {
    #expect(throws: DataError.self) { try text(1, length: 5) }
  }
}

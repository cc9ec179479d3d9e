import AddendCatalogue
import AddendData
import AddendTensors
import Testing

@Suite struct CSVFileTests {
  private func load(_ text: String) throws -> DatasetSplits {
    var splits: DatasetSplits?
    try withTemporaryFile(Array(text.utf8)) { path in
      splits = try Datasets.load(
        Specification("csv", ["path": .text(path), "scale": .number(2), "test": .number(0)]))
    }
    return try #require(splits)
  }

  @Test func theLastColumnIsTheClass() throws {
    let set = try load("x,y,class\n1,2,0\n3,4,1\n").training
    #expect(set.exampleClasses == [0, 1])
    #expect(set.batch([1, 0]).input == Tensor([2, 2], [1.5, 2, 0.5, 1]))
  }

  @Test func aClassThatIsNoneIsRefused() {
    for text in ["1,2\n1,-1\n", "1,2\n1,0.5\n", "1\n2\n", "1,nan\n", "nan,1\n"] {
      #expect(throws: DataError.self) { try load(text) }
    }
  }
}

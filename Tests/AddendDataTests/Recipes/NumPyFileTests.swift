import AddendCatalogue
import AddendData
import AddendTensors
import Testing

@Suite struct NumPyFileTests {
  private func specification(_ name: String) -> Specification {
    Specification("npz", ["path": .text(Golden.path("numpy/\(name).npz"))])
  }

  private func load(_ name: String) throws(DataError) -> DatasetSplits {
    try Datasets.load(specification(name))
  }

  @Test func classesAreSplitInProportion() throws {
    let splits = try load("classes")
    #expect(splits.training.count == 8)
    #expect(splits.test.count == 2)
    #expect(splits.training.inputShape == [2, 3])
    #expect(splits.training.classNames == ["0", "1", "2"])
    let whole = splits.training.batch(Array(0..<8)).input.elements
    #expect(Set(whole).isSubset(of: Set((0..<11).map { Float($0 - 3) })))
  }

  @Test func valuesStayNumbers() throws {
    let splits = try load("values")
    guard case .values(let y) = splits.training.batch([0, 1]).targets else {
      Issue.record("floating-point targets are numbers")
      return
    }
    #expect(y.shape == [2, 2])
    #expect(splits.training.classNames.isEmpty)
  }

  /// Behind each sequence's end stand zeros, and targets that are ignored.
  @Test func sequencesEndWhereTheirLengthsSay() throws {
    let batch = try load("sequences").training.batch([2, 1])
    #expect(batch.lengths == [3, 1])
    #expect(batch.input.shape == [2, 5, 2])
    let value = { (i: Int) in Float(i * 7 % 11 - 3) }
    for step in 0..<5 {
      #expect(batch.input[0, step, 1] == (step < 3 ? value((2 * 5 + step) * 2 + 1) : 0))
      #expect(batch.input[1, step, 0] == (step < 1 ? value((5 + step) * 2) : 0))
    }
    let target = { (i: Int) in Int32(i * 7 % 11) }
    #expect(
      batch.targets
        == .classes([target(10), target(11), target(12), -1, -1, target(5), -1, -1, -1, -1]))
  }

  @Test(arguments: [
    ("not-a-number", "input 1 is not finite"), ("mismatch", "there are 4 inputs but 3 labels"),
    ("negative", "y has the label -1, expected 0 to 1048575"), ("empty", "it has no examples"),
    ("stored", "it has no array x, it has f4.npy, f8.npy, i4.npy, i8.npy, u1.npy"),
  ])
  func contentThatMakesNoSetIsRefused(_ name: String, _ reason: String) {
    #expect(
      throws: DataError.invalidContent(path: Golden.path("numpy/\(name).npz"), reason: reason)
    ) { try load(name) }
  }

  @Test func damageNeverCrashes() throws {
    for name in ["classes", "sequences"] {
      let recipe = try NumPyFile(Arguments(specification(name), for: NumPyFile.declaration))
      try expectSentencesOnDamage(
        to: Golden.bytes("numpy/\(name).npz"), seed: 10
      ) { bytes throws(DataError) in try recipe.splits(of: bytes) }
    }
  }
}

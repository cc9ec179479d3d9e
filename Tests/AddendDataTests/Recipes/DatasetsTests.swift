import AddendCatalogue
import AddendData
import AddendTensors
import Testing

@Suite struct DatasetsTests {
  /// Reads nothing outside of the package.
  private let store = DataStore(cacheDirectory: "/nonexistent", allowsDownloads: false)

  private func load(_ text: String) throws -> DatasetSplits {
    try Datasets.load(Specification(parsing: text), from: store)
  }

  @Test func digitsAreInThePackage() throws {
    let splits = try load("digits")
    #expect(splits.training.count == 1437)
    #expect(splits.test.count == 360)
    #expect(splits.training.inputShape == [8, 8, 1])
    let classes =
      try #require(splits.training.exampleClasses) + #require(splits.test.exampleClasses)
    let counts = (0..<10).map { label in classes.count { $0 == label } }
    // As the repository's description lists them.
    #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    #expect(splits.training.checksum != splits.test.checksum)
  }

  /// Recorded when the split was fixed: a change would silently change every published figure.
  @Test func theSplitOfDigitsNeverChanges() throws {
    let splits = try load("digits")
    #expect(splits.training.checksum == "crc32:d4044fd1")
    #expect(splits.test.checksum == "crc32:65a0b25f")
  }

  @Test(arguments: [
    "synthetic-linear:count=50,inputs=3,outputs=2", "synthetic-spirals:classes=3,count=60",
    "synthetic-parity:bits=5,count=70", "synthetic-teacher:count=40,inputs=4,width=5",
  ])
  func syntheticSetsFollowTheirSeed(_ text: String) throws {
    let first = try load("\(text),seed=1")
    let again = try load("\(text),seed=1")
    let other = try load("\(text),seed=2")
    #expect(first.training.checksum == again.training.checksum)
    #expect(first.training.checksum != other.training.checksum)
    #expect(first.training.count == 4 * first.test.count)
    let batch = first.training.batch([0, 3])
    #expect(batch.input == again.training.batch([0, 3]).input)
    #expect(batch.targets.count == 2)
  }

  @Test func parityIsTheParityOfTheSigns() throws {
    let set = try load("synthetic-parity:bits=7,count=100").training
    let batch = set.batch(Array(0..<set.count))
    let expected = (0..<set.count).map { row in
      Int32((0..<7).count { batch.input[row, $0] < 0 } % 2)
    }
    #expect(batch.targets == .classes(expected))
    #expect(Set(expected) == [0, 1])
  }

  @Test func linearTargetsAreLinear() throws {
    // Two inputs: every example's target follows from two others by Cramer's rule.
    let set = try load("synthetic-linear:inputs=2,noise=0,count=40").training
    let batch = set.batch(Array(0..<set.count))
    guard case .values(let y) = batch.targets else {
      Issue.record("targets are numbers")
      return
    }
    let x = { (row: Int, column: Int) in Double(batch.input[row, column]) }
    let determinant = x(0, 0) * x(1, 1) - x(0, 1) * x(1, 0)
    let (first, second) = (Double(y[0, 0]), Double(y[1, 0]))
    let a = (first * x(1, 1) - second * x(0, 1)) / determinant
    let b = (second * x(0, 0) - first * x(1, 0)) / determinant
    for row in 2..<set.count {
      // Rounding to Float, made worse by a small determinant.
      #expect(abs(Double(y[row, 0]) - a * x(row, 0) - b * x(row, 1)) < 1e-5 / abs(determinant))
    }
  }

  @Test func everyRecipeIsWhatItsSpecificationMakes() throws {
    for entry in Datasets.catalogue.entries {
      let needsPath = entry.declaration.parameters.contains { $0.name == "path" }
      let given = Specification(
        entry.declaration.name, needsPath ? ["path": .text("somewhere")] : [:])
      let recipe = try Datasets.recipe(given)
      let whole = recipe.specification
      #expect(Set(whole.arguments.keys) == Set(entry.declaration.parameters.map(\.name)))
      #expect(try Datasets.recipe(whole).specification == whole)
      #expect(try Datasets.recipe(Specification(parsing: "\(whole)")).specification == whole)
    }
  }

  @Test func aWrongNameListsTheRightOnes() {
    #expect(throws: DataError.self) { try load("minst") }
    do throws(DataError) {
      _ = try Datasets.load(Specification("minst"), from: store)
    } catch {
      #expect(error.description.contains("mnist, fashion-mnist, cifar-10"))
    }
  }

  @Test func aNormalizationThatIsNoneIsRefused() {
    for text in ["mnist:mean=a", "mnist:deviation=0", "cifar-10:mean=0.1/0.2", "mnist:mean=nan"] {
      #expect(throws: DataError.self) { try load(text) }
    }
  }

  @Test func absentFilesAreMissedInOneSentenceThatHelps() {
    do throws(DataError) {
      _ = try Datasets.load(
        Specification("fashion-mnist"),
        from: DataStore(
          dataDirectory: "/nonexistent", cacheDirectory: "/nonexistent", allowsDownloads: false,
          systemRoot: "/nonexistent"))
      Issue.record("nothing was there to load")
    } catch {
      #expect(error.description.contains("apt install dataset-fashion-mnist"))
      #expect(error.description.contains("--data-directory"))
    }
  }

  @Test func theListingTellsWhatIsThere() {
    let listing = Datasets.listing(
      in: DataStore(cacheDirectory: "/nonexistent", systemRoot: "/nonexistent"))
    let presence = Dictionary(uniqueKeysWithValues: listing.map { ($0.name, $0.presence) })
    #expect(presence["digits"] == .builtIn)
    #expect(presence["synthetic-parity"] == .builtIn)
    #expect(presence["mnist"] == .missing)
    #expect(presence["folder"] == .givenByPath)
  }
}

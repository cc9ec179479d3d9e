import AddendCatalogue
import AddendData
import AddendTensors
import AddendTestSupport
import Testing

/// The data sets themselves, where they are: their published figures.
@Suite struct CanonicalDataTests {
  private let store = DataStore(
    dataDirectory: TestData.root, cacheDirectory: "/nonexistent", allowsDownloads: false)

  private func counts(_ set: any Dataset) -> [Int] {
    let classes = set.exampleClasses ?? []
    var counts = [Int](repeating: 0, count: set.classNames.count)
    for label in classes { counts[Int(label)] += 1 }
    return counts
  }

  @Test(.enabled(if: TestData.has("mnist"), "MNIST is not there"))
  func mnistIsCanonical() throws {
    let found = try Datasets.verify(Specification("mnist"), in: store)
    #expect(found.isCanonical)
    #expect(
      counts(found.splits.training)
        == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    #expect(
      counts(found.splits.test) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    // By construction of the constants, the training pixels have mean 0 and deviation 1.
    let batch = found.splits.training.batch(Array(0..<60_000))
    let (mean, deviation) = moments(batch.input)
    #expect(abs(mean) < 2e-3 && abs(deviation - 1) < 2e-3)
  }

  @Test(
    .enabled(
      if: Datasets.listing(in: DataStore()).contains {
        $0.name == "fashion-mnist" && $0.presence != .missing
      }, "Fashion-MNIST is not there"))
  func fashionMNISTIsCanonical() throws {
    let found = try Datasets.verify(
      Specification("fashion-mnist"), in: DataStore(allowsDownloads: false))
    #expect(found.isCanonical)
    #expect(counts(found.splits.training) == Array(repeating: 6000, count: 10))
    #expect(counts(found.splits.test) == Array(repeating: 1000, count: 10))
    let (mean, deviation) = moments(found.splits.training.batch(Array(0..<60_000)).input)
    #expect(abs(mean) < 2e-3 && abs(deviation - 1) < 2e-3)
  }

  @Test(.enabled(if: TestData.has("ptb"), "the Penn Treebank is not there"))
  func pennTreebankHasItsPublishedCounts() throws {
    let splits = try Datasets.load(Specification("ptb"), from: store)
    #expect(splits.training.classNames.count == 10_000)
    #expect(splits.training.classNames.prefix(3) == ["the", "<unk>", "<eos>"])
    let counts = [splits.training, splits.validation, splits.test].map { set in
      (set as? TextDataset)?.tokens.count
    }
    #expect(counts == [929_589, 73_760, 82_430])
    let characters = try Datasets.load(Specification("ptb-characters"), from: store)
    #expect((characters.training as? TextDataset)?.tokens.count == 5_017_482)
    #expect((characters.test as? TextDataset)?.tokens.count == 442_423)
    #expect(characters.training.classNames.count == 50)
  }

  /// Four thousand canonical records, unpacked by the `xz` command.
  @Test(
    .enabled(if: TestData.has("cifar10/data_batch_1_first4000.bin.xz"), "CIFAR-10 is not there"))
  func cifar10RecordsHaveTheirClasses() throws {
    try withTemporaryDirectory { directory in
      let packed = TestData.path("cifar10/data_batch_1_first4000.bin.xz")
      let copy = "\(directory)/data.bin.xz"
      #expect(try ChildProcess.run(["cp", packed, copy]).status == 0)
      #expect(try ChildProcess.run(["xz", "-d", copy]).status == 0)
      let bytes = try readAll("\(directory)/data.bin")
      var records = CIFARRecords()
      try records.append(bytes[...], path: "data.bin")
      let counts = (0..<10).map { label in records.labels.count { $0 == label } }
      #expect(counts == [396, 366, 420, 384, 422, 393, 414, 385, 407, 413])
      // Record 0 is the frog: its label, and its first pixel's red, green and blue.
      #expect(records.labels[0] == 6)
      #expect(Array(records.pixels[..<3]) == [bytes[1], bytes[1025], bytes[2049]])
    }
  }

  /// The package's digits are those of scikit-learn.
  @Test(.enabled(if: TestData.has("digits/digits.csv.gz"), "scikit-learn's digits are not there"))
  func digitsAreThoseOfTheCSVFile() throws {
    let table = try CSVTable(readAll(TestData.path("digits/digits.csv.gz")), path: "digits")
    #expect(table.rowCount == Digits.exampleCount)
    let splits = try Datasets.load(Specification("digits"), from: store)
    func rows(_ set: any Dataset) throws -> [[Float]] {
      let batch = set.batch(Array(0..<set.count))
      let pixels = batch.input.elements
      let classes = try #require(set.exampleClasses)
      return classes.indices.map { row in
        pixels[row * 64..<(row + 1) * 64].map { $0 * 16 } + [Float(classes[row])]
      }
    }
    let expected = (0..<table.rowCount).map { Array(table.numbers[$0 * 65..<($0 + 1) * 65]) }
    #expect(
      try (rows(splits.training) + rows(splits.test)).map(\.description).sorted()
        == expected.map(\.description).sorted())
  }

  private func moments(_ tensor: Tensor<Float>) -> (mean: Double, deviation: Double) {
    let span = tensor.span
    var (sum, squares) = (0.0, 0.0)
    for i in span.indices {
      sum += Double(span[i])
      squares += Double(span[i]) * Double(span[i])
    }
    let mean = sum / Double(span.count)
    return (mean, (squares / Double(span.count) - mean * mean).squareRoot())
  }
}

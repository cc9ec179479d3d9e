import AddendData
import AddendTensors
import Testing

@Suite struct BatchLoaderTests {
  /// Example `i` is the number `i`, its class `i % 3`.
  private func numbers(_ count: Int) throws -> TensorDataset {
    try TensorDataset(
      name: "numbers", path: "numbers", inputs: Tensor([count, 1], (0..<count).map(Float.init)),
      targets: .classes((0..<count).map { Int32($0 % 3) }), classNames: ["a", "b", "c"])
  }

  private func images(_ count: Int) throws -> ImageDataset {
    var random = RandomSource(seed: 11)
    return try ImageDataset(
      name: "images", path: "images", shape: [6, 5, 3],
      pixels: (0..<count * 90).map { _ in UInt8(random.next() & 255) },
      labels: [Int32](repeating: 0, count: count), classNames: ["a"],
      normalization: PixelNormalization())
  }

  private func inputs(_ batches: some Sequence<Batch>) -> [Float] {
    batches.flatMap(\.input.elements)
  }

  @Test func anEpochHoldsEachExampleOnce() throws {
    let loader = try BatchLoader(numbers(103), batchSize: 10, seed: 5, remainder: .kept)
    #expect(loader.batchCount == 11)
    for epoch in 0..<3 {
      #expect(inputs(loader.batches(inEpoch: epoch)).sorted() == (0..<103).map(Float.init))
    }
  }

  @Test func theRemainderIsDropped() throws {
    let loader = try BatchLoader(numbers(103), batchSize: 10, seed: 5)
    #expect(loader.batchCount == 10)
    let seen = inputs(loader.batches(inEpoch: 0))
    #expect(seen.count == 100)
    #expect(Set(seen).count == 100)
  }

  @Test func ordersDifferByEpochAndSeed() throws {
    let set = try numbers(50)
    let loader = try BatchLoader(set, batchSize: 10, seed: 5)
    let other = try BatchLoader(set, batchSize: 10, seed: 6)
    let first = inputs(loader.batches(inEpoch: 0))
    #expect(first == inputs(loader.batches(inEpoch: 0)))
    #expect(first != inputs(loader.batches(inEpoch: 1)))
    #expect(first != inputs(other.batches(inEpoch: 0)))
    #expect(first != first.sorted())
  }

  /// Resuming at (epoch, batch) gives the rest of the epoch, changed images included.
  @Test(arguments: [0, 1, 4])
  func resumingIsExact(_ prefetchCount: Int) throws {
    let loader = try BatchLoader(
      images(40), batchSize: 8, seed: 5, augmentation: Augmentation(padding: 2),
      prefetchCount: prefetchCount)
    let whole = Array(loader.batches(inEpoch: 3))
    let rest = Array(loader.batches(inEpoch: 3, from: 2))
    #expect(whole.count == 5)
    #expect(rest.map(\.input) == whole[2...].map(\.input))
    #expect(Array(loader.batches(inEpoch: 3, from: 5)).isEmpty)
  }

  /// Whatever the queue does, batches come in order, and a reader may leave at any time.
  @Test func abandonedEpochsEnd() throws {
    let loader = try BatchLoader(images(64), batchSize: 4, seed: 5, prefetchCount: 3)
    for count in 0..<8 {
      let seen = loader.batches(inEpoch: count).prefix(count)
      #expect(seen.map(\.input.shape) == Array(repeating: [4, 6, 5, 3], count: count))
    }
  }

  @Test func whatFillsNoBatchIsRefused() throws {
    let set = try numbers(5)
    #expect(throws: DataError.self) { try BatchLoader(set, batchSize: 6, seed: 0) }
    #expect(try BatchLoader(set, batchSize: 6, seed: 0, remainder: .kept).batchCount == 1)
    #expect(throws: DataError.self) {
      try BatchLoader(set, batchSize: 2, seed: 0, augmentation: Augmentation())
    }
  }

  /// Each changed image is some crop, mirrored or not, of the padded original; and not always the
  /// same one.
  @Test func augmentationCropsAndMirrors() throws {
    let set = try images(24)
    let loader = try BatchLoader(
      set, batchSize: 24, seed: 9, augmentation: Augmentation(padding: 1, mirrors: true))
    let plain = try BatchLoader(set, batchSize: 24, seed: 9)
    let changed = try #require(Array(loader.batches(inEpoch: 0)).first).input
    let original = try #require(Array(plain.batches(inEpoch: 0)).first).input
    var kinds: Set<[Int]> = []
    for image in 0..<24 {
      let kind = (0..<18).first { kind in
        let (down, right) = (kind % 3 - 1, kind / 3 % 3 - 1)
        return (0..<6).allSatisfy { y in
          (0..<5).allSatisfy { x in
            let (row, column) = (y + down, (kind >= 9 ? 4 - x : x) + right)
            let isInside = 0..<6 ~= row && 0..<5 ~= column
            return (0..<3).allSatisfy {
              changed[image, y, x, $0] == (isInside ? original[image, row, column, $0] : 0)
            }
          }
        }
      }
      kinds.insert([try #require(kind)])
    }
    #expect(kinds.count > 6)
  }

  @Test func validationIsSplitOffInProportion() throws {
    let whole = try numbers(90)
    let splits = DatasetSplits(cutting: whole, testCount: 30, seed: 1)
      .splittingOffValidation(count: 20, seed: 2)
    let validation = try #require(splits.validation)
    let parts = [splits.training, validation, splits.test]
    #expect(parts.map(\.count) == [40, 20, 30])
    let seen = parts.flatMap { $0.batch(Array(0..<$0.count)).input.elements }
    #expect(seen.sorted() == (0..<90).map(Float.init))
    #expect(splits.test.exampleClasses?.count { $0 == 2 } == 10)
    let classes = try #require(validation.exampleClasses)
    let counts = (0..<3).map { label in classes.count { $0 == label } }
    #expect(counts.sorted() == [6, 7, 7])
    #expect(
      DatasetSplits(cutting: whole, testCount: 30, seed: 1).test.checksum == splits.test.checksum)
    #expect(
      DatasetSplits(cutting: whole, testCount: 30, seed: 3).test.checksum != splits.test.checksum)
  }
}

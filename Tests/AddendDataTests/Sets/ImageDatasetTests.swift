import AddendData
import AddendTensors
import Testing

@Suite struct ImageDatasetTests {
  private func set(pixels: Int, labels: [Int32]) throws(DataError) -> ImageDataset {
    try ImageDataset(
      name: "set", path: "set", shape: [1, 2, 3],
      pixels: (0..<pixels).map { UInt8(truncatingIfNeeded: $0 * 40) },
      labels: labels, classNames: ["a", "b"],
      normalization: PixelNormalization(mean: [0.1, 0.2, 0.3], deviation: [1, 2, 4]))
  }

  /// Bit for bit the definition, channel by channel.
  @Test func pixelsAreNormalised() throws {
    let batch = try set(pixels: 6, labels: [1]).batch([0, 0])
    let (mean, deviation): ([Float], [Float]) = ([0.1, 0.2, 0.3], [1, 2, 4])
    let expected = (0..<6).map { (i: Int) -> Float in
      (Float(40 * i) / 255 - mean[i % 3]) / deviation[i % 3]
    }
    #expect(batch.input == Tensor([2, 1, 2, 3], expected + expected))
    #expect(batch.targets == .classes([1, 1]))
  }

  /// Bytes become the numbers that a batch of numbers holds, in every format to the bit.
  @Test func bytesBecomeTheSameNumbers() throws {
    let set = try set(pixels: 18, labels: [1, 0, 1])
    let part = Subset(set, [2, 0])
    let (numbers, bytes) = (part.batch([0, 1]), part.byteBatch([0, 1]))
    #expect(bytes.input == numbers.input && bytes.targets == numbers.targets && bytes.count == 2)
    #expect(bytes.input(as: Double.self) == Tensor<Double>(numbers.input))
    #expect(bytes.input(as: LNS16.self) == Tensor<LNS16>(numbers.input))
    let second = bytes.gathered([1], targets: .classes([1]), lengths: nil)
    #expect(second.input == set.batch([0]).input)
  }

  @Test func labelsMustFitTheImages() {
    #expect(
      throws: DataError.invalidContent(
        path: "set", reason: "there are 1 inputs but 2 labels")
    ) { try set(pixels: 6, labels: [0, 1]) }
    #expect(
      throws: DataError.invalidContent(
        path: "set", reason: "example 0 has the label 2, expected 0 to 1")
    ) { try set(pixels: 6, labels: [2]) }
    #expect(throws: DataError.invalidContent(path: "set", reason: "it has no examples")) {
      try set(pixels: 0, labels: [])
    }
  }

  @Test func theChecksumSeesPixelsAndLabels() throws {
    let first = try set(pixels: 6, labels: [0]).checksum
    #expect(try set(pixels: 6, labels: [0]).checksum == first)
    #expect(try set(pixels: 6, labels: [1]).checksum != first)
  }
}

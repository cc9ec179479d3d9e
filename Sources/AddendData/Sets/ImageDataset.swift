public import AddendTensors

/// Images of one size, kept as bytes and turned into numbers a batch at a time.
///
/// Shapes: a batch is `[batch, height, width, channels]`.
///
/// Cost: memory for one byte a sample and four a label; a batch takes one table look-up a sample.
public struct ImageDataset: Dataset {
  public let name: String
  public let inputShape: Shape
  public let classNames: [String]
  public let checksum: String
  private let pixels: [UInt8]
  private let labels: [Int32]
  private let scale: PixelNormalization
  /// What each byte becomes, 256 entries for each channel.
  private let table: [Float]

  /// - Parameters:
  ///   - pixels: `[count, height, width, channels]`.
  ///   - path: what messages call the source.
  /// - Throws: `DataError.invalidContent` for an empty set, where images and labels differ in
  ///   number, and for a label without a class.
  public init(
    name: String, path: String, shape: Shape, pixels: [UInt8], labels: [Int32],
    classNames: [String], normalization: PixelNormalization
  ) throws(DataError) {
    precondition(shape.rank == 3, "an image is [height, width, channels]")
    let imageCount = shape.count == 0 ? 0 : pixels.count / shape.count
    try LabelCheck.check(labels, inputCount: imageCount, classCount: classNames.count, path: path)
    precondition(pixels.count == labels.count * shape.count, "pixels fill their images")
    self.name = name
    inputShape = shape
    self.classNames = classNames
    self.pixels = pixels
    self.labels = labels
    scale = normalization
    table = normalization.table(channels: shape[2])
    checksum = Digest(of: labels, continuing: Digest(of: pixels)).description
  }

  public var count: Int { labels.count }
  public var exampleClasses: [Int32]? { labels }
  public var examplePixels: [UInt8]? { pixels }
  public var normalization: PixelNormalization? { scale }

  public func batch(_ indices: [Int]) -> Batch {
    let size = inputShape.count
    let input = Tensor<Float>(inputShape.batched(indices.count)) { span in
      for (row, index) in indices.enumerated() {
        PixelNormalization.convert(
          pixels.span.extracting(index * size..<(index + 1) * size), by: table.span,
          into: &span, at: row * size)
      }
    }
    return Batch(input: input, targets: .classes(indices.map { labels[$0] }))
  }

  public func byteBatch(_ indices: [Int]) -> Batch {
    let size = inputShape.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(indices.count * size)
    for index in indices { bytes += pixels[index * size..<(index + 1) * size] }
    return Batch(
      pixels: PixelBlock(
        shape: inputShape.batched(indices.count), bytes: bytes, normalization: scale),
      targets: .classes(indices.map { labels[$0] }))
  }
}

/// The checks that every labelled set makes of its labels.
enum LabelCheck {
  static func check(
    _ labels: [Int32], inputCount: Int, classCount: Int, path: String
  ) throws(DataError) {
    guard inputCount > 0 else { throw .invalidContent(path: path, reason: "it has no examples") }
    guard labels.count == inputCount else {
      throw .invalidContent(
        path: path, reason: "there are \(inputCount) inputs but \(labels.count) labels")
    }
    let classes = 0..<Int32(classCount)
    if let stranger = labels.firstIndex(where: { !classes.contains($0) }) {
      throw .invalidContent(
        path: path,
        reason:
          "example \(stranger) has the label \(labels[stranger]), expected 0 to \(classCount - 1)")
    }
  }
}

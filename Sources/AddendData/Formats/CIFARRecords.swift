/// The records of one binary CIFAR-10 file: images with the channels moved last, and labels.
///
/// The format (Krizhevsky, *Learning multiple layers of features from tiny images*, 2009, binary
/// version): records of 3,073 bytes, the label and then 32·32 red, green and blue bytes.
package struct CIFARRecords: Equatable, Sendable {
  /// `[count, 32, 32, 3]`.
  package private(set) var pixels: [UInt8] = []
  package private(set) var labels: [UInt8] = []

  private static let plane = 32 * 32

  package init() {}

  package mutating func append(_ bytes: ArraySlice<UInt8>, path: String) throws(DataError) {
    let recordCount = bytes.count / (1 + 3 * Self.plane)
    guard !bytes.isEmpty, bytes.count % (1 + 3 * Self.plane) == 0 else {
      throw .malformed(
        path: path, format: "CIFAR-10", reason: "its \(bytes.count) bytes are no whole records")
    }
    for record in 0..<recordCount {
      let label = bytes[bytes.startIndex + record * (1 + 3 * Self.plane)]
      guard label < 10 else {
        throw .invalidContent(
          path: path, reason: "record \(record) has the label \(label), expected 0 to 9")
      }
      labels.append(label)
    }
    appendPixels(bytes.span, recordCount)
  }

  private mutating func appendPixels(_ source: Span<UInt8>, _ recordCount: Int) {
    let first = pixels.count
    pixels += [UInt8](repeating: 0, count: recordCount * 3 * Self.plane)
    var target = pixels.mutableSpan
    for record in 0..<recordCount {
      let from = record * (1 + 3 * Self.plane) + 1
      let to = first + record * 3 * Self.plane
      for pixel in 0..<Self.plane {
        for channel in 0..<3 {
          target[to + 3 * pixel + channel] = source[from + channel * Self.plane + pixel]
        }
      }
    }
  }
}

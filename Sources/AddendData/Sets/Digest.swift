internal import AddendKernels

/// A digest of a data set's content for reports: CRC-32, by zlib.
///
/// It tells apart sets that differ by accident; files from the network are held to a SHA-256.
struct Digest: CustomStringConvertible {
  private let value: UInt32

  init(of bytes: [UInt8], continuing before: Digest? = nil) {
    value = crc32(bytes.span, after: before?.value ?? 0)
  }

  /// Of the elements' bytes in memory.
  init<Element: BitwiseCopyable>(of elements: [Element], continuing before: Digest? = nil) {
    value = crc32(bytes(of: elements.span), after: before?.value ?? 0)
  }

  /// `crc32:1a2b3c4d`.
  var description: String {
    let digits = String(value, radix: 16)
    return "crc32:" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}

/// A digest of a data set's content for reports: CRC-32, by zlib.
///
/// It tells apart sets that differ by accident; files from the network are held to a SHA-256.
struct Digest: CustomStringConvertible {
  private let value: UInt32

  init(of bytes: [UInt8], continuing before: Digest? = nil) {
    value = Inflater.checksum(bytes.span, continuing: before?.value ?? 0)
  }

  /// Of the elements' bytes in memory.
  init<Element: BitwiseCopyable>(of elements: [Element], continuing before: Digest? = nil) {
    // Safe: the bytes live as long as the closure, and every byte of a number is initialised.
    value = unsafe elements.withUnsafeBytes { bytes in
      unsafe Inflater.checksum(
        Span(_unsafeElements: bytes.bindMemory(to: UInt8.self)), continuing: before?.value ?? 0)
    }
  }

  /// `crc32:1a2b3c4d`.
  var description: String {
    let digits = String(value, radix: 16)
    return "crc32:" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}

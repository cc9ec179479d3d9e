internal import AddendKernels

/// The constants of `.addend` files; `docs/archive-format.md` describes the whole.
public enum ArchiveFormat {
  /// The version that is written, and the newest that is read.
  public static let version = 1
  /// Payloads begin at multiples of this, so that a mapped file's tensors lie as tensors do.
  public static let alignment = 64
  /// How many axes a section's shape may have.
  public static let rankLimit = 8

  // As PNG's: the first byte is not ASCII and both line endings occur, so that a transfer as text
  // shows at once.
  static let magic: [UInt8] = [0x89] + Array("ADDN".utf8) + [0x0D, 0x0A, 0x1A]

  static let fileHeaderByteCount = 16
  static let endMarkerByteCount = 16
  /// A header's length beyond this is damage: 28 bytes, extents, two names and padding fit well.
  static let headerByteLimit = 1 << 17

  static var fileHeader: [UInt8] {
    var header = magic
    header.append(littleEndian: UInt32(version))
    header.append(littleEndian: crc32(header.span))
    return header
  }

  /// What follows the last section: a header length of 0, how many sections there were, and the
  /// checksum of their headers' checksums in order.
  static func endMarker(sectionCount: Int, headerChecksums: UInt32) -> [UInt8] {
    var marker: [UInt8] = [0, 0, 0, 0]
    marker.append(littleEndian: UInt32(sectionCount))
    marker.append(littleEndian: headerChecksums)
    marker.append(littleEndian: crc32(marker.span))
    return marker
  }
}

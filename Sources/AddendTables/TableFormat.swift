internal import AddendKernels

// Entries are memory as it lies. On a big-endian machine they would have to be turned around.
#if !_endian(little)
  #error("tables are little-endian, and so must the machine be")
#endif

/// The constants of table files; `docs/table-format.md` describes the whole.
public enum TableFormat {
  /// The version that is written, and the newest that is read.
  public static let version = 1

  static let magic: [UInt8] = [0x89] + Array("ADDT".utf8) + [0x0D, 0x0A, 0x1A]
  /// Of a header without notes.
  static let fixedByteCount = 112
  static let alignment = 64
  static let pageByteCount = 4096
  /// Zeros behind the last row, so that a vector may be read from any entry.
  static let paddingByteCount = 64
  static let recordByteCount = 24
  static let noteByteLimit = 1 << 20

  static func aligned(_ offset: Int, to border: Int) -> Int {
    (offset + border - 1) / border * border
  }
}

/// What is known of one row when it was computed: written behind it, checked when a build goes on.
struct TableRowRecord: Hashable, Sendable {
  /// Of the row's bytes.
  let checksum: UInt32
  /// `Σ (entry − result)²`.
  let error: Double
  /// `Σ result²`.
  let energy: Double

  init(of row: Span<UInt8>, error: Double, energy: Double) {
    checksum = crc32(row)
    self.error = error
    self.energy = energy
  }

  /// `nil` where the bytes are no record: never written, or damaged.
  init?(_ bytes: Span<UInt8>) {
    guard bytes.count == TableFormat.recordByteCount else { return nil }
    checksum = UInt32(bytes.number(at: 0, count: 4))
    error = Double(bitPattern: bytes.number(at: 8, count: 8))
    energy = Double(bitPattern: bytes.number(at: 16, count: 8))
    guard UInt32(bytes.number(at: 4, count: 4)) == Self.seal(bytes) else { return nil }
  }

  /// Never 0, so that zeros are no record.
  private static func seal(_ bytes: Span<UInt8>) -> UInt32 {
    crc32(bytes.extracting(last: 16), after: crc32(bytes.extracting(first: 4))) | 1
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(checksum)
    bytes.append(UInt32(0))
    bytes.append(error.bitPattern)
    bytes.append(energy.bitPattern)
    let seal = Self.seal(bytes.span)
    for b in 0..<4 { bytes[4 + b] = UInt8(truncatingIfNeeded: seal >> UInt32(8 * b)) }
    return bytes
  }
}

extension [UInt8] {
  mutating func append(_ number: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}

extension Span<UInt8> {
  /// The little-endian number in `count` bytes from `offset` on.
  func number(at offset: Int, count: Int) -> UInt64 {
    var number: UInt64 = 0
    for b in 0..<count { number |= UInt64(self[offset + b]) << UInt64(8 * b) }
    return number
  }
}

public import AddendFiles

/// A TensorBoard event file: scalars against steps.
///
/// The format is TFRecord: for each record its length (8 bytes, little-endian), the length's masked
/// CRC-32C, the record and its masked CRC-32C. A record is an `Event` protocol buffer with
/// `wall_time` (1), `step` (2), and `file_version` (3) or `summary` (5) with one `Value` of `tag` (1)
/// and `simple_value` (2).
public struct TensorBoardLog: ~Copyable {
  private let file: LogFile

  /// Opens a new event file in `directory`; `wallTime` is seconds since 1970.
  /// - Throws: `FileError`.
  public init(directory: String, wallTime: Double, processIdentifier: Int32) throws(FileError) {
    try createDirectory(at: directory)
    let name = "events.out.tfevents.\(Int(wallTime)).addend.\(processIdentifier)"
    let file = try LogFile(creating: directory + "/" + name)
    var event = ProtocolBuffer()
    event.append(field: 1, wallTime)
    event.append(field: 3, Array("brain.Event:2".utf8))
    try file.append(event.record.span)
    self.file = file
  }

  /// Adds one point to the curve called `tag`.
  /// - Throws: `FileError`.
  public func add(
    _ tag: String, _ value: Double, step: Int, wallTime: Double
  ) throws(FileError) {
    var point = ProtocolBuffer()
    point.append(field: 1, Array(tag.utf8))
    point.append(field: 2, Float(value))
    var summary = ProtocolBuffer()
    summary.append(field: 1, point.bytes)
    var event = ProtocolBuffer()
    event.append(field: 1, wallTime)
    event.append(field: 2, UInt64(max(0, step)))
    event.append(field: 5, summary.bytes)
    try file.append(event.record.span)
  }
}

/// The few wire types that an event needs.
private struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func append(field: Int, _ value: UInt64) {
    appendVarint(UInt64(field << 3))
    appendVarint(value)
  }

  mutating func append(field: Int, _ value: Double) {
    appendVarint(UInt64(field << 3 | 1))
    bytes += value.bitPattern.littleEndianBytes
  }

  mutating func append(field: Int, _ value: [UInt8]) {
    appendVarint(UInt64(field << 3 | 2))
    appendVarint(UInt64(value.count))
    bytes += value
  }

  mutating func append(field: Int, _ value: Float) {
    appendVarint(UInt64(field << 3 | 5))
    bytes += value.bitPattern.littleEndianBytes
  }

  /// The message framed as a TFRecord.
  var record: [UInt8] {
    let length = UInt64(bytes.count).littleEndianBytes
    return length + CRC32C.masked(length).littleEndianBytes + bytes
      + CRC32C.masked(bytes).littleEndianBytes
  }

  private mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Castagnoli's checksum, bit-reflected polynomial 0x82F63B78.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)] }
  }

  /// The checksum as TFRecord stores it: rotated, and moved by a constant, so that a checksum of data
  /// that holds checksums is not weak.
  static func masked(_ bytes: [UInt8]) -> UInt32 {
    let crc = checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}

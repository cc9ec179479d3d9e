internal import AddendKernels

/// The members of a ZIP file, stored or deflated: what NumPy writes as `.npz`.
///
/// The format: PKWARE, *.ZIP File Format Specification*, 6.3. Read through the central directory;
/// encrypted, split and ZIP64 files are refused.
package struct ZIPArchive {
  private let content: [UInt8]
  private let path: String
  private var members: [String: Member] = [:]

  private struct Member {
    let isDeflated: Bool
    let checksum: UInt32
    let packedCount: Int
    let count: Int
    let offset: Int
  }

  package init(_ content: [UInt8], path: String) throws(DataError) {
    self.content = content
    self.path = path
    // The end record is 22 bytes and may be followed by a comment of up to 65,535.
    let tail = content.suffix(22 + 0xFFFF)
    guard
      content.count >= 22,
      let end = (tail.startIndex...tail.endIndex - 22).last(where: {
        content[$0..<$0 + 4] == [0x50, 0x4B, 5, 6]
      })
    else { throw .malformed(path: path, format: "ZIP", reason: "it has no directory at its end") }
    var record = ByteReader(content[(end + 8)...], path: path, format: "ZIP")
    _ = try record.littleEndian(byteCount: 2)
    let count = try record.littleEndian(byteCount: 2)
    _ = try record.littleEndian(byteCount: 4)
    let start = try record.littleEndian(byteCount: 4)
    guard start <= end, count < 0xFFFF else {
      throw record.malformed("its directory lies outside of it, or it is a ZIP64 file")
    }
    var reader = ByteReader(content[start..<end], path: path, format: "ZIP")
    for _ in 0..<count { try readEntry(&reader) }
  }

  /// The names of the members, in alphabetical order.
  package var names: [String] { members.keys.sorted() }

  private mutating func readEntry(_ reader: inout ByteReader) throws(DataError) {
    guard try reader.littleEndian(byteCount: 4) == 0x0201_4B50 else {
      throw reader.malformed("its directory is damaged")
    }
    _ = try reader.bytes(4)
    let flags = try reader.littleEndian(byteCount: 2)
    let method = try reader.littleEndian(byteCount: 2)
    _ = try reader.bytes(4)
    let checksum = try reader.littleEndian(byteCount: 4)
    let packedCount = try reader.littleEndian(byteCount: 4)
    let count = try reader.littleEndian(byteCount: 4)
    let nameCount = try reader.littleEndian(byteCount: 2)
    let extraCount = try reader.littleEndian(byteCount: 2)
    let commentCount = try reader.littleEndian(byteCount: 2)
    _ = try reader.bytes(8)
    let offset = try reader.littleEndian(byteCount: 4)
    let name = String(decoding: try reader.bytes(nameCount), as: UTF8.self)
    _ = try reader.bytes(extraCount + commentCount)
    guard flags & 1 == 0, method == 0 || method == 8 else {
      throw reader.malformed("member '\(name)' is encrypted or packed by method \(method)")
    }
    guard packedCount < 0xFFFF_FFFF, count < 0xFFFF_FFFF, offset < 0xFFFF_FFFF else {
      throw reader.malformed("member '\(name)' needs ZIP64, which is not read")
    }
    members[name] = Member(
      isDeflated: method == 8, checksum: UInt32(checksum), packedCount: packedCount, count: count,
      offset: offset)
  }

  /// A member's content, its check sum verified; `nil` where there is none of that name.
  package func content(of name: String) throws(DataError) -> [UInt8]? {
    guard let member = members[name] else { return nil }
    let place = "\(path)/\(name)"
    var reader = ByteReader(content[...], path: place, format: "ZIP")
    _ = try reader.bytes(member.offset)
    guard try reader.littleEndian(byteCount: 4) == 0x0403_4B50 else {
      throw reader.malformed("no member starts where the directory says")
    }
    _ = try reader.bytes(22)
    let nameCount = try reader.littleEndian(byteCount: 2)
    let extraCount = try reader.littleEndian(byteCount: 2)
    _ = try reader.bytes(nameCount + extraCount)
    let packed = try reader.bytes(member.packedCount)
    guard member.isDeflated || member.packedCount == member.count else {
      throw reader.malformed("it is stored, yet its two sizes differ")
    }
    let bytes =
      member.isDeflated
      ? try Inflater.inflate(packed, count: member.count, path: place) : Array(packed)
    guard crc32(bytes.span) == member.checksum else {
      throw reader.malformed("its check sum is wrong")
    }
    return bytes
  }
}

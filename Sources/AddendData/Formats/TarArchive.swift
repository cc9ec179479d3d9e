/// The regular files of a tar archive (POSIX ustar), by their last path component.
package struct TarArchive {
  private let content: [UInt8]
  private let members: [String: Range<Int>]

  package init(_ content: [UInt8], path: String) throws(DataError) {
    self.content = content
    var members: [String: Range<Int>] = [:]
    var reader = ByteReader(content[...], path: path, format: "tar")
    while reader.rest.contains(where: { $0 != 0 }) {
      let header = try reader.bytes(512)
      let field = { (range: Range<Int>) in header.dropFirst(range.lowerBound).prefix(range.count) }
      guard let size = Self.octal(field(124..<136)), size <= reader.rest.count else {
        throw reader.malformed("a member's size is unreadable or goes past the end")
      }
      guard Self.octal(field(148..<156)) == Self.checksum(header) else {
        throw reader.malformed("a member's header has a wrong check sum")
      }
      let start = reader.rest.startIndex
      // Only the last member may lack its filling up to whole blocks.
      _ = try reader.bytes(min((size + 511) & ~511, reader.rest.count))
      let name = String(decoding: field(0..<100).prefix { $0 != 0 }, as: UTF8.self)
      let isRegular = field(156..<157).first == 0 || field(156..<157).first == UInt8(ascii: "0")
      if isRegular, let last = name.split(separator: "/").last {
        members[String(last)] = start..<start + size
      }
    }
    self.members = members
  }

  /// The member's bytes, or `nil` where there is none of that name.
  package subscript(name: String) -> ArraySlice<UInt8>? { members[name].map { content[$0] } }

  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix {
      UInt8(ascii: "0")...UInt8(ascii: "7") ~= $0
    }
    return Int(String(decoding: digits, as: UTF8.self), radix: 8)
  }

  /// The sum of the header's bytes, its own check sum taken as spaces.
  private static func checksum(_ header: ArraySlice<UInt8>) -> Int {
    header.enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 32 : Int($1.element)) }
  }
}

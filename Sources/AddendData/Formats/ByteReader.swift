/// Reads numbers and runs of bytes from the front of a file's content, and refuses to pass its end.
struct ByteReader {
  private(set) var rest: ArraySlice<UInt8>
  let path: String
  let format: String

  init(_ bytes: ArraySlice<UInt8>, path: String, format: String) {
    rest = bytes
    self.path = path
    self.format = format
  }

  func malformed(_ reason: String) -> DataError {
    .malformed(path: path, format: format, reason: reason)
  }

  mutating func bytes(_ count: Int) throws(DataError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= rest.count else { throw malformed("it ends early") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func bigEndian(byteCount: Int = 4) throws(DataError) -> Int {
    try bytes(byteCount).reduce(0) { $0 << 8 | Int($1) }
  }

  mutating func littleEndian(byteCount: Int) throws(DataError) -> Int {
    try bytes(byteCount).reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}

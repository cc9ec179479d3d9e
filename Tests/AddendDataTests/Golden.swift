import AddendData
import AddendFiles
import AddendKernels
import AddendTestSupport
import Testing

/// The files beside the scripts that made them, `Tests/Golden`.
enum Golden {
  static func path(_ name: String) -> String {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/\(tests)/Golden/\(name)"
  }

  static func bytes(_ name: String) throws -> [UInt8] { try readAll(path(name)) }
}

/// The bytes of a file.
func readAll(_ path: String) throws -> [UInt8] { try readFile(at: path, byteLimit: 1 << 28) }

/// Demands that `read` makes of every damaged copy either a value or a `DataError` of one sentence.
func expectSentencesOnDamage<Value>(
  to file: [UInt8], copies: Int = 400, seed: UInt64, location: SourceLocation = #_sourceLocation,
  _ read: ([UInt8]) throws(DataError) -> Value
) {
  var refused = 0
  for copy in FileFuzzer(file, count: copies, seed: seed) {
    do throws(DataError) {
      _ = try read(copy)
    } catch {
      refused += 1
      #expect(isOneSentence(error.description), sourceLocation: location)
    }
  }
  #expect(refused > 0, "some damage is noticed", sourceLocation: location)
}

/// Bytes of `value`, the most significant first.
func bigEndian(_ value: Int) -> [UInt8] {
  (0..<4).reversed().map { UInt8(value >> (8 * $0) & 255) }
}

/// A gzip file that holds `content` in one stored block.
func gzipped(_ content: [UInt8]) -> [UInt8] {
  precondition(content.count < 1 << 16, "one stored block")
  let length = UInt16(content.count)
  let word = { (value: UInt32) in (0..<4).map { UInt8(value >> (8 * $0) & 255) } }
  let half = { (value: UInt16) in [UInt8(value & 255), UInt8(value >> 8)] }
  return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1] + half(length) + half(~length) + content
    + word(crc32(content.span)) + word(UInt32(content.count))
}

/// Calls `body` with the path of a file that holds `bytes` for so long.
func withTemporaryFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
  try withTemporaryDirectory { directory in
    let path = "\(directory)/file"
    try writeAtomically(bytes.span, to: path)
    try body(path)
  }
}

internal import CAddendDecoders

/// Decompression of gzip files and of the deflated members of a ZIP file, through zlib.
package enum Inflater {
  /// What a gzip file holds; members that follow each other are joined, as `gzip -d` does.
  ///
  /// - Throws: `DataError.malformed` for damage, a wrong check sum or an early end,
  ///   `DataError.tooLarge` once more than `limit` bytes come out.
  package static func gunzip(
    _ bytes: [UInt8], path: String, limit: Int = 1 << 31
  ) throws(DataError) -> [UInt8] {
    // The last four bytes give the length modulo 2³²: only a hint, and not believed beyond what
    // deflate can reach.
    let hint = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    return try inflate(
      bytes[...], .gzip, hint: min(hint, 1032 * bytes.count), path: path, limit: limit)
  }

  /// The `count` bytes that `bytes`, a bare deflate stream, unpacks to.
  package static func inflate(
    _ bytes: ArraySlice<UInt8>, count: Int, path: String
  ) throws(DataError) -> [UInt8] {
    // Deflate packs at most 1032 to 1: a greater promise is not worth the memory.
    guard count <= 1032 * bytes.count + 64 else {
      throw .malformed(path: path, format: "deflate", reason: "it promises too many bytes")
    }
    let result = try inflate(bytes, .raw, hint: count, path: path, limit: count)
    guard result.count == count else {
      throw .malformed(
        path: path, format: "deflate", reason: "\(result.count) bytes where \(count) are promised")
    }
    return result
  }

  private enum Wrapping {
    case raw, gzip

    var format: String { self == .gzip ? "gzip" : "deflate" }
  }

  /// zlib's state, destroyed with its last reference.
  // Invariant: the handle is made in `init`, lives until `deinit` and is never copied out.
  @safe private final class Stream {
    private let handle: OpaquePointer

    init?(_ wrapping: Wrapping) {
      let handle = unsafe addend_inflater_create(
        wrapping == .gzip ? ADDEND_INFLATE_GZIP : ADDEND_INFLATE_RAW)
      guard let handle = unsafe handle else { return nil }
      unsafe self.handle = handle
    }

    deinit { unsafe addend_inflater_destroy(handle) }

    func reset() { unsafe addend_inflater_reset(handle) }

    /// Unpacks from the start of `source` into the start of `destination`.
    func step(
      _ source: ArraySlice<UInt8>, into destination: inout [UInt8]
    ) -> (status: addend_inflate_status, consumed: Int, produced: Int) {
      var (consumed, produced) = (0, 0)
      // Safe: both extents are given, and C keeps no pointer beyond the call.
      let status = unsafe source.withUnsafeBufferPointer { source in
        unsafe destination.withUnsafeMutableBufferPointer { destination in
          unsafe addend_inflater_step(
            handle, source.baseAddress, source.count, &consumed, destination.baseAddress,
            destination.count, &produced)
        }
      }
      return (status, consumed, produced)
    }
  }

  private static func inflate(
    _ bytes: ArraySlice<UInt8>, _ wrapping: Wrapping, hint: Int, path: String, limit: Int
  ) throws(DataError) -> [UInt8] {
    func damage(_ reason: String) -> DataError {
      .malformed(path: path, format: wrapping.format, reason: reason)
    }
    guard let stream = Stream(wrapping) else { throw damage("no memory to unpack it") }
    var result: [UInt8] = []
    result.reserveCapacity(min(hint, limit))
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var rest = bytes
    while true {
      let (status, consumed, produced) = stream.step(rest.prefix(1 << 30), into: &chunk)
      rest = rest.dropFirst(consumed)
      guard result.count + produced <= limit else {
        throw .tooLarge(path: path, byteLimit: limit)
      }
      result.append(contentsOf: chunk[..<produced])
      switch status {
      case ADDEND_INFLATE_END:
        // Zeros may fill up a block after the last member.
        let isDone = wrapping == .raw || rest.allSatisfy { $0 == 0 }
        if isDone { return result }
        stream.reset()
      case ADDEND_INFLATE_MORE:
        if consumed == 0 && produced == 0 { throw damage("it ends early") }
      case ADDEND_INFLATE_MEMORY: throw damage("no memory to unpack it")
      default: throw damage("its compressed data are damaged")
      }
    }
  }
}

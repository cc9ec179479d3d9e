/// The bytes of the file (or pipe) at `path`.
///
/// The limit keeps a wrong path, or a file that grows while it is read, from filling the memory.
///
/// - Throws: `FileError`; `tooLarge` as soon as more than `byteLimit` bytes are seen.
public func readFile(at path: String, byteLimit: Int) throws(FileError) -> [UInt8] {
  precondition(byteLimit >= 0, "a limit is not negative")
  let file = try FileDescriptor.reading(path)
  let promised = try file.regularFileSize() ?? 0
  guard promised <= byteLimit else { throw .tooLarge(path: path, byteLimit: byteLimit) }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(promised)
  while try file.read(upTo: 1 << 20, into: &bytes) > 0 {
    guard bytes.count <= byteLimit else { throw .tooLarge(path: path, byteLimit: byteLimit) }
  }
  return bytes
}

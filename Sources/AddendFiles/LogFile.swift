/// A new file that grows at its end and that others may read meanwhile: a log.
public struct LogFile: ~Copyable {
  private let descriptor: FileDescriptor

  /// - Throws: `FileError`; also when something is at `path` already.
  public init(creating path: String) throws(FileError) {
    descriptor = try FileDescriptor.creating(path, calling: path)
  }

  /// Writes `bytes` after those already written.
  public func append(_ bytes: Span<UInt8>) throws(FileError) { try descriptor.write(bytes) }
}

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A file in the making that outlives the process that makes it: who comes later goes on with it.
///
/// The bytes lie beside their destination, under its name with `.building` behind it; `commit` syncs
/// them and renames. One process at a time has the file: a second one is refused.
public struct ResumableFile: ~Copyable {
  /// Where the file will be.
  public let path: String
  private let partialPath: String
  private let number: CInt

  /// What the unfinished file for `path` is called.
  public static func partialPath(for path: String) -> String { path + ".building" }

  /// Opens what an earlier process left for `path`, or an empty file.
  ///
  /// - Throws: `FileError`, also when another process is at it.
  public init(for path: String) throws(FileError) {
    let partialPath = Self.partialPath(for: path)
    var number = try Self.locked(partialPath, for: path)
    // Whoever held it may have put it at its path meanwhile: that one is finished, and not ours. Some
    // file systems know no file again; it is not asked for ever.
    for _ in 0..<8 where !Self.isFile(number, at: partialPath) {
      _ = close(number)
      number = try Self.locked(partialPath, for: path)
    }
    self.path = path
    self.partialPath = partialPath
    self.number = number
  }

  private static func locked(_ partialPath: String, for path: String) throws(FileError) -> CInt {
    let number = unsafe open(partialPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard number >= 0 else { throw FileError(errno, "opening", path) }
    guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      _ = close(number)
      guard code == EWOULDBLOCK else { throw FileError(code, "opening", path) }
      throw .failed(operation: "opening", path: path, reason: "another process is building it")
    }
    return number
  }

  /// Whether the open file is the one that lies at `path`.
  private static func isFile(_ number: CInt, at path: String) -> Bool {
    var (own, there) = (stat(), stat())
    guard unsafe fstat(number, &own) == 0, unsafe stat(path, &there) == 0 else { return false }
    return own.st_ino == there.st_ino && own.st_dev == there.st_dev
  }

  deinit { _ = close(number) }

  /// How many bytes there are.
  public func byteCount() throws(FileError) -> Int {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw FileError(errno, "reading", path) }
    return Int(status.st_size)
  }

  /// At most `count` bytes from byte `offset` on; fewer where the file ends before.
  public func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var failure: CInt = 0
    // Safe: the system writes at most `count` bytes, which is the capacity asked for.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      while filled < count {
        let rest = unsafe buffer.baseAddress.map { unsafe $0 + filled }
        let result = unsafe pread(number, rest, count - filled, off_t(offset + filled))
        if result < 0 && errno == EINTR { continue }
        if result < 0 { failure = errno }
        guard result > 0 else { return }
        filled += result
      }
    }
    guard failure == 0 else { throw FileError(failure, "reading", path) }
    return bytes
  }

  /// Writes all of `bytes` from byte `offset` on; what is skipped reads as zeros.
  public func write(_ bytes: Span<UInt8>, at offset: Int) throws(FileError) {
    // Safe: the call reads what it is handed.
    try unsafe writeAll(bytes, to: path) { rest, start in
      unsafe pwrite(number, rest.baseAddress, rest.count, off_t(offset + start))
    }
  }

  /// Cuts the file to `byteCount`, or lengthens it by zeros.
  public func resize(to byteCount: Int) throws(FileError) {
    guard ftruncate(number, off_t(byteCount)) == 0 else { throw FileError(errno, "writing", path) }
  }

  /// Puts the file at its path, on disk.
  public consuming func commit() throws(FileError) {
    guard fsync(number) == 0 else { throw FileError(errno, "writing", path) }
    try publishFile(partialPath, as: path)
  }
}

/// How many bytes whoever runs this process may still write to the file system on which `path` is, or
/// would be.
///
/// - Throws: `FileError`; `notFound` when the directory is missing.
public func availableBytes(at path: String) throws(FileError) -> Int {
  let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  var status = statvfs()
  guard unsafe statvfs(directory, &status) == 0 else { throw FileError(errno, "opening", path) }
  let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
    by: Int(clamping: status.f_frsize))
  return overflow ? .max : bytes
}

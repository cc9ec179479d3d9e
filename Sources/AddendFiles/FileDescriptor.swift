#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// An open file that closes itself: the system's calls with typed errors.
struct FileDescriptor: ~Copyable {
  private let number: CInt
  /// What the caller calls the file, for messages.
  private let path: String

  private init(number: CInt, path: String) {
    self.number = number
    self.path = path
  }

  static func reading(_ path: String) throws(FileError) -> FileDescriptor {
    try opened(path, O_RDONLY, calling: path)
  }

  /// A new file; it fails where `path` exists. Messages call it `name`.
  static func creating(_ path: String, calling name: String) throws(FileError) -> FileDescriptor {
    try opened(path, O_WRONLY | O_CREAT | O_EXCL, calling: name)
  }

  private static func opened(
    _ path: String, _ flags: CInt, calling name: String
  ) throws(FileError) -> FileDescriptor {
    let number = unsafe open(path, flags | O_CLOEXEC, 0o666)
    guard number >= 0 else { throw FileError(errno, "opening", name) }
    return FileDescriptor(number: number, path: name)
  }

  deinit { _ = close(number) }

  /// The size that the system promises; `nil` for what is not a regular file.
  func regularFileSize() throws(FileError) -> Int? {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw FileError(errno, "opening", path) }
    if status.st_mode & S_IFMT == S_IFDIR { throw .notAFile(path: path) }
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  /// Fills at most `count` more bytes into `bytes`; returns how many, 0 at the end.
  func read(upTo count: Int, into bytes: inout [UInt8]) throws(FileError) -> Int {
    var failure: CInt = 0
    // Safe: the system writes at most `count` bytes, which is the capacity asked for.
    let chunk = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var result = unsafe platformRead(number, buffer.baseAddress, count)
      while result < 0 && errno == EINTR {
        result = unsafe platformRead(number, buffer.baseAddress, count)
      }
      if result < 0 { failure = errno }
      filled = max(0, result)
    }
    guard failure == 0 else { throw FileError(failure, "reading", path) }
    bytes += chunk
    return chunk.count
  }

  /// Writes all of `bytes`.
  func write(_ bytes: Span<UInt8>) throws(FileError) {
    // Safe: the call reads what it is handed.
    try unsafe writeAll(bytes, to: path) { rest, _ in
      unsafe platformWrite(number, rest.baseAddress, rest.count)
    }
  }

  /// Waits until the disk holds what was written.
  func synchronize() throws(FileError) {
    guard fsync(number) == 0 else { throw FileError(errno, "writing", path) }
  }
}

/// Writes all of `bytes` by a call of the system that takes some of them, `rest` from byte `start`
/// on, and returns how many, or less than 0 with `errno` set.
func writeAll(
  _ bytes: Span<UInt8>, to path: String,
  by call: (_ rest: UnsafeRawBufferPointer, _ start: Int) -> Int
) throws(FileError) {
  var failure: CInt = 0
  unsafe bytes.withUnsafeBytes { buffer in
    var start = 0
    while start < buffer.count {
      // Safe: the slice from `start` ends with the buffer.
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[start...])
      let written = unsafe call(rest, start)
      if written < 0 && errno == EINTR { continue }
      guard written >= 0 else {
        failure = errno
        return
      }
      start += written
    }
  }
  guard failure == 0 else { throw FileError(failure, "writing", path) }
}

// Inside the type, its own `read` and `write` hide the system's.
private let platformRead = unsafe read(_:_:_:)
let platformWrite = unsafe write(_:_:_:)

extension FileError {
  /// What the system's error `code`, an `errno`, means for `path`.
  public init(systemError code: Int32, _ operation: String, _ path: String) {
    self.init(code, operation, path)
  }

  /// What the system's error `code` means for `path`.
  init(_ code: CInt, _ operation: String, _ path: String) {
    switch code {
    case ENOENT, ENOTDIR: self = .notFound(path: path)
    case EACCES, EPERM, EROFS: self = .notPermitted(path: path)
    case EISDIR: self = .notAFile(path: path)
    case ENOSPC, EDQUOT: self = .diskFull(path: path)
    default:
      // Safe: strerror returns a terminated string that outlives this copy.
      let reason = unsafe String(cString: strerror(code))
      self = .failed(operation: operation, path: path, reason: reason)
    }
  }
}

/// Why a file could not be read or written.
public enum FileError: Error, Equatable, Sendable, CustomStringConvertible {
  case notFound(path: String)
  case notPermitted(path: String)
  /// A directory, a device or a pipe where a file was meant.
  case notAFile(path: String)
  case diskFull(path: String)
  case tooLarge(path: String, byteLimit: Int)
  /// Anything else, in the system's words.
  case failed(operation: String, path: String, reason: String)

  public var path: String {
    switch self {
    case .notFound(let path), .notPermitted(let path), .notAFile(let path), .diskFull(let path),
      .tooLarge(let path, _), .failed(_, let path, _):
      path
    }
  }

  public var description: String {
    switch self {
    case .notFound(let path): "'\(path)' does not exist"
    case .notPermitted(let path): "'\(path)' may not be opened: permission denied"
    case .notAFile(let path): "'\(path)' is not a file"
    case .diskFull(let path): "'\(path)' could not be written: the disk is full"
    case .tooLarge(let path, let limit): "'\(path)' is larger than \(limit) bytes"
    case .failed(let operation, let path, let reason): "'\(path)': \(operation) failed: \(reason)"
    }
  }
}

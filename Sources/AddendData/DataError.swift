public import AddendCatalogue
public import AddendFiles

/// Why data could not be had.
public enum DataError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name or the parameters of the data set are wrong.
  case specification(CatalogueError)
  /// A file or folder could not be opened, read or written.
  case file(FileError)
  /// A program that fetches or verifies files could not be run.
  case command(String, reason: String)
  /// A file unpacks to more than its reader takes.
  case tooLarge(path: String, byteLimit: Int)
  /// Bytes are not of the format that they should have.
  case malformed(path: String, format: String, reason: String)
  /// The bytes are read, but what they say makes no data set.
  case invalidContent(path: String, reason: String)
  /// No place has the files of a data set.
  case notFound(dataset: String, searched: [String], remedy: String)
  case downloadFailed(address: String, reason: String)
  case checksumMismatch(path: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .specification(let error): error.description
    case .file(let error): error.description
    case .command(let name, let reason): "the command \(name) could not be run: \(reason)"
    case .tooLarge(let path, let limit): "'\(path)' unpacks to more than the \(limit) bytes allowed"
    case .malformed(let path, let format, let reason):
      "'\(path)' is not a valid \(format) file: \(reason)"
    case .invalidContent(let path, let reason): "'\(path)' makes no data set: \(reason)"
    case .notFound(let dataset, let searched, let remedy):
      "no files of \(dataset) in \(searched.map { "'\($0)'" }.joined(separator: ", ")); \(remedy)"
    case .downloadFailed(let address, let reason): "\(address) could not be fetched: \(reason)"
    case .checksumMismatch(let path, let expected, let found):
      "'\(path)' has the checksum \(found), expected \(expected)"
    }
  }
}

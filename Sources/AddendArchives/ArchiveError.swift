public import AddendCatalogue
public import AddendFiles
public import AddendNetworks
public import AddendTensors

/// Why a file was not written or not taken for what it should be.
public enum ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Another kind of file.
  case foreign(expected: String)
  case newer(version: Int, supported: Int)
  /// The file ends before its content does.
  case truncated(byteCount: Int)
  /// A checksum does not fit what it stands for.
  case altered(part: String)
  /// The checksums fit, but what they protect makes no sense.
  case malformed(part: String, reason: String)
  /// A sound file, but of something else than what it is read for.
  case stranger(part: String, found: String, expected: String)
  case missing(section: String)
  /// A section that the model has no place for.
  case unexpected(section: String)
  case mismatch(section: String, expected: String, found: String)
  /// The sections were read, but what they hold does not fit together.
  case state(path: String, TensorError)
  case network(NetworkError)
  case document(section: String, JSONError)
  case file(FileError)

  public var description: String {
    switch self {
    case .foreign(let expected): "this is not \(expected)"
    case .newer(let version, let supported):
      "the archive has format version \(version), but only versions up to \(supported) are understood"
    case .truncated(let byteCount): "the file is cut off after \(byteCount) bytes"
    case .altered(let part): "\(part) was altered: its checksum does not fit"
    case .malformed(let part, let reason): "\(part) is malformed: \(reason)"
    case .stranger(let part, let found, let expected): "\(part) is \(found), expected \(expected)"
    case .missing(let section): "the section '\(section)' is missing"
    case .unexpected(let section): "the section '\(section)' belongs to nothing in the network"
    case .mismatch(let section, let expected, let found):
      "the section '\(section)' holds \(found), expected \(expected)"
    case .state(let path, let error): "\(path): \(error)"
    case .network(let error): "the archive's network cannot be built: \(error)"
    case .document(let section, let error): "the section '\(section)' is not JSON: \(error)"
    case .file(let error): "\(error)"
    }
  }
}

/// `body`, a failure of the file system turned into an archive's.
func onFile<Result: ~Copyable>(
  _ body: () throws(FileError) -> Result
) throws(ArchiveError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}

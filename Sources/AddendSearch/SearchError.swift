public import AddendFiles

/// Why a stored search was not taken up, or not stored.
public enum SearchError: Error, Equatable, Sendable, CustomStringConvertible {
  case file(FileError)
  /// The file is no stored search, or a damaged one.
  case malformed(path: String, reason: String)
  /// The file holds another search.
  case mismatch(path: String, member: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .malformed(let path, let reason): "'\(path)' holds no search: \(reason)"
    case .mismatch(let path, let member, let expected, let found):
      "'\(path)' holds another search: its \(member) is \(found), not \(expected)"
    }
  }
}

/// Why a text is not JSON, and where; lines and columns (in characters' scalars) count from 1.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Problem: Equatable, Sendable {
    /// `found` is a character in quotes or `the end`.
    case unexpected(found: String, expected: String)
    case duplicateKey(String)
    case numberTooLarge(String)
    case tooDeep(limit: Int)
    case notUTF8
  }

  public let line: Int
  public let column: Int
  public let problem: Problem

  public var description: String {
    let what =
      switch problem {
      case .unexpected(let found, let expected): "expected \(expected), found \(found)"
      case .duplicateKey(let key): "the key '\(key)' is given twice in one object"
      case .numberTooLarge(let text): "the number \(text) is beyond the range of a double"
      case .tooDeep(let limit): "more than \(limit) arrays and objects lie inside each other"
      case .notUTF8: "the text is not UTF-8"
      }
    return "line \(line), column \(column): \(what)"
  }
}

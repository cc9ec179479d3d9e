/// Why a name with parameters was refused.
public enum CatalogueError: Error, Equatable, Sendable, CustomStringConvertible {
  case malformed(text: String)
  case notASpecification(found: String)
  case duplicateParameter(of: String, parameter: String)
  case unknownName(noun: String, name: String, known: [String])
  case unknownParameter(of: String, parameter: String, known: [String])
  case missingParameter(of: String, parameter: String)
  case invalidParameter(of: String, parameter: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .malformed(let text):
      "'\(text)' is not of the form name:key=value,key=value"
    case .notASpecification(let found):
      "expected an object with the name as its member 'kind', found \(found)"
    case .duplicateParameter(let owner, let parameter):
      "\(owner): parameter '\(parameter)' is given twice"
    case .unknownName(let noun, let name, let known):
      "no \(noun) is called '\(name)'; there are \(known.joined(separator: ", "))"
    case .unknownParameter(let owner, let parameter, let known):
      known.isEmpty
        ? "\(owner) has no parameter '\(parameter)', it takes none"
        : "\(owner) has no parameter '\(parameter)'; it takes \(known.joined(separator: ", "))"
    case .missingParameter(let owner, let parameter):
      "\(owner): parameter '\(parameter)' is missing"
    case .invalidParameter(let owner, let parameter, let expected, let found):
      "\(owner): \(parameter) is \(found), expected \(expected)"
    }
  }
}

/// Why a tensor operation refused its arguments.
public enum TensorError: Error, Equatable, Sendable, CustomStringConvertible {
  case shapeMismatch(operation: String, argument: String, expected: String, found: Shape)
  case notTrainable(operation: String, reason: String)
  case invalidValue(operation: String, argument: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .shapeMismatch(let operation, let argument, let expected, let found):
      "\(operation): \(argument) has shape \(found), expected \(expected)"
    case .notTrainable(let operation, let reason):
      "\(operation) cannot be trained: \(reason)"
    case .invalidValue(let operation, let argument, let expected, let found):
      "\(operation): \(argument) is \(found), expected \(expected)"
    }
  }
}

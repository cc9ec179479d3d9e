/// A thing chosen by name with its parameters: `lookup:block=8,codewords=16`.
///
/// Maps, layers, optimizers, schedules and data sets are all written this way, on the command line
/// as text and in network files and archives as JSON (`{"kind": "lookup", "block": 8}`).
public struct Specification: Hashable, Sendable, CustomStringConvertible {
  public var name: String
  public var arguments: [String: ParameterValue]

  public init(_ name: String, _ arguments: [String: ParameterValue] = [:]) {
    self.name = name
    self.arguments = arguments
  }

  /// Reads `name` or `name:key=value,key=value`.
  public init(parsing text: String) throws(CatalogueError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty else { throw .malformed(text: text) }
    self.init(String(name))
    guard parts.count == 2 else { return }
    for pair in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw .malformed(text: text)
      }
      guard arguments.updateValue(.text(String(sides[1])), forKey: String(sides[0])) == nil else {
        throw .duplicateParameter(of: self.name, parameter: String(sides[0]))
      }
    }
  }

  /// The text form, parameters in alphabetical order.
  public var description: String {
    guard !arguments.isEmpty else { return name }
    let pairs = arguments.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return "\(name):\(pairs.joined(separator: ","))"
  }
}

/// The value of one parameter.
public enum ParameterValue: Hashable, Sendable, CustomStringConvertible {
  case integer(Int)
  case number(Double)
  case flag(Bool)
  case text(String)
  /// Children: the layers inside a residual block.
  case list([Specification])

  public var description: String {
    switch self {
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .flag(let value): "\(value)"
    case .text(let value): value
    case .list(let values): "[\(values.map(\.description).joined(separator: "; "))]"
    }
  }
}

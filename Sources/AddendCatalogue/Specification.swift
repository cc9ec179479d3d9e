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
  ///
  /// A value in brackets is taken as it stands, commas included: so a specification is handed on,
  /// `convert:map=[lookup:block=8,encoder=hash],keep=last`. Brackets may lie inside brackets.
  public init(parsing text: String) throws(CatalogueError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty else { throw .malformed(text: text) }
    self.init(String(name))
    guard parts.count == 2 else { return }
    guard let pairs = Self.pairs(parts[1]) else { throw .malformed(text: text) }
    for pair in pairs {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw .malformed(text: text)
      }
      let value = sides[1].hasPrefix("[") ? sides[1].dropFirst().dropLast() : sides[1]
      guard arguments.updateValue(.text(String(value)), forKey: String(sides[0])) == nil else {
        throw .duplicateParameter(of: self.name, parameter: String(sides[0]))
      }
    }
  }

  /// Cuts `text` at the commas outside of values in brackets; `nil` unless each such value is closed
  /// and ends there.
  private static func pairs(_ text: Substring) -> [Substring]? {
    var pairs: [Substring] = []
    var (start, depth) = (text.startIndex, 0)
    var (last, isComplete): (Character, Bool) = (",", false)
    for index in text.indices {
      let character = text[index]
      if isComplete && character != "," { return nil }
      switch character {
      case "[" where depth > 0 || last == "=": depth += 1
      case "]" where depth > 0:
        depth -= 1
        isComplete = depth == 0
      case "," where depth == 0:
        pairs.append(text[start..<index])
        start = text.index(after: index)
        isComplete = false
      default: break
      }
      last = character
    }
    return depth == 0 ? pairs + [text[start...]] : nil
  }

  /// The text form, parameters in alphabetical order.
  public var description: String {
    guard !arguments.isEmpty else { return name }
    let pairs = arguments.sorted { $0.key < $1.key }.map { key, value in
      if case .text(let text) = value, text.contains(",") { return "\(key)=[\(text)]" }
      return "\(key)=\(value)"
    }
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

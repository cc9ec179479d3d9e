/// What a catalogue knows of one entry: its name, what it is and which parameters it takes.
public struct Declaration: Sendable {
  public let name: String
  public let summary: String
  public let parameters: [Parameter]

  public init(_ name: String, summary: String, parameters: [Parameter] = []) {
    self.name = name
    self.summary = summary
    self.parameters = parameters
  }

  /// One parameter: its type and range, what it is when left out, and its help text.
  public struct Parameter: Sendable {
    public let name: String
    public let domain: Domain
    /// `nil` when the parameter must be given.
    public let standard: ParameterValue?
    public let help: String

    public init(_ name: String, _ domain: Domain, standard: ParameterValue?, help: String) {
      self.name = name
      self.domain = domain
      self.standard = standard
      self.help = help
    }
  }

  /// Which values a parameter takes.
  public enum Domain: Sendable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    case text
    case choice([String])
    case list

    /// In words, for messages and help.
    public var description: String {
      switch self {
      case .integer(let range):
        range.upperBound == .max
          ? "an integer from \(range.lowerBound)"
          : "an integer from \(range.lowerBound) to \(range.upperBound)"
      case .number(let range):
        range.upperBound == .infinity
          ? "a number from \(range.lowerBound)"
          : "a number from \(range.lowerBound) to \(range.upperBound)"
      case .flag: "true or false"
      case .text: "text"
      case .choice(let names): "one of \(names.joined(separator: ", "))"
      case .list: "a list"
      }
    }

    /// `value` as this domain understands it (text is read), or `nil` when it lies outside.
    func accepted(_ value: ParameterValue) -> ParameterValue? {
      switch (self, value) {
      case (.integer(let range), .integer(let number)):
        range.contains(number) ? value : nil
      case (.integer, .text(let text)):
        Int(text).flatMap { accepted(.integer($0)) }
      case (.integer, .number(let number)):
        Int(exactly: number).flatMap { accepted(.integer($0)) }
      case (.number(let range), .number(let number)):
        range.contains(number) ? value : nil
      case (.number, .integer(let number)): accepted(.number(Double(number)))
      case (.number, .text(let text)): Double(text).flatMap { accepted(.number($0)) }
      case (.flag, .flag): value
      case (.flag, .text("true")): .flag(true)
      case (.flag, .text("false")): .flag(false)
      case (.choice(let names), .text(let text)): names.contains(text) ? value : nil
      case (.text, .text), (.list, .list): value
      case (.text, .integer(let number)): .text("\(number)")
      default: nil
      }
    }
  }
}

/// A specification's parameters, checked against their declaration and complete.
public struct Arguments: Sendable {
  public let owner: String
  private let values: [String: ParameterValue]

  /// - Throws: `CatalogueError` for a parameter that is unknown, missing or out of its domain.
  public init(_ specification: Specification, for declaration: Declaration) throws(CatalogueError) {
    owner = specification.name
    let known = declaration.parameters.map(\.name)
    if let stranger = specification.arguments.keys.sorted().first(where: { !known.contains($0) }) {
      throw .unknownParameter(of: owner, parameter: stranger, known: known)
    }
    var values: [String: ParameterValue] = [:]
    for parameter in declaration.parameters {
      guard let given = specification.arguments[parameter.name] else {
        guard let standard = parameter.standard else {
          throw .missingParameter(of: owner, parameter: parameter.name)
        }
        values[parameter.name] = standard
        continue
      }
      guard let accepted = parameter.domain.accepted(given) else {
        throw .invalidParameter(
          of: owner, parameter: parameter.name, expected: parameter.domain.description,
          found: "'\(given)'")
      }
      values[parameter.name] = accepted
    }
    self.values = values
  }

  // The getters trap on a name that the declaration lacks or gives another type: a slip in the
  // entry's own code, which its first use shows.

  public func integer(_ name: String) -> Int {
    guard case .integer(let value) = values[name] else { undeclared(name) }
    return value
  }

  public func number(_ name: String) -> Double {
    switch values[name] {
    case .number(let value): return value
    case .integer(let value): return Double(value)
    default: undeclared(name)
    }
  }

  public func flag(_ name: String) -> Bool {
    guard case .flag(let value) = values[name] else { undeclared(name) }
    return value
  }

  public func text(_ name: String) -> String {
    guard case .text(let value) = values[name] else { undeclared(name) }
    return value
  }

  public func list(_ name: String) -> [Specification] {
    guard case .list(let value) = values[name] else { undeclared(name) }
    return value
  }

  private func undeclared(_ name: String) -> Never {
    preconditionFailure("\(owner) declares no such parameter '\(name)'")
  }
}

extension Specification {
  /// Reads `{"kind": name, key: value, …}`, or text of the form `name:key=value`.
  ///
  /// A parameter's value is a number, text (kept as it is, even where it looks like a
  /// specification), `true`, `false`, or an array of specifications.
  ///
  /// - Throws: `CatalogueError.notASpecification`, `invalidParameter` for a value of another kind,
  ///   or `malformed` text.
  public init(json: JSONValue) throws(CatalogueError) {
    if let text = json.textValue {
      try self.init(parsing: text)
      return
    }
    guard let object = json.objectValue, let name = object["kind"]?.textValue, !name.isEmpty else {
      throw .notASpecification(found: json.kindDescription)
    }
    self.init(name)
    for member in object.members where member.key != "kind" {
      arguments[member.key] = try ParameterValue(json: member.value, of: name, named: member.key)
    }
  }

  /// `{"kind": name, key: value, …}`, keys in alphabetical order.
  ///
  /// JSON has no infinities and no NaN, so such a number becomes text, which a number's domain reads.
  public var json: JSONValue {
    var object = JSONObject()
    object["kind"] = .text(name)
    for (key, value) in arguments.sorted(by: { $0.key < $1.key }) where key != "kind" {
      object[key] = value.json
    }
    return .object(object)
  }
}

extension ParameterValue {
  fileprivate init(
    json: JSONValue, of owner: String, named name: String
  ) throws(CatalogueError) {
    switch json {
    case .flag(let value): self = .flag(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .text(let value): self = .text(value)
    case .array(let elements):
      var specifications: [Specification] = []
      for element in elements { specifications.append(try Specification(json: element)) }
      self = .list(specifications)
    case .null, .object:
      throw .invalidParameter(
        of: owner, parameter: name, expected: "a number, text, true, false or an array",
        found: json.kindDescription)
    }
  }

  fileprivate var json: JSONValue {
    switch self {
    case .integer(let value): .integer(value)
    case .number(let value): value.isFinite ? .number(value) : .text("\(value)")
    case .flag(let value): .flag(value)
    case .text(let value): .text(value)
    case .list(let values): .array(values.map(\.json))
    }
  }
}

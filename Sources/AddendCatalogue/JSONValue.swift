/// A JSON value (RFC 8259) whose objects keep the order of their members.
///
/// An integer that fits `Int` stays an integer, so that seeds and counts survive a round trip; every
/// other number is a `Double`. Equality is of values and of order: `1` and `1.0` differ, as do two
/// objects with the same members in another order.
public enum JSONValue: Hashable, Sendable {
  case null
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object(JSONObject)

  /// What this value is, in a message: `a number`.
  public var kindDescription: String {
    switch self {
    case .null: "null"
    case .flag: "true or false"
    case .integer, .number: "a number"
    case .text: "text"
    case .array: "an array"
    case .object: "an object"
    }
  }

  // What the value holds, or `nil` when it is of another kind.

  public var flagValue: Bool? {
    if case .flag(let value) = self { value } else { nil }
  }

  public var integerValue: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  public var numberValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  public var textValue: String? {
    if case .text(let value) = self { value } else { nil }
  }

  public var arrayValue: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  public var objectValue: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The member called `key`, when this is an object that has one.
  public subscript(key: String) -> JSONValue? { objectValue?[key] }
}

/// The members of a JSON object, in order; no two share a key.
///
/// Looking a key up takes time proportional to the number of members: our objects are small.
public struct JSONObject: Hashable, Sendable {
  public struct Member: Hashable, Sendable {
    public let key: String
    public fileprivate(set) var value: JSONValue
  }

  public private(set) var members: [Member]

  public init() { members = [] }

  /// The object of `members`, whose keys the caller knows to differ.
  init(distinct members: [(key: String, value: JSONValue)]) {
    self.members = members.map { Member(key: $0.key, value: $0.value) }
  }

  public var keys: [String] { members.map(\.key) }

  /// The value of `key`; a new key goes to the end, `nil` removes the member.
  public subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }
}

// Literals, so that code that reports reads like the JSON that it makes.

extension JSONValue: ExpressibleByNilLiteral {
  public init(nilLiteral: ()) { self = .null }
}

extension JSONValue: ExpressibleByBooleanLiteral {
  public init(booleanLiteral value: Bool) { self = .flag(value) }
}

extension JSONValue: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self = .integer(value) }
}

extension JSONValue: ExpressibleByFloatLiteral {
  public init(floatLiteral value: Double) { self = .number(value) }
}

extension JSONValue: ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) { self = .text(value) }
}

extension JSONValue: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    precondition(Set(elements.map(\.0)).count == elements.count, "two members share a key")
    self = .object(JSONObject(distinct: elements.map { (key: $0.0, value: $0.1) }))
  }
}

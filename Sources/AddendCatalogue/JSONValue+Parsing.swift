extension JSONValue {
  /// Reads one JSON text (RFC 8259), strictly: nothing but white space around the value, no comments,
  /// no trailing commas, no key twice, no byte order mark.
  ///
  /// Takes time proportional to the length. No bytes make it trap.
  ///
  /// - Parameter depthLimit: how many arrays and objects may lie inside each other; it bounds the
  ///   stack.
  public init(parsing bytes: [UInt8], depthLimit: Int = 64) throws(JSONError) {
    var parser = JSONParser(bytes: bytes, depthLimit: depthLimit)
    self = try parser.document()
  }

  /// Reads one JSON text, as `init(parsing:depthLimit:)` does of bytes.
  public init(parsing text: String, depthLimit: Int = 64) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), depthLimit: depthLimit)
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let depthLimit: Int
  var position = 0
  var depth = 0

  init(bytes: [UInt8], depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
  }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value()
    guard next == nil else { throw unexpected("the end after the value") }
    return value
  }

  /// A value with the white space around it.
  mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    defer { skipSpace() }
    switch next {
    case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.array() }
    case UInt8(ascii: "\""): return .text(try string())
    case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return try number()
    case UInt8(ascii: "t"): return try word("true", .flag(true))
    case UInt8(ascii: "f"): return try word("false", .flag(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw unexpected("a value")
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    guard depth < depthLimit else { throw error(.tooDeep(limit: depthLimit), at: position) }
    depth += 1
    position += 1
    skipSpace()
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    var elements: [JSONValue] = []
    if take("]") { return .array([]) }
    while true {
      elements.append(try value())
      if take("]") { return .array(elements) }
      guard take(",") else { throw unexpected("',' or ']'") }
    }
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    var members: [(key: String, value: JSONValue)] = []
    var keys: Set<String> = []
    if take("}") { return .object(JSONObject()) }
    while true {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
      let key = try string()
      guard keys.insert(key).inserted else { throw error(.duplicateKey(key), at: start) }
      skipSpace()
      guard take(":") else { throw unexpected("':' after the key") }
      members.append((key: key, value: try value()))
      if take("}") { return .object(JSONObject(distinct: members)) }
      guard take(",") else { throw unexpected("',' or '}'") }
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for byte in word.utf8 {
      guard next == byte else { throw unexpected("'\(word)'") }
      position += 1
    }
    return value
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    let isNegative = take("-")
    if !take("0") { try digits("a digit") }
    var isWhole = true
    if take(".") {
      isWhole = false
      try digits("a digit after the point")
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      try digits("a digit of the exponent")
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // -0 is a number: the integers have only one zero.
    if isWhole, let integer = Int(text), !(isNegative && integer == 0) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      throw error(.numberTooLarge(text), at: start)
    }
    return .number(number)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private mutating func digits(_ expected: String) throws(JSONError) {
    let start = position
    while let byte = next, Self.isDigit(byte) { position += 1 }
    guard position > start else { throw unexpected(expected) }
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  func unexpected(_ expected: String) -> JSONError {
    error(.unexpected(found: characterDescription, expected: expected), at: position)
  }

  /// The character at the position, for a message.
  private var characterDescription: String {
    guard position < bytes.count else { return "the end" }
    let rest = bytes[position..<min(position + 4, bytes.count)]
    guard let scalar = String(decoding: rest, as: UTF8.self).unicodeScalars.first else {
      return "the end"
    }
    let isVisible = scalar.value > 0x20 && scalar.value != 0x7F
    return isVisible ? "'\(scalar)'" : "the character U+\(String(scalar.value, radix: 16))"
  }

  func error(_ problem: JSONError.Problem, at position: Int) -> JSONError {
    let before = bytes[..<position]
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    // Continuation bytes of UTF-8 are no columns of their own.
    return JSONError(
      line: before.count { $0 == 0x0A } + 1,
      column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1,
      problem: problem)
  }
}

extension JSONParser {
  mutating func string() throws(JSONError) -> String {
    let start = position
    position += 1
    var content: [UInt8] = []
    while true {
      switch next {
      case UInt8(ascii: "\""):
        position += 1
        guard let text = String(validating: content, as: UTF8.self) else {
          throw error(.notUTF8, at: start)
        }
        return text
      case UInt8(ascii: "\\"): content += try escaped()
      case let byte? where byte >= 0x20:
        content.append(byte)
        position += 1
      default: throw unexpected("'\"' at the end of the text")
      }
    }
  }

  /// The bytes that the escape at the position stands for.
  private mutating func escaped() throws(JSONError) -> [UInt8] {
    position += 1
    let plain: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
      UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
      UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]
    if let byte = next, let meaning = plain[byte] {
      position += 1
      return [meaning]
    }
    guard take("u") else { throw unexpected("one of \"\\/bfnrtu after a backslash") }
    var value = try fourHexDigits()
    if 0xD800..<0xDC00 ~= value {
      guard take("\\"), take("u") else { throw unexpected("the second half of a surrogate pair") }
      let start = position
      let low = try fourHexDigits()
      guard 0xDC00..<0xE000 ~= low else {
        position = start
        throw unexpected("the second half of a surrogate pair")
      }
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw unexpected("a surrogate pair in order")
    }
    return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }

  private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw unexpected("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

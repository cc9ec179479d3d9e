extension JSONValue {
  /// How the text of a value is laid out.
  public enum Layout: Sendable {
    /// One line without spaces.
    case compact
    /// A member or an element a line, indented by two spaces; empty ones stay on their line.
    case indented
  }

  /// This value as JSON text, members in their order, without a newline at the end.
  ///
  /// A number is written in the shortest form that reads back as the same `Double`. JSON has no
  /// infinities and no NaN: they become `null`.
  public func text(_ layout: Layout = .compact) -> String {
    var text = ""
    write(to: &text, layout, depth: 0)
    return text
  }

  private func write(to text: inout String, _ layout: Layout, depth: Int) {
    switch self {
    case .null: text += "null"
    case .flag(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .text(let value): Self.write(value, to: &text)
    case .array(let elements):
      Self.write(elements, between: "[", "]", to: &text, layout, depth) { element, text in
        element.write(to: &text, layout, depth: depth + 1)
      }
    case .object(let object):
      Self.write(object.members, between: "{", "}", to: &text, layout, depth) { member, text in
        Self.write(member.key, to: &text)
        text += layout == .compact ? ":" : ": "
        member.value.write(to: &text, layout, depth: depth + 1)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], between opening: String, _ closing: String, to text: inout String,
    _ layout: Layout, _ depth: Int, _ writeElement: (Element, inout String) -> Void
  ) {
    func breakLine(_ depth: Int) {
      if layout == .indented { text += "\n" + String(repeating: "  ", count: depth) }
    }
    text += opening
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      breakLine(depth + 1)
      writeElement(element, &text)
    }
    if !elements.isEmpty { breakLine(depth) }
    text += closing
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

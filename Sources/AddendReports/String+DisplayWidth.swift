extension String {
  /// How many terminal columns this text takes: a character is one, a wide one (East Asian, emoji)
  /// two, and marks that combine with their neighbour none.
  public var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

  /// This text with spaces up to `width` columns, on the left when `isTrailing`.
  func padded(to width: Int, isTrailing: Bool) -> String {
    let spaces = String(repeating: " ", count: max(0, width - displayWidth))
    return isTrailing ? spaces + self : self + spaces
  }

  /// The longest beginning that fits in `width` columns.
  func clipped(to width: Int) -> String {
    var clipped = ""
    var used = 0
    for character in self {
      used += character.displayWidth
      if used > width { break }
      clipped.append(character)
    }
    return clipped
  }
}

extension Character {
  fileprivate var displayWidth: Int {
    guard let first = unicodeScalars.first else { return 0 }
    if first.properties.isEmojiPresentation { return 2 }
    // A text character followed by the variation selector 16 is drawn as an emoji.
    if unicodeScalars.contains("\u{FE0F}") { return 2 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: return Self.wideRanges.contains { $0.contains(first.value) } ? 2 : 1
    }
  }

  /// The blocks that Unicode's East Asian Width (UAX #11) counts as wide or full width.
  private static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
    0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
  ]
}

public import AddendCodebooks

/// What one entry of a table is.
public enum TableEntries: Equatable, Sendable {
  /// The result's numbers as they are.
  case float32
  /// Multiples of one power of two for the whole table, the least that 16 bits reach.
  case int16
  /// The same in 8 bits.
  case int8
  /// The index of the word of this codebook that is nearest to the result: the closed algebra.
  case index(Codebook)

  /// The codebook of results, where entries are indices.
  public var codebook: Codebook? {
    guard case .index(let codebook) = self else { return nil }
    return codebook
  }

  var format: TableEntryFormat {
    switch self {
    case .float32: .float32
    case .int16: .int16
    case .int8: .int8
    case .index(let codebook): .index(words: codebook.count)
    }
  }
}

/// How an entry lies in memory; it says of a table what can be said before its codebooks exist.
public enum TableEntryFormat: Hashable, Sendable {
  case float32
  case int16
  case int8
  /// Indices of 8, 16 or 32 bits, whichever is the least that `words` fit.
  case index(words: Int)

  /// `float32`, `int16`, `int8`, `index`.
  public var name: String {
    switch self {
    case .float32: "float32"
    case .int16: "int16"
    case .int8: "int8"
    case .index: "index"
    }
  }

  /// Bytes of one number, or of one index.
  var elementByteCount: Int {
    switch self {
    case .float32: 4
    case .int16: 2
    case .int8: 1
    case .index(let words): words <= 1 << 8 ? 1 : words <= 1 << 16 ? 2 : 4
    }
  }

  /// Bytes of an entry for a result of `size` numbers.
  func entryByteCount(resultSize size: Int) -> Int {
    if case .index = self { return elementByteCount }
    return size * elementByteCount
  }

  /// As a file numbers it.
  var number: UInt8 {
    switch self {
    case .float32: 0
    case .int16: 1
    case .int8: 2
    case .index: 3
    }
  }

  init?(number: UInt8, words: Int) {
    switch number {
    case 0 where words == 0: self = .float32
    case 1 where words == 0: self = .int16
    case 2 where words == 0: self = .int8
    case 3 where words > 0: self = .index(words: words)
    default: return nil
    }
  }
}

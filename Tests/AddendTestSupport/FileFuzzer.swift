internal import AddendTensors

/// Damaged copies of a valid file, the same in each run.
public struct FileFuzzer: Sequence, IteratorProtocol {
  private let original: [UInt8]
  private var random: RandomSource
  private var remaining: Int

  /// `count` damaged copies, each different from `original`.
  public init(_ original: [UInt8], count: Int, seed: UInt64) {
    precondition(!original.isEmpty, "there is nothing to damage in an empty file")
    self.original = original
    random = RandomSource(seed: seed)
    remaining = count
  }

  public mutating func next() -> [UInt8]? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    var copy = original
    while copy == original {
      for _ in 0..<Int.random(in: 1...3, using: &random) where !copy.isEmpty { damage(&copy) }
    }
    return copy
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    let position = Int.random(in: bytes.indices, using: &random)
    let length = Int.random(in: 1...16, using: &random)
    let range = position..<Swift.min(position + length, bytes.count)
    switch Int.random(in: 0..<7, using: &random) {
    case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes.removeSubrange(position...)
    case 3: bytes.removeSubrange(range)
    case 4: bytes.insert(contentsOf: bytes[range], at: position)
    case 5:
      // Lengths and offsets: nothing, all there is, and the signs' borders.
      let extremes: [UInt8] = [0x00, 0x7F, 0x80, 0xFF]
      for i in range { bytes[i] = extremes[Int.random(in: 0..<4, using: &random)] }
    default:
      // Texts: digits that grow, brackets that never close.
      let characters = Array("0123456789-[]{},:\"\\".utf8)
      bytes[position] = characters[Int.random(in: characters.indices, using: &random)]
    }
  }
}

/// Whether `message` is one sentence as errors are worded: something, on one line, without a stop.
public func isOneSentence(_ message: String) -> Bool {
  !message.isEmpty && !message.contains("\n") && !message.hasSuffix(".") && message.contains(" ")
}

/// Numbers as bytes, the lowest first.
struct NumberBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(shift)))
    }
  }

  mutating func append(_ numbers: [Float]) {
    for number in numbers { append(number.bitPattern) }
  }

  /// The words that `bytes` are; `nil` where they are not whole ones.
  static func words(_ bytes: [UInt8]) -> [UInt32]? {
    guard bytes.count.isMultiple(of: 4) else { return nil }
    return stride(from: 0, to: bytes.count, by: 4).map { first in
      (0..<4).reduce(0) { $0 | UInt32(bytes[first + $1]) << UInt32(8 * $1) }
    }
  }
}

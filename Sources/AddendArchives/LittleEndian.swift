// Payloads are memory as it lies. On a big-endian machine they would have to be turned around.
#if !_endian(little)
  #error("archives are little-endian, and so must the machine be")
#endif

extension [UInt8] {
  mutating func append(littleEndian value: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// The number that `bytes` begins with; `nil` where there are too few.
  init?(littleEndian bytes: ArraySlice<UInt8>) {
    guard bytes.count >= Self.bitWidth / 8 else { return nil }
    self = bytes.prefix(Self.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Self($1) }
  }
}

/// Takes numbers off the front of bytes whose count was checked before.
struct LittleEndianReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var remaining: Int { rest.count }

  mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }

  mutating func next<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) -> Number {
    guard let number = Number(littleEndian: take(Number.bitWidth / 8)) else {
      preconditionFailure("a reader's bytes were counted before")
    }
    return number
  }
}

internal import AddendLinear
internal import AddendTensors

extension IntegerState {
  /// The values as a file holds them: little-endian, two's complement; below a byte, several share
  /// one, the first in its lowest bits, and what is left over of the last byte is 0.
  var packed: [UInt8] {
    let bits = width.bitCount
    precondition(values.allSatisfy(width.range.contains), "integers fit \(width.rawValue)")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    if bits < 8 {
      for start in stride(from: 0, to: values.count, by: 8 / bits) {
        let group = values[start..<min(start + 8 / bits, values.count)]
        bytes.append(group.reversed().reduce(0) { $0 << bits | UInt8($1) })
      }
    } else {
      for value in values {
        for shift in stride(from: 0, to: bits, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
      }
    }
    return bytes
  }

  /// The integers that `bytes` holds; `nil` when there are more or fewer than `shape` says, or when
  /// left-over bits are not 0.
  init?(_ width: Width, _ shape: Shape, packed bytes: ArraySlice<UInt8>) {
    let bits = width.bitCount
    let (bitCount, overflow) = shape.count.multipliedReportingOverflow(by: bits)
    guard !overflow, bytes.count == bitCount / 8 + (bitCount % 8 > 0 ? 1 : 0) else { return nil }
    if let last = bytes.last, bitCount % 8 > 0, last >> (bitCount % 8) != 0 { return nil }
    var values: [Int] = []
    values.reserveCapacity(shape.count)
    if bits < 8 {
      let perByte = 8 / bits
      for i in 0..<shape.count {
        let byte = Int(bytes[bytes.startIndex + i / perByte])
        values.append(byte >> (i % perByte * bits) & width.range.upperBound)
      }
    } else {
      let isSigned = width.range.lowerBound < 0
      for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: bits / 8) {
        let raw = bytes[start..<start + bits / 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        let top = 64 - bits
        values.append(isSigned ? Int(Int64(bitPattern: raw << top) >> top) : Int(raw))
      }
    }
    self.init(width, shape, values)
  }
}

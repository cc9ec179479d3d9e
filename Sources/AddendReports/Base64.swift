/// `bytes` in base64 with padding (RFC 4648, section 4), for data addresses.
func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let count = min(3, bytes.count - start)
    let group = (0..<3).reduce(UInt32(0)) { group, offset in
      group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0)
    }
    for digit in 0..<4 {
      let isPadding = digit > count
      text.append(
        isPadding ? UInt8(ascii: "=") : digits[Int(group >> UInt32(18 - 6 * digit) & 63)])
    }
  }
  return String(decoding: text, as: UTF8.self)
}

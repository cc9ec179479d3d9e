extension RasterImage {
  /// The image as a PNG file (ISO/IEC 15948), its pixels stored rather than compressed: sample images
  /// are a few kilobytes, and this needs no library.
  var png: [UInt8] {
    var header = bigEndian(width) + bigEndian(height)
    header += [8, channels == 1 ? 0 : 2, 0, 0, 0]
    var rows: [UInt8] = []
    for row in 0..<height {
      // Each row begins with its filter: none.
      rows.append(0)
      rows += pixels[row * width * channels..<(row + 1) * width * channels]
    }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
      + chunk("IDAT", storedZlib(rows)) + chunk("IEND", [])
  }

  private func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    return bigEndian(content.count) + body + bigEndian(Int(checksum32(body)))
  }
}

private func bigEndian(_ value: Int) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

/// `bytes` as a zlib stream (RFC 1950) of stored blocks (RFC 1951, section 3.2.4).
private func storedZlib(_ bytes: [UInt8]) -> [UInt8] {
  var stream: [UInt8] = [0x78, 0x01]
  let blockSize = 65_535
  for start in stride(from: 0, to: bytes.count, by: blockSize) {
    let end = min(start + blockSize, bytes.count)
    let count = UInt16(end - start)
    stream.append(end == bytes.count ? 1 : 0)
    for half in [count, ~count] { stream += [UInt8(half & 255), UInt8(half >> 8)] }
    stream += bytes[start..<end]
  }
  var (low, high) = (1, 0)
  for byte in bytes {
    low = (low + Int(byte)) % 65_521
    high = (high + low) % 65_521
  }
  return stream + bigEndian(high << 16 | low)
}

/// CRC-32 as PNG uses it (ISO/IEC 15948, annex D), bit by bit.
private func checksum32(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~0) { checksum, byte in
    (0..<8).reduce(checksum ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }
}

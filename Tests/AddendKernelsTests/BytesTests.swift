import AddendKernels
import Testing

/// The check value of the CRC catalogue for CRC-32/ISO-HDLC, and the checksum of nothing.
@Test func checksumsAreCRC32() {
  #expect(crc32(Array("123456789".utf8).span) == 0xCBF4_3926)
  #expect(crc32([UInt8]().span) == 0)
  #expect(crc32([UInt8]().span, after: 0x1234_5678) == 0x1234_5678)
}

@Test func checksumsOfPartsGoOn() {
  let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ 7) }
  for cut in [0, 1, 7, 500, 999, 1_000] {
    let first = crc32(bytes.span.extracting(..<cut))
    #expect(crc32(bytes.span.extracting(cut...), after: first) == crc32(bytes.span))
  }
}

@Test func bytesAreTheMemoryAsItLies() {
  let numbers: [UInt32] = [0x0403_0201, 0x0807_0605]
  let memory = bytes(of: numbers.span)
  #expect(memory.indices.map { memory[$0] } == (1...8).map { UInt8($0) })
  var copy: [UInt32] = [0, 0]
  var span = copy.mutableSpan
  copyBytes(memory, to: &span)
  #expect(copy == numbers)
}

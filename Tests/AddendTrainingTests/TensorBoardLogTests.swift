import AddendFiles
import AddendTestSupport
import AddendTraining
import Testing

/// The CRC-32C of `bytes` by its definition, a bit at a time, masked as TFRecord masks it.
private func maskedChecksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }
  crc = ~crc
  return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
}

private func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

/// The fields of a protocol buffer: numbers, or bytes.
private func fields(_ bytes: ArraySlice<UInt8>) -> [Int: (number: UInt64, bytes: ArraySlice<UInt8>)]
{
  var rest = bytes
  var fields: [Int: (number: UInt64, bytes: ArraySlice<UInt8>)] = [:]
  func varint() -> UInt64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while let byte = rest.popFirst() {
      value |= UInt64(byte & 0x7F) << shift
      shift += 7
      if byte < 0x80 { break }
    }
    return value
  }
  func fixed(_ count: Int) -> UInt64 {
    defer { rest = rest.dropFirst(count) }
    return integer(rest.prefix(count))
  }
  while !rest.isEmpty {
    let key = varint()
    switch key & 7 {
    case 0: fields[Int(key >> 3)] = (varint(), [])
    case 1: fields[Int(key >> 3)] = (fixed(8), [])
    case 2:
      let count = Int(varint())
      fields[Int(key >> 3)] = (0, rest.prefix(count))
      rest = rest.dropFirst(count)
    default: fields[Int(key >> 3)] = (fixed(4), [])
    }
  }
  return fields
}

/// An event file read back record by record, by the format's description, says what was logged.
@Test func eventFilesHoldWhatWasLogged() throws {
  try withTemporaryDirectory { folder in
    let points = [
      ("training/loss", 0.75, 1), ("training/loss", -1.5, 300), ("größe", 1e-3, 70_000),
    ]
    do {
      let log = try TensorBoardLog(directory: folder, wallTime: 1234.5, processIdentifier: 7)
      for (tag, value, step) in points { try log.add(tag, value, step: step, wallTime: 99.25) }
    }
    let name = try #require(try names(inDirectory: folder).first)
    #expect(name.hasPrefix("events.out.tfevents."))
    var rest = try readFile(at: "\(folder)/\(name)", byteLimit: 1 << 20)[...]
    var records: [ArraySlice<UInt8>] = []
    while !rest.isEmpty {
      let length = Int(integer(rest.prefix(8)))
      #expect(integer(rest.dropFirst(8).prefix(4)) == UInt64(maskedChecksum(rest.prefix(8))))
      let record = rest.dropFirst(12).prefix(length)
      try #require(record.count == length)
      #expect(
        integer(rest.dropFirst(12 + length).prefix(4)) == UInt64(maskedChecksum(record)))
      records.append(record)
      rest = rest.dropFirst(16 + length)
    }
    try #require(records.count == points.count + 1)
    let version = fields(records[0])
    #expect(version[1]?.number == (1234.5).bitPattern)
    #expect(version[3].map { String(decoding: $0.bytes, as: UTF8.self) } == "brain.Event:2")
    for (record, (tag, value, step)) in zip(records.dropFirst(), points) {
      let event = fields(record)
      #expect(event[1]?.number == (99.25).bitPattern)
      #expect(event[2]?.number == UInt64(step))
      let summary = try #require(event[5]?.bytes)
      let point = fields(try #require(fields(summary)[1]?.bytes))
      #expect(point[1].map { String(decoding: $0.bytes, as: UTF8.self) } == tag)
      #expect(point[2]?.number == UInt64(Float(value).bitPattern))
    }
  }
}

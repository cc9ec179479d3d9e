import AddendArchives
import AddendCatalogue
import AddendFiles
import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// An archive with a section of each kind, and odd sizes.
private func sample() throws -> [UInt8] {
  var random = RandomSource(seed: 5)
  let numbers = (0..<35).map { _ in Float(random.normal()) }
  let codes = (0..<33).map { _ in Int.random(in: 0...15, using: &random) }
  return try archiveBytes { writer throws(ArchiveError) in
    try writer.write(["name": "sample", "list": [1, 2.5, nil]], named: "document")
    try writer.write(Tensor<Float>([5, 7], numbers), named: "a/weight", isParameter: true)
    try writer.write(IntegerState(.uint4, [33], codes), named: "a/codes")
    try writer.write([UInt8]([1, 2, 3]).span, named: "bytes")
  }
}

private func refusal(of bytes: [UInt8]) -> ArchiveError? {
  do throws(ArchiveError) {
    _ = try Archive(bytes)
    return nil
  } catch {
    return error
  }
}

@Test func everyAlteredByteIsRefused() throws {
  let bytes = try sample()
  for position in bytes.indices {
    for mask: UInt8 in [0x01, 0x80, 0xFF, bytes[position]] where mask != 0 {
      var altered = bytes
      altered[position] ^= mask
      let error = refusal(of: altered)
      #expect(
        error.map { isOneSentence($0.description) } == true, "byte \(position) xor \(mask)")
    }
  }
}

@Test func everyTruncationIsRefusedAsOne() throws {
  let bytes = try sample()
  for count in 0..<bytes.count {
    #expect(refusal(of: Array(bytes.prefix(count))) == .truncated(byteCount: count))
  }
}

@Test func whatFollowsTheEndIsRefused() throws {
  let error = refusal(of: try sample() + [0])
  #expect(error == .malformed(part: "the archive", reason: "more follows its end marker"))
}

@Test func otherFilesAreRefused() {
  #expect(
    refusal(of: Array("PK\u{3}\u{4} and so on".utf8)) == .foreign(expected: "an .addend archive"))
  #expect(refusal(of: []) == .truncated(byteCount: 0))
}

@Test func newerFilesAreRefusedAsNewer() throws {
  var bytes = try sample()
  bytes[8] = 2
  let checksum = crc32(bytes.span.extracting(first: 12))
  for i in 0..<4 { bytes[12 + i] = UInt8(truncatingIfNeeded: checksum >> (8 * i)) }
  #expect(refusal(of: bytes) == .newer(version: 2, supported: 1))
}

@Test func aRemovedSectionIsRefused() throws {
  let bytes = try sample()
  let positions = headerPositions(bytes)
  let without = Array(bytes[..<positions[3]] + bytes[(positions[4])...])
  #expect(refusal(of: without) == .altered(part: "the end marker"))
}

@Test func randomDamageIsAlwaysRefused() throws {
  for damaged in FileFuzzer(try sample(), count: 5_000, seed: 1) {
    let error = refusal(of: damaged)
    #expect(error.map { isOneSentence($0.description) } == true)
  }
}

/// A forger who mends the checksums gets further, but never a trap: what is read is a section as
/// its header says, and what is not is refused.
@Test func damagedHeadersWithFittingChecksumsDoNotTrap() throws {
  let bytes = try sample()
  let positions = headerPositions(bytes)
  var random = RandomSource(seed: 77)
  let extremes: [UInt8] = [0x00, 0x01, 0x7F, 0x80, 0xFF]
  var refusals = 0
  for _ in 0..<5_000 {
    var forged = bytes
    let section = Int.random(in: 0..<positions.count - 1, using: &random)
    let start = positions[section]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      // Not the header's length: with it wrong, nothing after it could be mended.
      let position = Int.random(in: start + 4..<start + 60, using: &random)
      forged[position] = extremes[Int.random(in: 0..<5, using: &random)]
    }
    mendChecksums(&forged, positions)
    do throws(ArchiveError) {
      let archive = try Archive(forged)
      for section in archive.sections {
        _ = try? archive.tensor(section.name, of: Float.self)
        _ = try? archive.integers(section.name)
        _ = try? archive.document(section.name)
        _ = try? archive.bytes(section.name)
      }
    } catch {
      refusals += 1
      #expect(isOneSentence(error.description))
    }
  }
  #expect(refusals > 1_000)
}

@Test func unusedBitsOfPackedIntegersAreZero() throws {
  var bytes = try archiveBytes { writer throws(ArchiveError) in
    try writer.write(IntegerState(.uint4, [3], [1, 2, 3]), named: "i")
  }
  let positions = headerPositions(bytes)
  let last = positions[1] - 1
  bytes[last] |= 0x10
  mendChecksums(&bytes, positions, payloadsToo: true)
  let archive = try Archive(bytes)
  #expect(
    throws: ArchiveError.malformed(
      part: "the section 'i'", reason: "its size does not fit its shape or its last bits")
  ) { try archive.integers("i") }
}

/// Where the sections' headers and, last, the end marker begin in an undamaged archive.
private func headerPositions(_ bytes: [UInt8]) -> [Int] {
  var positions = [16]
  var position = 16
  while number(bytes, position) != 0 {
    position += number(bytes, position) + number(bytes, position + 16)
    positions.append(position)
  }
  return positions
}

private func number(_ bytes: [UInt8], _ position: Int) -> Int {
  (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
}

private func put(_ value: UInt32, _ bytes: inout [UInt8], _ position: Int) {
  for i in 0..<4 { bytes[position + i] = UInt8(truncatingIfNeeded: value >> (8 * i)) }
}

private func mendChecksums(
  _ bytes: inout [UInt8], _ positions: [Int], payloadsToo: Bool = false
) {
  var checksums: [UInt8] = []
  for (start, next) in zip(positions, positions.dropFirst()) {
    let end = start + number(bytes, start)
    if payloadsToo { put(crc32(bytes.span.extracting(end..<next)), &bytes, start + 12) }
    put(crc32(bytes.span.extracting(start..<end - 4)), &bytes, end - 4)
    checksums += bytes[end - 4..<end]
  }
  guard let marker = positions.last else { return }
  put(crc32(checksums.span), &bytes, marker + 8)
  put(crc32(bytes.span.extracting(marker..<marker + 12)), &bytes, marker + 12)
}

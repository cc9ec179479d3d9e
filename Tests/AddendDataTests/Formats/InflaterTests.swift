import AddendData
import AddendKernels
import Testing

@Suite struct InflaterTests {
  private let text = Array("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich".utf8)

  @Test func membersAreJoined() throws {
    let file = gzipped(text) + gzipped([]) + gzipped([1, 2, 3])
    #expect(try Inflater.gunzip(file, path: "f") == text + [1, 2, 3])
  }

  @Test func zerosBehindTheLastMemberAreFilling() throws {
    #expect(try Inflater.gunzip(gzipped(text) + [0, 0, 0], path: "f") == text)
  }

  @Test func aWrongChecksumIsRefused() {
    var file = gzipped(text)
    file[20] ^= 1
    #expect(throws: DataError.self) { try Inflater.gunzip(file, path: "f") }
  }

  @Test func everyTruncationIsRefused() {
    let file = gzipped(text)
    for count in 0..<file.count {
      #expect(throws: DataError.self) { try Inflater.gunzip(Array(file[..<count]), path: "f") }
    }
  }

  /// The limit holds against what comes out, whatever the file claims.
  @Test func whatUnpacksBeyondTheLimitIsRefused() throws {
    #expect(throws: DataError.tooLarge(path: "f", byteLimit: text.count - 1)) {
      try Inflater.gunzip(gzipped(text), path: "f", limit: text.count - 1)
    }
    #expect(try Inflater.gunzip(gzipped(text), path: "f", limit: text.count) == text)
  }

  /// The check value of CRC-32 in its published catalogues.
  @Test func theChecksumIsCRC32() {
    #expect(crc32(Array("123456789".utf8).span) == 0xCBF4_3926)
    let parts = (Array("1234".utf8), Array("56789".utf8))
    let first = crc32(parts.0.span)
    #expect(crc32(parts.1.span, after: first) == 0xCBF4_3926)
  }

  @Test func damageNeverCrashes() {
    expectSentencesOnDamage(to: gzipped(text), seed: 1) { bytes throws(DataError) in
      try Inflater.gunzip(bytes, path: "f")
    }
  }
}

import AddendData
import Testing

@Suite struct TarArchiveTests {
  /// A ustar member: header, content, filling.
  private static func member(_ name: String, _ content: [UInt8], kind: Character = "0") -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (i, byte) in text.utf8.enumerated() { header[offset + i] = byte }
    }
    func octal(_ value: Int, width: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put(octal(content.count, width: 11), at: 124)
    put("        ", at: 148)
    put(String(kind), at: 156)
    put(octal(header.reduce(0) { $0 + Int($1) }, width: 6), at: 148)
    header[154] = 0
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  private let file =
    member("folder/", [], kind: "5") + member("folder/a.bin", [1, 2, 3])
    + member("folder/b.bin", Array(repeating: 9, count: 700)) + [UInt8](repeating: 0, count: 1024)

  @Test func membersAreFoundByTheirLastName() throws {
    let archive = try TarArchive(file, path: "f")
    #expect(archive["a.bin"].map(Array.init) == [1, 2, 3])
    #expect(archive["b.bin"]?.count == 700)
    #expect(archive["folder"] == nil)
  }

  @Test func aSizePastTheEndIsRefused() {
    let short = Array(file[..<(512 * 3 + 600)])
    #expect(throws: DataError.self) { try TarArchive(short, path: "f") }
  }

  @Test func aHeaderWithAWrongChecksumIsRefused() {
    var wrong = file
    wrong[513] ^= 4
    #expect(throws: DataError.self) { try TarArchive(wrong, path: "f") }
  }

  @Test func damageNeverCrashes() {
    expectSentencesOnDamage(to: file, seed: 5) { bytes throws(DataError) in
      let archive = try TarArchive(bytes, path: "f")
      return (archive["a.bin"], archive["b.bin"])
    }
  }
}

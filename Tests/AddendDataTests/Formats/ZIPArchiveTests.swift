import AddendData
import Testing

@Suite struct ZIPArchiveTests {
  @Test func storedAndDeflatedMembersAreTheSame() throws {
    let stored = try ZIPArchive(Golden.bytes("numpy/stored.npz"), path: "stored")
    let deflated = try ZIPArchive(Golden.bytes("numpy/deflated.npz"), path: "deflated")
    #expect(stored.names == ["f4.npy", "f8.npy", "i4.npy", "i8.npy", "u1.npy"])
    #expect(deflated.names == stored.names)
    for name in stored.names {
      let content = try #require(try stored.content(of: name))
      #expect(content.count > 64)
      #expect(try deflated.content(of: name) == content)
    }
    #expect(try stored.content(of: "x.npy") == nil)
  }

  @Test func aMemberWithAWrongChecksumIsRefused() throws {
    var file = try Golden.bytes("numpy/stored.npz")
    // The first member's data end before the second member's header.
    let second = try #require(
      file.indices.dropFirst(4).first { file[$0...].starts(with: [0x50, 0x4B, 3, 4]) })
    file[second - 1] ^= 1
    let archive = try ZIPArchive(file, path: "f")
    #expect(throws: DataError.self) {
      for name in archive.names { _ = try archive.content(of: name) }
    }
  }

  @Test(arguments: ["stored", "deflated"])
  func damageNeverCrashes(_ name: String) throws {
    expectSentencesOnDamage(
      to: try Golden.bytes("numpy/\(name).npz"), seed: 6
    ) { bytes throws(DataError) in
      let archive = try ZIPArchive(bytes, path: "f")
      for name in archive.names { _ = try archive.content(of: name) }
    }
  }
}

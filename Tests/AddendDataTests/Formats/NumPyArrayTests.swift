import AddendData
import Testing

@Suite struct NumPyArrayTests {
  private func array(_ name: String, in file: String) throws -> NumPyArray {
    let archive = try ZIPArchive(Golden.bytes("numpy/\(file).npz"), path: file)
    return try NumPyArray(#require(try archive.content(of: "\(name).npy")), path: name)
  }

  /// What the script put there.
  private let expected = (0..<12).map { $0 * 7 % 11 - 3 }

  @Test func everyTypeIsRead() throws {
    #expect(try array("u1", in: "stored").elements == .bytes(expected.map { UInt8($0 + 3) }))
    for name in ["i4", "i8"] {
      #expect(try array(name, in: "stored").elements == .integers(expected.map(Int64.init)))
    }
    for name in ["f4", "f8"] {
      let array = try array(name, in: "deflated")
      #expect(array.elements == .numbers(expected.map { Float($0) }))
      #expect(array.extents == [3, 4])
    }
  }

  @Test func everyVersionIsRead() throws {
    for name in ["v1", "v2", "v3"] {
      let array = try array(name, in: "versions")
      #expect(array.extents == [5])
      #expect(array.elements == .numbers(expected.prefix(5).map { Float($0) }))
    }
  }

  @Test func fortranOrderIsRefused() {
    #expect(
      throws: DataError.malformed(
        path: "x", format: "NumPy",
        reason: "it is in Fortran order; store numpy.ascontiguousarray of it")
    ) { try array("x", in: "fortran") }
  }

  @Test func bigEndianNumbersAreRefused() {
    #expect(throws: DataError.self) { try array("x", in: "big-endian") }
  }

  @Test func damageNeverCrashes() throws {
    let archive = try ZIPArchive(Golden.bytes("numpy/stored.npz"), path: "f")
    for name in archive.names {
      let file = try #require(try archive.content(of: name))
      expectSentencesOnDamage(to: file, seed: 7) { bytes throws(DataError) in
        try NumPyArray(bytes, path: "f")
      }
    }
  }
}

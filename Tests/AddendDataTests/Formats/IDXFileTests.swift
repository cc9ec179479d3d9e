import AddendData
import Testing

@Suite struct IDXFileTests {
  private let file =
    [0, 0, 8, 3] + bigEndian(2) + bigEndian(3) + bigEndian(1) + [1, 2, 3, 4, 5, 6]

  @Test func extentsAndElementsAreRead() throws {
    let idx = try IDXFile(file, path: "f")
    #expect(idx.extents == [2, 3, 1])
    #expect(idx.elements == [1, 2, 3, 4, 5, 6])
    #expect(try IDXFile(gzipped(file), path: "f") == idx)
  }

  @Test func aCountThatDiffersFromTheExtentsIsRefused() {
    #expect(
      throws: DataError.malformed(
        path: "f", format: "IDX", reason: "2×3×1 elements are promised, 5 bytes follow")
    ) { try IDXFile(Array(file.dropLast()), path: "f") }
  }

  /// 2³² − 1 by itself three times overflows 64 bits: no memory is asked for.
  @Test func extentsThatOverflowAreRefused() {
    let huge = [UInt8](repeating: 255, count: 12)
    #expect(throws: DataError.malformed(path: "f", format: "IDX", reason: "its extents overflow")) {
      try IDXFile([0, 0, 8, 3] + huge, path: "f")
    }
  }

  @Test func otherElementTypesAreRefused() {
    #expect(throws: DataError.self) { try IDXFile([0, 0, 13] + file.dropFirst(3), path: "f") }
  }

  @Test func damageNeverCrashes() {
    for seed: UInt64 in [2, 3] {
      let copy = seed == 2 ? file : gzipped(file)
      expectSentencesOnDamage(to: copy, seed: seed) { bytes throws(DataError) in
        try IDXFile(bytes, path: "f")
      }
    }
  }
}

import AddendData
import Testing

@Suite struct CIFARRecordsTests {
  private let file: [UInt8] = (0..<2 * 3073).map { (place: Int) -> UInt8 in
    place % 3073 == 0 ? UInt8(7 - place / 3073) : UInt8(place * 31 % 251)
  }

  private func read(_ bytes: [UInt8]) throws(DataError) -> CIFARRecords {
    var records = CIFARRecords()
    try records.append(bytes[...], path: "f")
    return records
  }

  @Test func channelsMoveLast() throws {
    let records = try read(file)
    #expect(records.labels == [7, 6])
    #expect(records.pixels.count == 2 * 3072)
    for (record, pixel, channel) in [(0, 0, 0), (0, 33, 2), (1, 1023, 1)] {
      let place = record * 3073 + 1 + channel * 1024 + pixel
      #expect(records.pixels[record * 3072 + 3 * pixel + channel] == file[place])
    }
  }

  @Test func filesFollowEachOther() throws {
    var records = try read(file)
    try records.append(file[3073...], path: "g")
    #expect(records.labels == [7, 6, 6])
    #expect(records.pixels.suffix(3072) == records.pixels[3072..<6144])
  }

  @Test func aLabelWithoutAClassIsRefused() {
    var wrong = file
    wrong[3073] = 10
    #expect(
      throws: DataError.invalidContent(
        path: "f", reason: "record 1 has the label 10, expected 0 to 9")
    ) { try read(wrong) }
  }

  @Test func damageNeverCrashes() {
    expectSentencesOnDamage(to: file, seed: 4) { bytes throws(DataError) in try read(bytes) }
  }
}

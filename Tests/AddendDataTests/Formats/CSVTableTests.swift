import AddendData
import Testing

@Suite struct CSVTableTests {
  private func read(_ text: String) throws(DataError) -> CSVTable {
    try CSVTable(Array(text.utf8), path: "f")
  }

  @Test func rowsAreRead() throws {
    let table = try read("1,2.5,-3\n\n4, 5e1 ,6\r\n")
    #expect(table.columnCount == 3)
    #expect(table.rowCount == 2)
    #expect(table.numbers == [1, 2.5, -3, 4, 50, 6])
    #expect(try CSVTable(gzipped(Array("1,2.5,-3\n4,50,6".utf8)), path: "f") == table)
  }

  @Test func headingsArePassedOver() throws {
    #expect(try read("width,height\n1,2\n").numbers == [1, 2])
  }

  @Test func aRaggedOrWordyLineIsRefused() {
    for text in ["1,2\n3\n", "1,2\n3,x\n", "1,2\n3,4,5\n", "1,2\n3,\n"] {
      #expect(
        throws: DataError.malformed(
          path: "f", format: "CSV", reason: "line 2 is not 2 numbers")
      ) { try read(text) }
    }
  }

  @Test func nothingIsRefused() {
    for text in ["", "\n\n", "a,b\n"] { #expect(throws: DataError.self) { try read(text) } }
  }

  @Test func damageNeverCrashes() {
    expectSentencesOnDamage(
      to: Array("a,b,c\n1,2.5,-3\n4,5e1,6\n7,8,9\n".utf8), seed: 8
    ) { bytes throws(DataError) in try CSVTable(bytes, path: "f") }
  }
}

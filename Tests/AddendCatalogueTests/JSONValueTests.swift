import AddendCatalogue
import AddendTensors
import Testing

@Test func membersKeepTheirOrder() throws {
  let value: JSONValue = ["b": 1, "a": [true, nil, "x"], "c": [:], "d": []]
  #expect(value.text() == #"{"b":1,"a":[true,null,"x"],"c":{},"d":[]}"#)
  #expect(try JSONValue(parsing: value.text()) == value)
}

@Test func theIndentedLayoutReadsBackTheSame() throws {
  let value: JSONValue = ["a": [1, ["b": 2.5]], "e": []]
  let text = """
    {
      "a": [
        1,
        {
          "b": 2.5
        }
      ],
      "e": []
    }
    """
  #expect(value.text(.indented) == text)
  #expect(try JSONValue(parsing: text) == value)
}

@Test(arguments: [
  0.1, -0.0, 1, 1e21, 1e-7, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3,
  123_456_789_012_345_680,
])
func doublesRoundTrip(_ number: Double) throws {
  let read = try JSONValue(parsing: JSONValue.number(number).text())
  #expect(read.numberValue?.bitPattern == number.bitPattern)
}

@Test(arguments: [Int.min, -1, 0, 1, .max])
func integersRoundTrip(_ number: Int) throws {
  #expect(try JSONValue(parsing: JSONValue.integer(number).text()) == .integer(number))
}

@Test func numbersThatJSONLacksBecomeNull() {
  let value: JSONValue = [.number(.infinity), .number(-.infinity), .number(.nan)]
  #expect(value.text() == "[null,null,null]")
}

@Test func everyScalarSurvivesEscaping() throws {
  var text = ""
  for value in (0...0xFFFF).map(UInt32.init) + [0x1F600, 0x10FFFF] {
    if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
  }
  let written = JSONValue.text(text).text()
  #expect(written.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  #expect(
    try JSONValue(parsing: written).textValue?.unicodeScalars.elementsEqual(text.unicodeScalars)
      == true)
}

@Test func escapesAreRead() throws {
  let text = #""\"\\\/\b\f\n\r\té\uD83D\uDE00""#
  #expect(try JSONValue(parsing: text) == "\"\\/\u{8}\u{C}\n\r\té😀")
}

@Test func settingAMemberKeepsItsPlace() {
  var object = JSONObject()
  object["a"] = 1
  object["b"] = 2
  object["a"] = 3
  object["c"] = 4
  object["b"] = nil
  #expect(JSONValue.object(object).text() == #"{"a":3,"c":4}"#)
}

@Test(arguments: [
  ("", "line 1, column 1: expected a value, found the end"),
  ("[1,]", "line 1, column 4: expected a value, found ']'"),
  ("[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
  ("{\n  \"é\" 1}", "line 2, column 7: expected ':' after the key, found '1'"),
  ("{a: 1}", "line 1, column 2: expected a key in double quotes, found 'a'"),
  (#"{"a":1,"a":2}"#, "line 1, column 8: the key 'a' is given twice in one object"),
  ("1e999", "line 1, column 1: the number 1e999 is beyond the range of a double"),
  ("01", "line 1, column 2: expected the end after the value, found '1'"),
  ("-", "line 1, column 2: expected a digit, found the end"),
  ("1.", "line 1, column 3: expected a digit after the point, found the end"),
  ("tru", "line 1, column 4: expected 'true', found the end"),
  ("\"a\nb\"", "line 1, column 3: expected '\"' at the end of the text, found the character U+a"),
  (#""\x""#, "line 1, column 3: expected one of \"\\/bfnrtu after a backslash, found 'x'"),
  (#""\ud800""#, "line 1, column 8: expected the second half of a surrogate pair, found '\"'"),
  ("// no", "line 1, column 1: expected a value, found '/'"),
])
func errorsSayWhereAndWhat(text: String, message: String) {
  let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
  #expect(error?.description == message)
}

@Test func depthIsLimited() throws {
  func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
  }
  _ = try JSONValue(parsing: nested(64))
  let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(65)) }
  #expect(error?.problem == .tooDeep(limit: 64))
  #expect(throws: JSONError.self) { try JSONValue(parsing: nested(1_000_000)) }
}

@Test func neighboursDoNotAddUpToDepth() throws {
  let text = "[" + Array(repeating: "[]", count: 200).joined(separator: ",") + "]"
  #expect(try JSONValue(parsing: text).arrayValue?.count == 200)
}

@Test func badUTF8IsRefused() {
  for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0xEF, 0xBB, 0xBF, 0x31]] {
    #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
  }
}

/// Damaged texts either fail with a place inside the text or read back as they are written.
@Test func noDamageMakesTheParserTrap() throws {
  let text = #"{"a":[1,-2.5e+3,true,null,"\u00e9\ud83d\ude00 é"],"b":{"c":[],"d":{}}}"#
  let interesting = Array(#"{}[],:"\u0019aeE+-. tfn"#.utf8) + [0x00, 0x0A, 0x7F, 0x80, 0xC3, 0xFF]
  var random = RandomSource(seed: 20)
  for _ in 0..<20_000 {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let position = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.remove(at: position)
      case 1: bytes.removeSubrange(position...)
      case 2:
        bytes.insert(
          interesting[Int.random(in: 0..<interesting.count, using: &random)], at: position)
      default: bytes[position] = interesting[Int.random(in: 0..<interesting.count, using: &random)]
      }
    }
    do {
      let value = try JSONValue(parsing: bytes)
      #expect(try JSONValue(parsing: value.text()) == value)
    } catch {
      #expect(error.line >= 1 && error.column >= 1 && error.column <= bytes.count + 1)
    }
  }
}

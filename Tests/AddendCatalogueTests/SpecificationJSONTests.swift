import AddendCatalogue
import Testing

@Test func specificationsRoundTripThroughJSON() throws {
  let specification = Specification(
    "residual",
    [
      "map": .text("lookup:block=8,codewords=16"), "width": .integer(64), "rate": .number(0.5),
      "bias": .flag(false),
      "layers": .list([Specification("relu"), Specification("dense", ["units": .integer(10)])]),
    ])
  #expect(
    specification.json.text() == """
      {"kind":"residual","bias":false,"layers":[{"kind":"relu"},{"kind":"dense","units":10}],\
      "map":"lookup:block=8,codewords=16","rate":0.5,"width":64}
      """)
  #expect(try Specification(json: JSONValue(parsing: specification.json.text())) == specification)
}

@Test func textStandsForASpecification() throws {
  let specification = try Specification(json: [
    "kind": "branch", "layers": ["relu", "dense:units=3"],
  ])
  #expect(
    specification.arguments["layers"]
      == .list([Specification("relu"), Specification("dense", ["units": .text("3")])]))
}

@Test func infiniteNumbersSurviveAsText() throws {
  let specification = Specification("clip", ["norm": .number(.infinity)])
  let read = try Specification(json: JSONValue(parsing: specification.json.text()))
  let declaration = Declaration(
    "clip", summary: "",
    parameters: [.init("norm", .number(0 ... .infinity), standard: nil, help: "")])
  #expect(try Arguments(read, for: declaration).number("norm") == .infinity)
}

@Test func otherValuesAreRefusedByName() {
  #expect(throws: CatalogueError.notASpecification(found: "a number")) {
    try Specification(json: 3)
  }
  #expect(throws: CatalogueError.notASpecification(found: "an object")) {
    try Specification(json: ["name": "dense"])
  }
  let error = #expect(throws: CatalogueError.self) {
    try Specification(json: ["kind": "dense", "units": nil])
  }
  #expect(
    error?.description
      == "dense: units is null, expected a number, text, true, false or an array")
}

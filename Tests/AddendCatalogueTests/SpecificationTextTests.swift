import AddendCatalogue
import Testing

/// The text form of specifications that hold specifications.
struct SpecificationTextTests {
  @Test func aSpecificationIsHandedOnInBrackets() throws {
    let text = "convert:keep=last,map=[lookup:block=8,encoder=hash]"
    let specification = try Specification(parsing: text)
    #expect(specification.arguments["map"] == .text("lookup:block=8,encoder=hash"))
    #expect(specification.arguments["keep"] == .text("last"))
    #expect(specification.description == text)
  }

  @Test func bracketsNest() throws {
    let inner = Specification("b", ["x": .text("c:y=1,z=2"), "w": .text("3")])
    let outer = Specification("a", ["inner": .text(inner.description), "k": .text("4")])
    let read = try Specification(parsing: outer.description)
    #expect(read == outer)
    guard case .text(let text) = read.arguments["inner"] else {
      Issue.record("inner is no text")
      return
    }
    #expect(try Specification(parsing: text) == inner)
  }

  @Test func bracketsInsideOfAValueAreCharacters() throws {
    #expect(
      try Specification(parsing: "csv:path=a[1].csv,x=b]").arguments
        == ["path": .text("a[1].csv"), "x": .text("b]")])
  }

  @Test(arguments: ["a:b=[c", "a:b=[c]d", "a:b=[c]]", "a:b=[[c]", "a:b=[c],", "a:b=[c]d=e"])
  func bracketsThatDoNotMatchAreRefused(text: String) {
    #expect(throws: CatalogueError.malformed(text: text)) { try Specification(parsing: text) }
  }
}

import Addend
import AddendTestSupport
import Testing

struct LibraryExampleTests {
  /// The README's example, between its markers, does what the README says.
  @Test func exampleTrainsSavesLoadsAndPredicts() throws {
    try withTemporaryDirectory { folder in
      let path = "\(folder)/digits.addend"
      // example: begin
      let digits = try Datasets.load(Specification("digits"), from: DataStore())
      let network = Network("digits", input: digits.training.inputShape) {
        Flatten()
        Dense(128)
        ReLU()
        Dense(10)
      }
      // The product is replaceable: "float32", "space", "lookup:block=8", …
      let model = try Model<Float>(network, map: Specification(parsing: "lookup:block=4"), seed: 1)
      var trainer = Trainer(model, plan: TrainingPlan(epochs: 15, batchSize: 50))
      try trainer.run(on: digits)

      try ModelArchive(trainer.model.frozen()).save(to: path)
      let stored = try ModelArchive<Float>(contentsOf: path).model
      let outputs = try stored.forward(digits.test.batch([0, 1, 2]).input)
      let classes = outputs.largestColumns()
      let evaluation = try stored.evaluation(on: digits.test, loss: SoftmaxCrossEntropy())
      // example: end
      #expect(classes.count == 3 && classes.allSatisfy { 0..<10 ~= $0 })
      #expect(try #require(evaluation.accuracy) > 0.9)
      #expect(stored.cost.multiplications * 4 < 64 * 128 + 128 * 10)
    }
  }

  private static let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  private static func text(_ path: String) throws -> String {
    String(decoding: try readFile(at: "/\(root)/\(path)", byteLimit: 1 << 20), as: UTF8.self)
  }

  private static let readme = (try? text("README.md")) ?? ""
  private static let marker = "<!-- library example -->"

  /// The README shows the code that the test above runs, letter by letter: behind the marker, between
  /// its code block's fences, after the import.
  @Test(.enabled(if: readme.contains(marker), "README.md has no library example"))
  func readmeShowsTheExample() throws {
    let lines = try Self.text("Tests/AddendTests/LibraryExampleTests.swift").split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
    let begin = try #require(lines.firstIndex { $0.hasSuffix("// example: begin") })
    let end = try #require(lines.firstIndex { $0.hasSuffix("// example: end") })
    let indentation = lines[begin].prefix { $0 == " " }.count
    let example = lines[begin + 1..<end].map { String($0.dropFirst(indentation)) }
    let shown = Self.readme.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    let start = try #require(shown.firstIndex(of: Self.marker))
    let block = shown[(start + 1)...].drop { $0 != "```swift" }.dropFirst().prefix { $0 != "```" }
    #expect(Array(block.drop { $0.hasPrefix("import ") || $0.isEmpty }) == example)
  }
}

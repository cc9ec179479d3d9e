public import AddendCatalogue
public import AddendTensors

/// `residual`: k-means codebooks, each for what those before it left; words are the sums.
public struct ResidualScheme: CodebookScheme {
  /// Codebooks whose words are added.
  public let stages: Int
  private let learning: KMeansScheme

  public static let declaration = Declaration(
    "residual", summary: "sums of k-means codebooks, each for what those before it left",
    parameters: [
      .init("stages", .integer(1...64), standard: .integer(2), help: "codebooks that are added"),
      .init(
        "iterations", .integer(0...10_000), standard: .integer(20), help: "rounds, at most"),
    ])

  public init(_ arguments: Arguments) {
    stages = arguments.integer("stages")
    learning = KMeansScheme(iterations: arguments.integer("iterations"))
  }

  public var specification: Specification {
    Specification(
      "residual", ["stages": .integer(stages), "iterations": .integer(learning.iterations)])
  }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    let each = try wordsPerPart("residual", words: words, parts: stages)
    return try makeComposite(wordsPerPart: each, from: source, using: &random).flattened()
  }

  public func work(words: Int, blocks: Int, dimension: Int) -> [CodebookWork] {
    guard let each = try? wordsPerPart("residual", words: words, parts: stages) else { return [] }
    let coding = CodebookWork(.coding, points: blocks, dimension: dimension, words: each)
    let stage = learning.work(words: each, blocks: blocks, dimension: dimension) + [coding]
    return Array(repeating: stage, count: stages).flatMap(\.self)
  }

  /// The stages' codebooks, of `wordsPerPart` words each: `wordsPerPart^stages` words in all.
  ///
  /// - Throws: `CodebookError`.
  public func makeComposite(
    wordsPerPart: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> CompositeCodebook {
    var left = try source.points(for: wordsPerPart, using: &random)
    var parts: [Codebook] = []
    for _ in 0..<stages {
      let own = try CodebookSource(samples: left)
      let part = try learning.makeCodebook(words: wordsPerPart, from: own, using: &random)
      left = left.subtracting(try part.decode(part.encode(left)))
      parts.append(part)
    }
    return try CompositeCodebook(.residual, parts)
  }
}

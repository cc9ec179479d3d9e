public import AddendCatalogue
public import AddendTensors

/// `product`: blocks cut into pieces with a k-means codebook each; words are the combinations.
public struct ProductScheme: CodebookScheme {
  /// Pieces of a block.
  public let pieces: Int
  private let learning: KMeansScheme

  public static let declaration = Declaration(
    "product", summary: "blocks cut into pieces with a k-means codebook each",
    parameters: [
      .init("pieces", .integer(1...64), standard: .integer(2), help: "pieces of a block"),
      .init(
        "iterations", .integer(0...10_000), standard: .integer(20), help: "rounds, at most"),
    ])

  public init(_ arguments: Arguments) {
    pieces = arguments.integer("pieces")
    learning = KMeansScheme(iterations: arguments.integer("iterations"))
  }

  public var specification: Specification {
    Specification(
      "product", ["pieces": .integer(pieces), "iterations": .integer(learning.iterations)])
  }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    let each = try wordsPerPart("product", words: words, parts: pieces)
    return try makeComposite(wordsPerPart: each, from: source, using: &random).flattened()
  }

  public func work(words: Int, blocks: Int, dimension: Int) -> [CodebookWork] {
    guard let each = try? wordsPerPart("product", words: words, parts: pieces) else { return [] }
    let piece = max(1, (dimension + pieces - 1) / pieces)
    return Array(
      repeating: learning.work(words: each, blocks: blocks, dimension: piece), count: pieces
    ).flatMap(\.self)
  }

  /// The pieces' codebooks, of `wordsPerPart` words each: `wordsPerPart^pieces` words in all.
  ///
  /// - Throws: `CodebookError`, also where a block has fewer numbers than pieces.
  public func makeComposite(
    wordsPerPart: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> CompositeCodebook {
    guard pieces <= source.dimension else {
      throw .pieces(found: pieces, dimension: source.dimension)
    }
    let points = try source.points(for: wordsPerPart, using: &random)
    var parts: [Codebook] = []
    for piece in 0..<pieces {
      // Pieces differ by one number where the block does not divide.
      let first = piece * source.dimension / pieces
      let last = (piece + 1) * source.dimension / pieces
      let own = try CodebookSource(samples: points.columns(first..<last))
      parts.append(try learning.makeCodebook(words: wordsPerPart, from: own, using: &random))
    }
    return try CompositeCodebook(.product, parts)
  }
}

public import AddendCatalogue
public import AddendTensors

/// `k-means`: Lloyd's algorithm from a k-means++ start; words that lose all blocks start again.
public struct KMeansScheme: CodebookScheme {
  /// Rounds of Lloyd's algorithm, at most.
  public let iterations: Int
  /// Blocks to learn from, at most; drawn without repetition where there are more.
  public let samples: Int

  public static let declaration = Declaration(
    "k-means", summary: "Lloyd's algorithm from a k-means++ start",
    parameters: [
      .init(
        "iterations", .integer(0...10_000), standard: .integer(KMeans.standardIterations),
        help: "rounds, at most"),
      .init(
        "samples", .integer(1...Codebook.countLimit), standard: .integer(65_536),
        help: "blocks to learn from, at most"),
    ])

  public init(_ arguments: Arguments) {
    iterations = arguments.integer("iterations")
    samples = arguments.integer("samples")
  }

  public init(iterations: Int = 20, samples: Int = 65_536) {
    precondition(iterations >= 0 && samples > 0, "k-means: parameters")
    self.iterations = iterations
    self.samples = samples
  }

  public var specification: Specification {
    Specification("k-means", ["iterations": .integer(iterations), "samples": .integer(samples)])
  }

  public func work(words: Int, blocks: Int, dimension: Int) -> [CodebookWork] {
    [
      CodebookWork(
        .means(rounds: iterations), points: min(blocks, max(samples, words)), dimension: dimension,
        words: words)
    ]
  }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    try checkCount(words)
    var points = try source.points(for: words, using: &random)
    let limit = max(samples, words)
    if points.shape[0] > limit {
      points = try SampleScheme().makeCodebook(
        words: limit, from: CodebookSource(samples: points), using: &random
      ).words
    }
    let means = KMeans(points: points.transposedMatrix)
    return try Codebook(means.codebook(words: words, iterations: iterations, using: &random))
  }
}

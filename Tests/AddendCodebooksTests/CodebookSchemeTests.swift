import AddendCatalogue
import AddendCodebooks
import AddendData
import AddendTensors
import AddendTestSupport
import Testing

/// The schemes, on blocks of four neighbouring pixels of the built-in digits.
struct CodebookSchemeTests {
  static func blocks(_ dimension: Int) throws -> Tensor<Float> {
    let digits = try Datasets.load(Specification("digits")).training
    let inputs = digits.batch(Array(0..<399)).input
    return inputs.reshaped([inputs.count / dimension, dimension])
  }

  static func error(
    _ scheme: String, words: Int, dimension: Int = 4, seed: UInt64 = 1
  ) throws -> Double {
    var random = RandomSource(seed: seed)
    let blocks = try blocks(dimension)
    let codebook = try CodebookSchemes.scheme(Specification(parsing: scheme))
      .makeCodebook(words: words, from: CodebookSource(samples: blocks), using: &random)
    return try codebook.relativeError(on: blocks)
  }

  @Test func learnedWordsBeatSampledOnesAndThoseBeatUnitNormalOnes() throws {
    let means = try Self.error("k-means", words: 64)
    let sampled = try Self.error("sample", words: 64)
    let unit = try Self.error("unit-normal", words: 64)
    #expect(means < sampled)
    #expect(sampled < unit)
  }

  @Test func scaledNormalWordsBeatUnitNormalOnes() throws {
    // Pixels lie within [0, 1]: unit-normal words are much too far apart.
    #expect(try Self.error("normal", words: 64) < Self.error("unit-normal", words: 64))
  }

  @Test(arguments: 1...3)
  func anotherStageLowersTheError(stages: Int) throws {
    let blocks = try Self.blocks(4)
    func error(_ stages: Int) throws -> Double {
      var random = RandomSource(seed: 4)
      let scheme = try ResidualScheme(
        Arguments(
          Specification(parsing: "residual:stages=\(stages)"), for: ResidualScheme.declaration))
      return try scheme.makeComposite(
        wordsPerPart: 8, from: CodebookSource(samples: blocks), using: &random
      ).relativeError(on: blocks)
    }
    #expect(try error(stages + 1) < error(stages))
  }

  /// Cut into pieces, as many stored numbers leave less of 64 dimensions.
  @Test func piecesMakeManyDimensionsUsable() throws {
    let blocks = try Self.blocks(64)
    var random = RandomSource(seed: 4)
    let scheme = try ProductScheme(
      Arguments(Specification(parsing: "product:pieces=16"), for: ProductScheme.declaration))
    let product = try scheme.makeComposite(
      wordsPerPart: 16, from: CodebookSource(samples: blocks), using: &random)
    #expect(product.bits == 64)
    #expect(product.dimension == 64)
    #expect(
      try product.relativeError(on: blocks) < Self.error("k-means", words: 16, dimension: 64))
    #expect(throws: CodebookError.self) { try product.flattened() }
  }

  /// Flattened, the words are the combinations, and the search among all of them finds a word at least
  /// as near as stage by stage.
  @Test(arguments: ["product", "residual"])
  func flattenedWordsAreTheCombinations(scheme: String) throws {
    let blocks = try Self.blocks(4)
    let source = try CodebookSource(samples: blocks)
    var random = RandomSource(seed: 7)
    let composite =
      scheme == "product"
      ? try ProductScheme(Arguments(Specification("product"), for: ProductScheme.declaration))
        .makeComposite(wordsPerPart: 5, from: source, using: &random)
      : try ResidualScheme(Arguments(Specification("residual"), for: ResidualScheme.declaration))
        .makeComposite(wordsPerPart: 5, from: source, using: &random)
    let flat = try composite.flattened()
    #expect(flat.count == 25)
    #expect(try composite.decode([[3], [1]]).elements == flat[16])
    let greedy = try composite.relativeError(on: blocks)
    // Equal for pieces, up to the rounding of distances.
    #expect(try flat.relativeError(on: blocks) <= greedy * (1 + 1e-5))
  }

  @Test(arguments: CodebookSchemes.catalogue.names)
  func everySchemeWorksOnDataAndOnALaw(name: String) throws {
    let scheme = try CodebookSchemes.scheme(Specification(name))
    #expect(try CodebookSchemes.scheme(scheme.specification).specification == scheme.specification)
    let sources = [
      try CodebookSource(samples: Self.blocks(3)),
      try CodebookSource(mean: 0.5, deviation: 2, dimension: 3),
    ]
    for source in sources {
      var (first, second) = (RandomSource(seed: 3), RandomSource(seed: 3))
      let codebook = try scheme.makeCodebook(words: 100, from: source, using: &first)
      #expect(codebook.dimension == 3)
      #expect(codebook.count <= 100 && codebook.count >= 64)
      #expect(try scheme.makeCodebook(words: 100, from: source, using: &second) == codebook)
      #expect(throws: CodebookError.self) {
        try scheme.makeCodebook(words: 0, from: source, using: &first)
      }
    }
  }

  @Test(arguments: ["k-means", "sample"])
  func moreWordsThanBlocksAreRefused(name: String) throws {
    var random = RandomSource(seed: 1)
    let source = try CodebookSource(samples: Tensor([9, 2]))
    let scheme = try CodebookSchemes.scheme(Specification(name))
    #expect(throws: CodebookError.moreWordsThanSamples(words: 10, samples: 9)) {
      try scheme.makeCodebook(words: 10, from: source, using: &random)
    }
  }

  @Test func combinationsThatDoNotFitAreRefused() throws {
    var random = RandomSource(seed: 1)
    let source = try CodebookSource(mean: 0, deviation: 1, dimension: 9)
    #expect(throws: CodebookError.tooFewWords(scheme: "grid", words: 256, needed: 512)) {
      try GridScheme().makeCodebook(words: 256, from: source, using: &random)
    }
    let wide = try CodebookSource(mean: 0, deviation: 1, dimension: 64)
    #expect(
      throws: CodebookError.tooManyParts(scheme: "grid", parts: 64, limit: Codebook.countLimit)
    ) {
      try GridScheme().makeCodebook(words: 256, from: wide, using: &random)
    }
    let product = try CodebookSchemes.scheme(Specification(parsing: "product:pieces=10"))
    #expect(throws: CodebookError.pieces(found: 10, dimension: 9)) {
      try product.makeCodebook(words: 1 << 10, from: source, using: &random)
    }
    let sphere = try CodebookSchemes.scheme(Specification("sphere"))
    #expect(throws: CodebookError.tooFewWords(scheme: "sphere", words: 3, needed: 4)) {
      try sphere.makeCodebook(words: 3, from: source, using: &random)
    }
  }

  /// Every direction comes with every length.
  @Test func sphereWordsAreShapesTimesGains() throws {
    var random = RandomSource(seed: 8)
    let source = try CodebookSource(mean: 0, deviation: 1, dimension: 5)
    let codebook = try CodebookSchemes.scheme(Specification(parsing: "sphere:gains=2"))
      .makeCodebook(words: 6, from: source, using: &random)
    func length(_ word: [Float]) -> Float { word.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let (short, long) = (length(codebook[0]), length(codebook[1]))
    #expect(short < long)
    for shape in 0..<3 {
      let (a, b) = (codebook[2 * shape], codebook[2 * shape + 1])
      #expect(abs(length(a) - short) < 1e-5 && abs(length(b) - long) < 1e-5)
      for c in 0..<5 { #expect(abs(a[c] * long - b[c] * short) < 1e-5) }
    }
  }

  /// On uniform data the best grid of four levels has nearly the error of that law, step² / 12.
  @Test func gridOfUniformDataHasItsLawsError() throws {
    var random = RandomSource(seed: 8)
    let data = Tensor<Float>([20_000, 1]) { span in
      for i in span.indices { span[i] = Float(2 * random.uniform() - 1) }
    }
    let codebook = try GridScheme().makeCodebook(
      words: 4, from: CodebookSource(samples: data), using: &random)
    // Reaches are tried in steps of a quarter of the deviation, so one within 1/8 is among them.
    let ideal = 1.0 / 16
    #expect(try codebook.relativeError(on: data) < ideal * 1.1)
    #expect(try codebook.relativeError(on: data) > ideal * 0.97)
  }

  @Test func farClustersGetAWordEach() throws {
    var random = RandomSource(seed: 1)
    let data = Tensor<Float>([300, 1]) { span in
      for i in span.indices { span[i] = Float(100 * (i % 3)) + Float(random.uniform()) }
    }
    for seed in 1...8 {
      var random = RandomSource(seed: UInt64(seed))
      let codebook = try KMeansScheme().makeCodebook(
        words: 3, from: CodebookSource(samples: data), using: &random)
      let codes = try codebook.encode(data)
      #expect(try codebook.usage(of: codes) == [100, 100, 100])
    }
  }
}

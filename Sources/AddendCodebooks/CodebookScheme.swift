public import AddendCatalogue
public import AddendTensors

/// A way to make codebooks: what `k-means:iterations=50` names.
public protocol CodebookScheme: Configurable {
  /// A codebook of `words` words for blocks such as `source`'s.
  ///
  /// Schemes whose words are combinations (`grid`, `product`, `residual`, `sphere`) make the largest
  /// number of words that their parts combine to, `words` at most.
  ///
  /// - Throws: `CodebookError`.
  func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook

  /// What the time of `makeCodebook` goes into, for `words` words of `blocks` blocks of `dimension`
  /// numbers: the runs of k-means. None, by default.
  func work(words: Int, blocks: Int, dimension: Int) -> [CodebookWork]
}

extension CodebookScheme {
  public func work(words: Int, blocks: Int, dimension: Int) -> [CodebookWork] { [] }
}

/// The ways there are.
public enum CodebookSchemes {
  public static let catalogue = Catalogue(
    of: "codebook scheme",
    [
      UnitNormalScheme.self, NormalScheme.self, SphereScheme.self, GridScheme.self,
      SampleScheme.self, KMeansScheme.self, ProductScheme.self, ResidualScheme.self,
    ])

  /// The scheme that `specification` names.
  public static func scheme(
    _ specification: Specification
  ) throws(CatalogueError) -> any CodebookScheme {
    guard let scheme = try catalogue.make(specification) as? any CodebookScheme else {
      preconditionFailure("the catalogue of codebook schemes holds schemes")
    }
    return scheme
  }
}

/// - Throws: `CodebookError.wordCount` for no words, or more than a codebook holds.
func checkCount(_ words: Int) throws(CodebookError) {
  guard 1...Codebook.countLimit ~= words else {
    throw .wordCount(found: words, limit: Codebook.countLimit)
  }
}

/// The words of each of `parts` equal parts whose combinations are `words` at most: `⌊words^(1/parts)⌋`.
///
/// - Throws: `CodebookError.tooFewWords` where that is less than 2, `tooManyParts` where it is so for
///   every codebook.
func wordsPerPart(
  _ scheme: String, words: Int, parts: Int
) throws(CodebookError) -> Int {
  try checkCount(words)
  func power(_ base: Int) -> Int {
    (0..<parts).reduce(1) { product, _ in product > words ? product : product * base }
  }
  var root = 1
  while power(root + 1) <= words { root += 1 }
  guard root > 1 else {
    guard parts <= Codebook.countLimit.trailingZeroBitCount else {
      throw .tooManyParts(scheme: scheme, parts: parts, limit: Codebook.countLimit)
    }
    throw .tooFewWords(scheme: scheme, words: words, needed: 1 << parts)
  }
  return root
}

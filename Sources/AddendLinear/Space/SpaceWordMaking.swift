internal import AddendCatalogue
internal import AddendCodebooks
internal import AddendTensors

/// How words are made and how they follow what they stand for.
enum SpaceWordMaking {
  /// The scheme whose words can follow their blocks; those of others stay as they were made.
  static let movable = KMeansScheme.declaration.name

  /// `count` words for blocks such as `points`, made by the scheme called `name`.
  ///
  /// A scheme that combines words may make fewer; the last one then fills the places left.
  static func make(
    _ name: String, count: Int, from points: SpacePoints, using random: inout RandomSource
  ) -> Tensor<Float> {
    do {
      let source = try CodebookSource(samples: points.filled(to: count).blocks)
      return try make(name, count: count, from: source, using: &random)
    } catch {
      preconditionFailure("the scheme was checked with the configuration: \(error)")
    }
  }

  private static func make(
    _ name: String, count: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws -> Tensor<Float> {
    let scheme = try CodebookSchemes.scheme(Specification(name))
    let made = try scheme.makeCodebook(words: count, from: source, using: &random).words
    let span = made.span
    return Tensor([count, source.dimension]) { words in
      let last = made.shape[0] - 1
      for word in 0..<count {
        for c in 0..<source.dimension {
          words[word * source.dimension + c] = span[min(word, last) * source.dimension + c]
        }
      }
    }
  }

  /// - Throws: `CatalogueError.invalidParameter` where the scheme called `name` cannot make so many
  ///   words of so many numbers.
  static func check(
    _ name: String, _ parameter: String, words: Int, dimension: Int
  ) throws(CatalogueError) {
    // These make any number of words of any size.
    let any =
      [UnitNormalScheme.self, NormalScheme.self, SampleScheme.self, KMeansScheme.self]
      as [any CodebookScheme.Type]
    guard !any.contains(where: { $0.declaration.name == name }) else { return }
    var random = RandomSource(seed: 0)
    do {
      let law = try CodebookSource(mean: 0, deviation: 1, dimension: dimension)
      _ = try make(name, count: words, from: law, using: &random)
    } catch {
      throw .invalidParameter(
        of: "space", parameter: parameter,
        expected: "a scheme for \(words) words of \(dimension) numbers", found: "\(name): \(error)")
    }
  }

  /// Words by Lloyd's algorithm from a k-means++ start.
  static func lloyd(
    _ points: SpacePoints, words: Int, rounds: Int, using random: inout RandomSource
  ) -> Tensor<Float> {
    return KMeans(points: points.columns).codebook(words: words, iterations: rounds, using: &random)
  }

  /// Moves each word to the mean of the blocks that are coded as it.
  ///
  /// A word without any is dead and starts again as a block drawn at random. Needs additions, and a
  /// division a word's number.
  /// - Parameter code: of block `i`.
  static func moveToMeans(
    _ words: inout Tensor<Float>, of points: SpacePoints, code: (Int) -> Int,
    using random: inout RandomSource
  ) {
    let (count, dimension) = (words.shape[0], words.shape[1])
    var sums = [Double](repeating: 0, count: words.count)
    var sizes = [Int](repeating: 0, count: count)
    let numbers = points.blocks.span
    for i in 0..<points.count {
      let word = code(i)
      sizes[word] += 1
      for c in 0..<dimension { sums[word * dimension + c] += Double(numbers[i * dimension + c]) }
    }
    var span = words.mutableSpan
    for word in 0..<count {
      let stray = sizes[word] == 0 ? Int(random.next() % UInt64(points.count)) : nil
      for c in 0..<dimension {
        span[word * dimension + c] =
          stray.map { numbers[$0 * dimension + c] }
          ?? Float(sums[word * dimension + c] / Double(sizes[word]))
      }
    }
  }

  /// Puts zero in the place of the word nearest to it.
  static func putZero(into words: inout Tensor<Float>) {
    let dimension = words.shape[1]
    var span = words.mutableSpan
    var (nearest, least) = (0, Double.infinity)
    for word in 0..<span.count / dimension {
      var norm = 0.0
      for c in 0..<dimension {
        let number = Double(span[word * dimension + c])
        norm += number * number
      }
      if norm < least { (nearest, least) = (word, norm) }
    }
    for c in 0..<dimension { span[nearest * dimension + c] = 0 }
  }
}

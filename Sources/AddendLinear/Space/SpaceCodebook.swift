internal import AddendCodebooks
internal import AddendTensors

/// Words and the levels that lead to them.
struct SpaceCodebook<Scalar: TensorScalar>: Sendable {
  /// `[words, dimension]`.
  var words: Tensor<Scalar>
  /// Ascending, `[2^bits]`.
  var levels: Tensor<Scalar>

  /// Room for a codebook that a file holds.
  init(words: Int, dimension: Int) {
    self.words = Tensor([words, dimension])
    levels = Tensor([1 << SpaceEncoder<Scalar>.bits(dimension: dimension)])
  }

  /// Words and levels by k-means, the levels on the blocks' coordinates one by one.
  /// - Parameter holdsZero: the word nearest to zero becomes zero.
  init(
    of points: Tensor<Float>, words count: Int, holdsZero: Bool, using random: inout RandomSource
  ) {
    var book = KMeans(points: points).codebook(words: count, using: &random)
    if holdsZero { Self.putZero(into: &book) }
    words = Tensor(book)
    levels = Self.levels(for: book, points, using: &random)
  }

  /// Levels of single numbers are the words themselves, which makes their encoding exact; those of
  /// larger blocks' coordinates come from k-means again.
  private static func levels(
    for book: Tensor<Float>, _ points: Tensor<Float>, using random: inout RandomSource
  ) -> Tensor<Scalar> {
    let dimension = points.shape[0]
    let count = 1 << SpaceEncoder<Scalar>.bits(dimension: dimension)
    var levels = book.elements
    if dimension > 1 {
      let coordinates = KMeans(points: points.reshaped([1, points.count]))
      levels = coordinates.codebook(words: count, using: &random).elements
    }
    levels.sort()
    levels += Array(repeating: levels.last ?? 0, count: count - levels.count)
    return Tensor([count], levels.map { Scalar(Double($0)) })
  }

  private static func putZero(into book: inout Tensor<Float>) {
    let dimension = book.shape[1]
    var span = book.mutableSpan
    var (nearest, least) = (0, Double.infinity)
    for word in 0..<span.count / dimension {
      var norm = 0.0
      for c in 0..<dimension { norm += Double(span[word * dimension + c]).squared }
      if norm < least { (nearest, least) = (word, norm) }
    }
    for c in 0..<dimension { span[nearest * dimension + c] = 0 }
  }

  var encoder: SpaceEncoder<Scalar> { SpaceEncoder(levels: levels, words: words) }

  /// - Throws: `TensorError.invalidValue` unless all is finite and the levels ascend.
  func check(_ name: String) throws(TensorError) {
    let levels = levels.elements
    guard zip(levels, levels.dropFirst()).allSatisfy({ $0 <= $1 }),
      (levels + words.elements).allSatisfy({ $0.double.isFinite })
    else {
      throw .invalidValue(
        operation: "space map", argument: name, expected: "finite words and ascending levels",
        found: "others")
    }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>, named name: String) {
    visitor.enter(name)
    visitor.visit(&words, named: "words")
    visitor.visit(&levels, named: "levels")
    visitor.leave()
  }
}

extension Double {
  fileprivate var squared: Double { self * self }
}

public import AddendKernels
public import AddendTensors

/// Lloyd's algorithm from a k-means++ start (Arthur & Vassilvitskii, 2007).
///
/// Memory: the points a second time, while codes are found.
public struct KMeans: Sendable {
  /// `[dimension, count]`.
  public let points: Tensor<Float>

  /// - Parameter points: `[dimension, count]`, neither of them 0.
  public init(points: Tensor<Float>) {
    precondition(points.shape.rank == 2 && points.count > 0, "a codebook is made from points")
    self.points = points
  }

  /// Rounds that are mostly enough.
  public static let standardIterations = 20

  private var dimension: Int { points.shape[0] }
  private var count: Int { points.shape[1] }

  /// `words` centroids, `[words, dimension]`; some coincide where there are fewer distinct points.
  ///
  /// A word that loses all its points starts again from one of them. Rounds end early when none
  /// changes a word.
  ///
  /// Cost: `(iterations + 1) · count · words · dimension` multiplications.
  public func codebook(
    words: Int, iterations: Int = standardIterations, using random: inout RandomSource
  ) -> Tensor<Float> {
    precondition(words > 0, "a codebook has words")
    var book = start(words: words, using: &random)
    for _ in 0..<iterations where move(&book, by: codes(for: book), using: &random) { break }
    return book
  }

  /// Moves words to the means of their points; tells whether all of them were there already.
  func move(
    _ book: inout Tensor<Float>, by codes: AlignedBuffer<UInt32>, using random: inout RandomSource
  ) -> Bool {
    let words = book.shape[0]
    var sums = [Double](repeating: 0, count: words * dimension)
    var sizes = [Int](repeating: 0, count: words)
    let (numbers, assigned) = (points.span, codes.span)
    for i in 0..<count {
      let word = Int(assigned[i])
      sizes[word] += 1
      for c in 0..<dimension { sums[word * dimension + c] += Double(numbers[c * count + i]) }
    }
    var span = book.mutableSpan
    var isSettled = true
    for word in 0..<words {
      let stray = sizes[word] == 0 ? Int(random.next() % UInt64(count)) : nil
      for c in 0..<dimension {
        let number =
          stray.map { numbers[c * count + $0] }
          ?? Float(sums[word * dimension + c] / Double(sizes[word]))
        isSettled = isSettled && number == span[word * dimension + c]
        span[word * dimension + c] = number
      }
    }
    return isSettled
  }

  /// The nearest word's number for each point; `book` is `[words, dimension]`.
  public func codes(for book: Tensor<Float>) -> AlignedBuffer<UInt32> {
    let codes = AlignedBuffer<UInt32>(uninitializedCount: count)
    var span = codes.uniqueSpan
    NearestWords(book.span, dimension: dimension).search(columns: points.span, into: &span)
    return codes
  }

  /// Points drawn one by one, each with a probability proportional to its squared distance from
  /// those drawn before.
  func start(words: Int, using random: inout RandomSource) -> Tensor<Float> {
    var distances = Tensor<Float>([count], repeating: .infinity)
    var chosen = Int(random.next() % UInt64(count))
    let numbers = points.span
    return Tensor([words, dimension]) { span in
      for word in 0..<words {
        for c in 0..<dimension { span[word * dimension + c] = numbers[c * count + chosen] }
        var least = distances.mutableSpan
        let place = word * dimension..<(word + 1) * dimension
        lowerDistances(numbers, to: span.span.extracting(place), in: &least)
        var total = 0.0
        for i in 0..<count { total += Double(least[i]) }
        var left = random.uniform() * total
        chosen =
          (0..<count).first { i in
            left -= Double(least[i])
            return left < 0
          } ?? Int(random.next() % UInt64(count))
      }
    }
  }
}

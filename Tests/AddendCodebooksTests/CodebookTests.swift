import AddendCatalogue
import AddendCodebooks
import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Words, the search for the nearest, and what coding loses.
struct CodebookTests {
  @Test(arguments: [
    (1, 1), (7, 3), (256, 4), (257, 1), (700, 5), (1000, 64), (513, 17), (2100, 40),
  ])
  func encodingFollowsItsDefinition(count: Int, dimension: Int) throws {
    var random = RandomSource(seed: UInt64(count))
    var words = Tensor<Float>.normal([count, dimension], using: &random)
    // Equal words: the first of them is the nearest.
    if count > 300 {
      for c in 0..<dimension { words[count - 1, c] = words[3, c] }
    }
    let codebook = try Codebook(words)
    var points = Tensor<Float>.normal([131, dimension], using: &random)
    for c in 0..<dimension { points[130, c] = words[min(3, count - 1), c] }
    let numbers = points.span
    let expected = (0..<131).map { i in
      UInt32(codebook.nearest(to: numbers.extracting(i * dimension..<(i + 1) * dimension)))
    }
    #expect(try codebook.encode(points) == expected)
    #expect(expected[130] == UInt32(min(3, count - 1)))
    let pool = ThreadPool(threadCount: 3)
    let threaded = try ThreadPool.$current.withValue(pool) { try codebook.encode(points) }
    #expect(threaded == expected)
  }

  /// Words that lie as near as rounding can tell, far from zero: the shortlist keeps all that matter.
  @Test(arguments: [32, 33, 256])
  func nearlyEqualWordsAreToldApartAsDefined(dimension: Int) throws {
    var random = RandomSource(seed: 4)
    let words = Tensor<Float>([300, dimension]) { span in
      for i in span.indices {
        span[i] = 3 + 1e-6 * Float(random.normal()) + Float(i % dimension) / 7
      }
    }
    let codebook = try Codebook(words)
    let points = Tensor<Float>([50, dimension]) { span in
      for i in span.indices {
        span[i] = 3.1 + Float(i % dimension) / 7 + 0.1 * Float(random.normal())
      }
    }
    let numbers = points.span
    let expected = (0..<50).map { i in
      UInt32(codebook.nearest(to: numbers.extracting(i * dimension..<(i + 1) * dimension)))
    }
    #expect(try codebook.encode(points) == expected)
  }

  /// Where squares overflow, the definition's answer still stands: the first word.
  @Test func hugeNumbersAreCodedAsDefined() throws {
    let words = Tensor<Float>([200, 40], repeating: 1e25)
    let points = Tensor<Float>([3, 40], repeating: -1e25)
    #expect(try Codebook(words).encode(points) == [0, 0, 0])
  }

  /// Columns instead of rows find the same words.
  @Test func searchByColumnsAgreesWithSearchByRows() {
    var random = RandomSource(seed: 9)
    let words = Tensor<Float>.normal([300, 5], using: &random)
    let points = Tensor<Float>.normal([91, 5], using: &random)
    let columns = Tensor<Float>([5, 91]) { span in
      for i in 0..<91 { for c in 0..<5 { span[c * 91 + i] = points[i, c] } }
    }
    let nearest = NearestWords(words.span, dimension: 5)
    var (a, b) = ([UInt32](repeating: 0, count: 91), [UInt32](repeating: 1, count: 91))
    var x = a.mutableSpan
    nearest.search(points.span, into: &x)
    var y = b.mutableSpan
    nearest.search(columns: columns.span, into: &y)
    #expect(a == b)
  }

  @Test func wordsDecodeToThemselves() throws {
    var random = RandomSource(seed: 2)
    let codebook = try Codebook(.normal([40, 6], using: &random))
    #expect(try codebook.encode(codebook.words) == (0..<40).map { UInt32($0) })
    #expect(try codebook.decode([7, 7])[1, 4] == codebook[7][4])
    #expect(try codebook.relativeError(on: codebook.words) == 0)
    #expect(try codebook.usage(of: [0, 39, 39])[39] == 2)
    #expect(codebook.bitsPerIndex == 6)
    #expect(try Codebook(Tensor([1, 2])).bitsPerIndex == 0)
    #expect(try Codebook(Tensor([64, 1])).bitsPerIndex == 6)
  }

  /// METHODS' table of what so many words can reach.
  @Test(arguments: [(10_000, 256, 0.93), (256, 16, 0.5), (256, 8, 0.25), (256, 2, 0.0039)])
  func boundIsShannons(words: Int, dimension: Int, expected: Double) {
    #expect(abs(Codebook.errorBound(words: words, dimension: dimension) / expected - 1) < 0.01)
  }

  /// Snapping unit-normal data to unit-normal words costs more than answering zero, by as much as the
  /// law of the least of `N` noncentral chi-squared distances says.
  ///
  /// Given `‖x‖² = λ`, `‖x − w‖²` has `d` degrees of freedom and noncentrality `λ`, and
  /// `E[min] = ∫ P(‖x − w‖² > t)^N dt`. By the same integral 10,000 words of 256 numbers leave 1.47
  /// times the energy.
  @Test func unitNormalWordsLoseMoreThanTheyKeep() throws {
    // Measured to three digits, with the points' own spread of λ, which moves it by a percent.
    #expect(abs(Self.leastDistance(256, words: 10_000, noncentrality: 256) / 256 - 1.47) < 0.02)
    let (dimension, count, points) = (64, 500, 400)
    var random = RandomSource(seed: 5)
    let source = try CodebookSource(mean: 0, deviation: 1, dimension: dimension)
    let codebook = try UnitNormalScheme().makeCodebook(words: count, from: source, using: &random)
    let data = Tensor<Float>.normal([points, dimension], using: &random)
    let error = try codebook.relativeError(on: data)
    let expected =
      Self.leastDistance(dimension, words: count, noncentrality: Double(dimension))
      / Double(dimension)
    // The least of 500 distances deviates by some 10 %: the mean over 400 points by 0.5 %, and the
    // energy of the points, which enters both sides, by 1.3 %.
    #expect(abs(error / expected - 1) < 0.04, "\(error), expected \(expected)")
    #expect(error > 1)
    #expect(error > codebook.errorBound)
  }

  private static func leastDistance(
    _ dimension: Int, words: Int, noncentrality: Double
  ) -> Double {
    var (sum, t) = (0.0, 0.0)
    let step = Double(dimension) / 400
    while true {
      let survival = 1 - cumulative(t + step / 2, dimension, noncentrality)
      let all = Math.exp(Double(words) * Math.log(max(survival, 1e-300)))
      if t > Double(dimension) && all < 1e-9 { return sum }
      sum += all * step
      t += step
    }
  }

  /// Noncentral chi-squared with an even number of degrees: chi-squared ones mixed by Poisson weights.
  private static func cumulative(_ t: Double, _ degrees: Int, _ noncentrality: Double) -> Double {
    let (rate, half) = (noncentrality / 2, t / 2)
    var weight = Math.exp(-rate)
    // P(χ²_{2k} > t) = e^{−t/2} Σ_{j < k} (t/2)^j / j!
    var (term, survival) = (Math.exp(-half), 0.0)
    for j in 0..<degrees / 2 {
      survival += term
      term *= half / Double(j + 1)
    }
    var total = 0.0
    for k in 0..<Int(rate + 40 * rate.squareRoot() + 40) {
      total += weight * max(0, 1 - survival)
      weight *= rate / Double(k + 1)
      survival += term
      term *= half / Double(degrees / 2 + k + 1)
    }
    return total
  }

  @Test func badInputIsRefused() throws {
    #expect(throws: CodebookError.samples(found: [4, 0])) { try Codebook(Tensor([4, 0])) }
    #expect(throws: CodebookError.wordCount(found: 0, limit: Codebook.countLimit)) {
      try Codebook(Tensor([0, 4]))
    }
    #expect(throws: CodebookError.notFinite(what: "a codebook's words")) {
      try Codebook(Tensor([2, 1], [1, .infinity]))
    }
    let codebook = try Codebook(Tensor([2, 2], [0, 0, 1, 1]))
    #expect(throws: CodebookError.dimension(what: "points", expected: 2, found: 3)) {
      try codebook.encode(Tensor([1, 3]))
    }
    #expect(throws: CodebookError.notFinite(what: "points")) {
      try codebook.encode(Tensor([1, 2], [0, .nan]))
    }
    #expect(throws: CodebookError.code(found: 2, words: 2)) { try codebook.decode([0, 2]) }
    #expect(throws: CodebookError.code(found: 9, words: 2)) { try codebook.usage(of: [9]) }
    #expect(throws: CodebookError.notFinite(what: "the blocks")) {
      try CodebookSource(samples: Tensor([1, 2], [0, .nan]))
    }
    #expect(throws: CodebookError.samples(found: [0, 0])) {
      try CodebookSource(mean: 0, deviation: 1, dimension: 0)
    }
    #expect(throws: CodebookError.notFinite(what: "the mean and deviation")) {
      try CodebookSource(mean: 0, deviation: -1, dimension: 3)
    }
  }
}

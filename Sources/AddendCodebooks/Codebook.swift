internal import AddendKernels
public import AddendTensors

/// `N` words of `d` numbers; what they stand for is stored as their indices.
///
/// A block of `d` numbers becomes the index of the nearest word, and an index the word again.
public struct Codebook: Equatable, Sendable {
  /// `[count, dimension]`, finite.
  public let words: Tensor<Float>

  /// The largest number of words.
  public static let countLimit = 1 << 24

  /// - Parameter words: `[count, dimension]`.
  /// - Throws: `CodebookError` unless there are from 1 to `countLimit` words of one or more numbers,
  ///   all of them finite.
  public init(_ words: Tensor<Float>) throws(CodebookError) {
    guard words.shape.rank == 2, words.shape[1] > 0 else { throw .samples(found: words.shape) }
    guard 1...Self.countLimit ~= words.shape[0] else {
      throw .wordCount(found: words.shape[0], limit: Self.countLimit)
    }
    guard words.isFinite else { throw .notFinite(what: "a codebook's words") }
    self.words = words
  }

  /// The number of words.
  public var count: Int { words.shape[0] }

  /// Numbers in a word.
  public var dimension: Int { words.shape[1] }

  /// The bits that an index takes, `⌈log₂ count⌉`.
  public var bitsPerIndex: Int {
    count > 1 ? Int.bitWidth - (count - 1).leadingZeroBitCount : 0
  }

  /// The numbers of one word.
  public subscript(index: Int) -> [Float] {
    precondition(0..<count ~= index, "word \(index) of \(count)")
    let span = words.span
    return (index * dimension..<(index + 1) * dimension).map { span[$0] }
  }

  /// The index of the word nearest to `point`: the first `k` that minimises
  /// `Σ_c (point[c] − words[k, c])²`, each step rounded to float32, terms in order.
  ///
  /// This is the definition that `encode` follows bit for bit.
  ///
  /// Cost: `count · dimension` multiplications and twice as many additions.
  public func nearest(to point: Span<Float>) -> Int {
    precondition(point.count == dimension, "a point has as many numbers as a word")
    let words = words.span
    var (nearest, least) = (0, Float.infinity)
    for k in 0..<count {
      var distance: Float = 0
      for c in 0..<dimension {
        let difference = point[c] - words[k * dimension + c]
        distance += difference * difference
      }
      if distance < least { (nearest, least) = (k, distance) }
    }
    return nearest
  }

  /// The index of the nearest word for each of `points`, `[count, dimension]`.
  ///
  /// - Throws: `CodebookError` where points have another dimension or are not finite.
  ///
  /// Cost: `points · count · dimension` multiplications and twice as many additions.
  public func encode(_ points: Tensor<Float>) throws(CodebookError) -> [UInt32] {
    guard points.shape.rank == 2, points.shape[1] == dimension else {
      throw .dimension(
        what: "points", expected: dimension, found: points.shape.rank == 2 ? points.shape[1] : 0)
    }
    guard points.isFinite else { throw .notFinite(what: "points") }
    var codes = [UInt32](repeating: 0, count: points.shape[0])
    var span = codes.mutableSpan
    NearestWords(words.span, dimension: dimension).search(points.span, into: &span)
    return codes
  }

  /// The words that `codes` name, `[codes, dimension]`.
  ///
  /// - Throws: `CodebookError.code` for an index beyond the words.
  public func decode(_ codes: [UInt32]) throws(CodebookError) -> Tensor<Float> {
    if let stray = codes.first(where: { $0 >= count }) {
      throw .code(found: Int(stray), words: count)
    }
    let words = words.span
    return Tensor([codes.count, dimension]) { span in
      for (i, code) in codes.enumerated() {
        for c in 0..<dimension { span[i * dimension + c] = words[Int(code) * dimension + c] }
      }
    }
  }
}

extension Tensor<Float> {
  /// Whether no element is infinite or NaN.
  var isFinite: Bool {
    let span = span
    // Zero times a number is zero unless the number is not finite: sums see all of them without a
    // branch for each.
    var sum: Float = 0
    for i in span.indices { sum += 0 * span[i] }
    return sum == 0
  }

  /// A matrix with its axes exchanged.
  package var transposedMatrix: Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let source = span
    return Tensor([columns, rows]) { target in
      for i in 0..<rows {
        for c in 0..<columns { target[c * rows + i] = source[i * columns + c] }
      }
    }
  }
}

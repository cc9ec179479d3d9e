public import AddendTensors

/// What a codebook is made for: blocks seen, or the normal law that they are taken to follow.
public struct CodebookSource: Sendable {
  private enum Origin: Sendable {
    case samples(Tensor<Float>)
    case law(mean: Double, deviation: Double)
  }

  private let origin: Origin
  /// Numbers in a block.
  public let dimension: Int

  /// Blocks seen, `[count, dimension]`.
  ///
  /// - Throws: `CodebookError` where there are none, where they have no numbers, or where a number is
  ///   not finite.
  public init(samples: Tensor<Float>) throws(CodebookError) {
    guard samples.shape.rank == 2, samples.count > 0 else { throw .samples(found: samples.shape) }
    guard samples.isFinite else { throw .notFinite(what: "the blocks") }
    origin = .samples(samples)
    dimension = samples.shape[1]
  }

  /// Blocks of `dimension` independent normal numbers.
  ///
  /// - Throws: `CodebookError` for a dimension below 1, or a law that is not finite.
  public init(mean: Double, deviation: Double, dimension: Int) throws(CodebookError) {
    guard dimension > 0 else { throw .samples(found: [0, max(0, dimension)]) }
    guard mean.isFinite, deviation.isFinite, deviation >= 0 else {
      throw .notFinite(what: "the mean and deviation")
    }
    origin = .law(mean: mean, deviation: deviation)
    self.dimension = dimension
  }

  /// How many blocks were seen; `nil` for a law.
  public var sampleCount: Int? {
    guard case .samples(let samples) = origin else { return nil }
    return samples.shape[0]
  }

  /// Each coordinate's mean and deviation.
  public var moments: [(mean: Double, deviation: Double)] {
    switch origin {
    case .law(let mean, let deviation):
      return Array(repeating: (mean, deviation), count: dimension)
    case .samples(let samples):
      let (span, count) = (samples.span, samples.shape[0])
      return (0..<dimension).map { c in
        var (sum, squares) = (0.0, 0.0)
        for i in 0..<count { sum += Double(span[i * dimension + c]) }
        let mean = sum / Double(count)
        for i in 0..<count {
          let difference = Double(span[i * dimension + c]) - mean
          squares += difference * difference
        }
        return (mean, (squares / Double(count)).squareRoot())
      }
    }
  }

  /// The blocks seen, or 64 draws a word and at least 4096 from the law, `[count, dimension]`.
  ///
  /// - Throws: `CodebookError.moreWordsThanSamples` where fewer blocks than `words` were seen.
  func points(
    for words: Int, using random: inout RandomSource
  ) throws(CodebookError) -> Tensor<Float> {
    switch origin {
    case .samples(let samples):
      guard words <= samples.shape[0] else {
        throw .moreWordsThanSamples(words: words, samples: samples.shape[0])
      }
      return samples
    case .law(let mean, let deviation):
      return Tensor([max(4096, 64 * words), dimension]) { span in
        for i in span.indices { span[i] = Float(mean + deviation * random.normal()) }
      }
    }
  }

  /// The same without the limit, for statistics of the blocks.
  func points(using random: inout RandomSource) throws(CodebookError) -> Tensor<Float> {
    try points(for: 1, using: &random)
  }
}

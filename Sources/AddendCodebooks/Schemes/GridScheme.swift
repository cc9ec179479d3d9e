public import AddendCatalogue
public import AddendTensors

/// `grid`: the combinations of evenly spaced levels, the same number for each coordinate.
///
/// Coordinate `c` has the levels `mean_c + reach · deviation_c · ((2 k + 1) / K − 1)` for `k < K`, with
/// the largest `K` for which `K^d` words are no more than asked for. Of 24 reaches up to 6 deviations
/// the one with the least error on the data is taken.
public struct GridScheme: CodebookScheme {
  public static let declaration = Declaration(
    "grid", summary: "combinations of evenly spaced levels, the same number for each coordinate")

  public init(_ arguments: Arguments) {}
  public init() {}

  public var specification: Specification { Specification("grid") }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    let levels = try wordsPerPart("grid", words: words, parts: source.dimension)
    let moments = source.moments
    let points = try source.points(using: &random)
    let reaches = (1...24).map { 0.25 * Double($0) }
    let errors = reaches.map { Self.error(reach: $0, levels: levels, moments, on: points) }
    let best = errors.indices.min { errors[$0] < errors[$1] } ?? 0
    var parts: [Codebook] = []
    for (mean, deviation) in moments {
      parts.append(
        try Codebook(
          Tensor(
            [levels, 1],
            (0..<levels).map {
              let place = (2 * Double($0) + 1) / Double(levels) - 1
              return Float(mean + reaches[best] * deviation * place)
            })))
    }
    return try CompositeCodebook(.product, parts).flattened()
  }

  /// `Σ (x − level(x))²` over all coordinates.
  private static func error(
    reach: Double, levels: Int, _ moments: [(mean: Double, deviation: Double)],
    on points: Tensor<Float>
  ) -> Double {
    let span = points.span
    var error = 0.0
    for i in span.indices {
      let (mean, deviation) = moments[i % moments.count]
      let width = reach * deviation
      let x = Double(span[i]) - mean
      let step = 2 * width / Double(levels)
      let cell = step > 0 ? min(max(((x + width) / step).rounded(.down), 0), Double(levels - 1)) : 0
      let difference = x - ((cell + 0.5) * step - width)
      error += difference * difference
    }
    return error
  }
}

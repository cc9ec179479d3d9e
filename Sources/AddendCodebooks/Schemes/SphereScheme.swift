public import AddendCatalogue
public import AddendTensors

/// `sphere`: shape and gain. Directions are uniform on the sphere, and each comes with every one of a
/// few lengths, which k-means finds among the data's.
///
/// `words[s · gains + g] = length_g · direction_s`.
public struct SphereScheme: CodebookScheme {
  public let gains: Int

  public static let declaration = Declaration(
    "sphere", summary: "directions uniform on the sphere, each with every one of a few lengths",
    parameters: [
      .init("gains", .integer(1...256), standard: .integer(4), help: "lengths of each direction")
    ])

  public init(_ arguments: Arguments) { gains = arguments.integer("gains") }

  public var specification: Specification { Specification("sphere", ["gains": .integer(gains)]) }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    try checkCount(words)
    guard words >= gains else { throw .tooFewWords(scheme: "sphere", words: words, needed: gains) }
    let (shapes, dimension) = (words / gains, source.dimension)
    let norms = try source.points(for: gains, using: &random).rowNorms
    let lengths = KMeans(points: norms.reshaped([1, norms.count])).codebook(
      words: gains, using: &random
    ).elements.sorted()
    return try Codebook(
      Tensor([shapes * gains, dimension]) { span in
        for shape in 0..<shapes {
          let direction = Self.direction(dimension, using: &random)
          for gain in 0..<gains {
            for c in 0..<dimension {
              span[(shape * gains + gain) * dimension + c] = lengths[gain] * Float(direction[c])
            }
          }
        }
      })
  }

  public func work(words: Int, blocks: Int, dimension: Int) -> [CodebookWork] {
    [
      CodebookWork(
        .means(rounds: KMeans.standardIterations), points: blocks, dimension: 1, words: gains)
    ]
  }

  /// A point of the unit sphere: normal numbers divided by their norm (Muller, 1959).
  private static func direction(_ dimension: Int, using random: inout RandomSource) -> [Double] {
    while true {
      let numbers = (0..<dimension).map { _ in random.normal() }
      let norm = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 0 { return numbers.map { $0 / norm } }
    }
  }
}

extension Tensor<Float> {
  /// The length of each row of a matrix.
  fileprivate var rowNorms: Tensor {
    let (source, width) = (span, shape[1])
    return Tensor([shape[0]]) { target in
      for i in target.indices {
        var sum = 0.0
        for c in 0..<width { sum += Double(source[i * width + c]) * Double(source[i * width + c]) }
        target[i] = Float(sum.squareRoot())
      }
    }
  }
}

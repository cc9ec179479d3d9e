public import AddendCatalogue
public import AddendTensors

/// `sample`: words are blocks drawn from the data, none twice.
public struct SampleScheme: CodebookScheme {
  public static let declaration = Declaration(
    "sample", summary: "blocks drawn from the data, none twice")

  public init(_ arguments: Arguments) {}
  public init() {}

  public var specification: Specification { Specification("sample") }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    try checkCount(words)
    let points = try source.points(for: words, using: &random)
    // The first steps of a shuffle.
    var order = Array(0..<points.shape[0])
    for i in 0..<words {
      order.swapAt(i, i + Int(random.next() % UInt64(order.count - i)))
    }
    return try Codebook(points.gathered(Array(order.prefix(words))))
  }
}

public import AddendCatalogue
public import AddendTensors

/// `unit-normal`: words drawn from the standard normal law, whatever the data.
///
/// The proposal's first form. In many dimensions its nearest word is farther than zero is: with 10,000
/// words of 256 numbers the error is 1.47 times the energy of unit-normal data.
public struct UnitNormalScheme: CodebookScheme {
  public static let declaration = Declaration(
    "unit-normal", summary: "words drawn from the standard normal law, whatever the data")

  public init(_ arguments: Arguments) {}
  public init() {}

  public var specification: Specification { Specification("unit-normal") }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    try checkCount(words)
    return try Codebook(
      Tensor([words, source.dimension]) { span in
        for i in span.indices { span[i] = Float(random.normal()) }
      })
  }
}

/// `normal`: words drawn from a normal law with each coordinate's mean and deviation.
public struct NormalScheme: CodebookScheme {
  public static let declaration = Declaration(
    "normal", summary: "words drawn from a normal law with the data's means and deviations")

  public init(_ arguments: Arguments) {}
  public init() {}

  public var specification: Specification { Specification("normal") }

  public func makeCodebook(
    words: Int, from source: CodebookSource, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    try checkCount(words)
    let moments = source.moments
    return try Codebook(
      Tensor([words, source.dimension]) { span in
        for i in span.indices {
          let (mean, deviation) = moments[i % moments.count]
          span[i] = Float(mean + deviation * random.normal())
        }
      })
  }
}

internal import Addend
internal import ArgumentParser

/// How a layer is cut into blocks, and how the codebooks for them are made.
struct CodebookOptions: ParsableArguments {
  @Option(help: "Inputs in a block.")
  var dimension = 4

  @Option(help: "Outputs in a block of the matrix.")
  var rows = 1

  @Option(
    help:
      "Words for inputs: \(CodebookSchemes.catalogue.names.joined(separator: ", ")). (default: k-means)",
    transform: Specification.parse)
  var vectors = Specification("k-means")

  @Option(
    help: "How words for blocks of the matrix are made. (default: k-means)",
    transform: Specification.parse)
  var matrices = Specification("k-means")

  @Option(
    help: "How words for gradients are made. (default: k-means)",
    transform: Specification.parse)
  var gradients = Specification("k-means")

  @Option(
    help: "How words for results are made, where entries are indices. (default: k-means)",
    transform: Specification.parse)
  var results = Specification("k-means")

  @Option(help: "How many words for inputs. Default: 256, or as many as there are blocks.")
  var vectorWords: Int?

  @Option(help: "How many words for blocks of the matrix. Default: as above.")
  var matrixWords: Int?

  @Option(help: "How many words for gradients. Default: as above.")
  var gradientWords: Int?

  @Option(help: "How many words for results. Default: as above.")
  var resultWords: Int?

  mutating func validate() throws {
    for (name, value) in [("dimension", dimension), ("rows", rows)] where !(1...4096 ~= value) {
      throw ValidationError("--\(name) is \(value), expected 1 to 4096.")
    }
    let words = [
      ("vector-words", vectorWords), ("matrix-words", matrixWords),
      ("gradient-words", gradientWords), ("result-words", resultWords),
    ]
    for (name, value) in words {
      if let value, !(1...Codebook.countLimit ~= value) {
        throw ValidationError("--\(name) is \(value), expected 1 to \(Codebook.countLimit).")
      }
    }
  }

  func plan() throws -> LayerCodebookPlan {
    LayerCodebookPlan(
      block: TableBlock(rows: rows, dimension: dimension),
      vectors: .init(try CodebookSchemes.scheme(vectors), words: vectorWords),
      matrices: .init(try CodebookSchemes.scheme(matrices), words: matrixWords),
      gradients: .init(try CodebookSchemes.scheme(gradients), words: gradientWords),
      results: .init(try CodebookSchemes.scheme(results), words: resultWords))
  }
}

internal import AddendCatalogue

/// The parameters of sets that come in one piece: which part of them is to test on.
struct TestPart: Sendable {
  let fraction: Double
  let seed: Int

  static let parameters = [
    Declaration.Parameter(
      "test", .number(0...1), standard: .number(0.2), help: "the fraction of examples to test on"),
    Declaration.Parameter(
      "seed", .integer(0...Int.max), standard: .integer(0), help: "from which all is drawn"),
  ]

  init(_ arguments: Arguments) {
    fraction = arguments.number("test")
    seed = arguments.integer("seed")
  }

  var arguments: [String: ParameterValue] {
    ["test": .number(fraction), "seed": .integer(seed)]
  }

  func cut(_ whole: any Dataset) -> DatasetSplits {
    DatasetSplits(cutting: whole, testFraction: fraction, seed: UInt64(seed))
  }
}

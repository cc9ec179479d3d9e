public import AddendCatalogue
public import AddendTensors

/// `space`: products of coded blocks read from tables, in training as in inference.
public struct SpaceConfiguration: MapConfiguration, Hashable {
  /// Inputs in a block.
  public let dimension: Int
  /// Words for blocks of inputs.
  public let vectors: Int
  /// Words for blocks of the matrix.
  public let matrices: Int
  /// Outputs of a block of the matrix: 1, or `dimension`.
  public let rows: Int
  /// Words for blocks of output gradients.
  public let gradients: Int
  /// Epochs of exact products before codebooks are made.
  public let warmup: Double
  /// The weight of the term that keeps inputs near their words.
  public let commitment: Double
  /// Steps from one coding of the weight to the next.
  public let interval: Int

  public static let declaration = Declaration(
    "space", summary: "products of coded blocks read from tables, in training too",
    parameters: [
      .init("dimension", .integer(1...8), standard: .integer(2), help: "inputs in a block"),
      .init("vectors", .integer(2...256), standard: .integer(256), help: "words for inputs"),
      .init("matrices", .integer(2...256), standard: .integer(256), help: "words for weights"),
      .init(
        "rows", .integer(1...8), standard: .integer(1),
        help: "outputs in a block: 1, or as many as inputs"),
      .init("gradients", .integer(2...256), standard: .integer(256), help: "words for gradients"),
      .init(
        "warmup", .number(0...1000), standard: .number(1),
        help: "epochs of exact products, at most half of training"),
      .init(
        "commitment", .number(0...100), standard: .number(0.01),
        help: "how strongly inputs are drawn to their words"),
      .init(
        "interval", .integer(1...10_000), standard: .integer(4),
        help: "steps between codings of the weights"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    dimension = arguments.integer("dimension")
    vectors = arguments.integer("vectors")
    matrices = arguments.integer("matrices")
    rows = arguments.integer("rows")
    gradients = arguments.integer("gradients")
    warmup = arguments.number("warmup")
    commitment = arguments.number("commitment")
    interval = arguments.integer("interval")
    guard rows == 1 || rows == dimension else {
      throw .invalidParameter(
        of: "space", parameter: "rows", expected: "1 or the dimension \(dimension)",
        found: "\(rows)")
    }
  }

  public var specification: Specification {
    Specification(
      "space",
      [
        "dimension": .integer(dimension), "vectors": .integer(vectors),
        "matrices": .integer(matrices), "rows": .integer(rows), "gradients": .integer(gradients),
        "warmup": .number(warmup), "commitment": .number(commitment),
        "interval": .integer(interval),
      ])
  }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    Slot(SpaceMap(weight: weight, self, precision: role.precision, using: &random))
  }
}

public import AddendCatalogue
internal import AddendCodebooks
public import AddendTensors

/// `space`: products of coded blocks read from tables, in training as in inference.
public struct SpaceConfiguration: MapConfiguration, Hashable {
  /// How a block finds its word.
  public enum Encoder: String, Hashable, Sendable, CaseIterable {
    /// Each coordinate's level, and a table of what word is nearest to a cell.
    case cells
    /// A tree that compares one coordinate at each node.
    case tree
  }

  /// What the three kinds of words are made by: names of `CodebookSchemes`.
  public struct Schemes: Hashable, Sendable {
    public var vectors = "k-means"
    public var matrices = "k-means"
    public var gradients = "k-means"

    public init() {}
  }

  /// Inputs in a block.
  public let dimension: Int
  /// Outputs of a block of the matrix: 1, or `dimension`.
  public let rows: Int
  /// Words for blocks of inputs.
  public let vectors: Int
  /// Words for blocks of the matrix.
  public let matrices: Int
  /// Words for blocks of output gradients.
  public let gradients: Int
  /// Words for results of products; 0 where tables hold the results themselves.
  public let products: Int
  public let schemes: Schemes
  public let encoder: Encoder
  /// Epochs of exact products before words are made; 16 steps where that is more.
  public let warmup: Double
  /// The weight of the term that keeps inputs near their words.
  public let commitment: Double
  /// Steps from one coding of the weight to the next.
  public let interval: Int
  /// Steps from one move of the matrices' words to the next; 0 for words that stay.
  public let update: Int
  /// Steps, in the first half of training, from one refit of the words of inputs and gradients to the
  /// next; 0 for words that stay.
  public let refit: Int

  private static func scheme(_ name: String, for blocks: String) -> Declaration.Parameter {
    .init(
      name, .choice(CodebookSchemes.catalogue.names), standard: .text("k-means"),
      help: "how words for \(blocks) are made")
  }

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
        "products", .integer(0...256), standard: .integer(0),
        help: "words for products, 0 for products as they are"),
      scheme("scheme", for: "inputs"),
      scheme("matrix-scheme", for: "weights"),
      scheme("gradient-scheme", for: "gradients"),
      .init(
        "encoder", .choice(Encoder.allCases.map(\.rawValue)), standard: .text("cells"),
        help: "how a block finds its word"),
      .init(
        "warmup", .number(0...1000), standard: .number(0),
        help: "epochs of exact products, 16 steps at least and at most half of training"),
      .init(
        "commitment", .number(0...100), standard: .number(0.01),
        help: "how strongly inputs are drawn to their words"),
      .init(
        "interval", .integer(1...10_000), standard: .integer(1),
        help: "steps between codings of the weights"),
      .init(
        "update", .integer(0...10_000), standard: .integer(5),
        help: "steps between moves of the weights' words, 0 for never"),
      .init(
        "refit", .integer(0...100_000), standard: .integer(100),
        help: "steps between refits of the other words in half of training, 0 for never"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    dimension = arguments.integer("dimension")
    rows = arguments.integer("rows")
    vectors = arguments.integer("vectors")
    matrices = arguments.integer("matrices")
    gradients = arguments.integer("gradients")
    products = arguments.integer("products")
    var schemes = Schemes()
    schemes.vectors = arguments.text("scheme")
    schemes.matrices = arguments.text("matrix-scheme")
    schemes.gradients = arguments.text("gradient-scheme")
    self.schemes = schemes
    encoder = Encoder(rawValue: arguments.text("encoder")) ?? .cells
    warmup = arguments.number("warmup")
    commitment = arguments.number("commitment")
    interval = arguments.integer("interval")
    update = arguments.integer("update")
    refit = arguments.integer("refit")
    guard rows == 1 || rows == dimension else {
      throw .invalidParameter(
        of: "space", parameter: "rows", expected: "1 or the dimension \(dimension)",
        found: "\(rows)")
    }
    guard products != 1 else {
      throw .invalidParameter(
        of: "space", parameter: "products", expected: "0, or from 2 to 256", found: "1")
    }
    try SpaceWordMaking.check(schemes.vectors, "scheme", words: vectors, dimension: dimension)
    try SpaceWordMaking.check(
      schemes.matrices, "matrix-scheme", words: matrices, dimension: rows * dimension)
    try SpaceWordMaking.check(
      schemes.gradients, "gradient-scheme", words: gradients, dimension: rows)
  }

  // Networks of logarithms learn nothing through it: 10 % of digits right where float32 has 93 %.
  public func suits<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Bool { !Scalar.isLogarithmic }

  public var specification: Specification {
    Specification(
      "space",
      [
        "dimension": .integer(dimension), "rows": .integer(rows), "vectors": .integer(vectors),
        "matrices": .integer(matrices), "gradients": .integer(gradients),
        "products": .integer(products), "scheme": .text(schemes.vectors),
        "matrix-scheme": .text(schemes.matrices), "gradient-scheme": .text(schemes.gradients),
        "encoder": .text(encoder.rawValue), "warmup": .number(warmup),
        "commitment": .number(commitment), "interval": .integer(interval),
        "update": .integer(update), "refit": .integer(refit),
      ])
  }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    Slot(SpaceMap(weight: weight, self, precision: role.precision, using: &random))
  }
}

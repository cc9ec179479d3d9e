public import AddendCatalogue
public import AddendTensors

/// `lookup:block=4,codewords=16,encoder=tree`: product-quantized look-ups, trained through.
public struct LookupConfiguration: MapConfiguration, Hashable {
  /// What a block's code is found by.
  public enum Encoder: String, Hashable, Sendable, CaseIterable {
    /// A balanced tree with one input for each level: comparisons only.
    case tree
    /// The signs of sums and differences of the block's inputs: additions and comparisons.
    case hash
  }

  /// How a gradient is multiplied by the transposed weight on its way to the input.
  public enum Gradients: String, Hashable, Sendable, CaseIterable {
    /// As it stands, in the scalar's arithmetic.
    case exact
    /// By codes and look-ups, as the input is.
    case coded
  }

  public var block: Int
  public var codewords: Int
  /// Codes of a block: a second one stands for what the first has left.
  public var stages: Int
  public var encoder: Encoder
  /// Inputs of a block that a tree may compare. The others count through what they have to do with
  /// those; a program on bytes need not compute them.
  public var compared: Int
  public var layout: BlockLayout.Form
  /// Epochs of exact products before the first encoder is learned.
  public var warmup: Double
  /// Epochs from one encoder to the next; 0 for one encoder only.
  public var refresh: Double
  /// The part of training after which the encoder stays.
  public var settle: Double
  /// `β`: how strongly inputs are drawn to their prototypes.
  public var commitment: Double
  public var gradients: Gradients
  /// Rows that an encoder is learned from.
  public var samples: Int
  /// `λ` of the ridge regression that fits tables to exact products when an encoder is learned; 0
  /// leaves them at the buckets' means and what has been trained: right while training goes on.
  public var refit: Double
  /// Outputs that share a code where gradients are coded.
  public var gradientBlock: Int
  /// Whether tables are trained beyond what prototypes and weights make of them.
  public var corrections: Bool

  public static let declaration = Declaration(
    "lookup", summary: "product-quantized look-ups in int8 tables, with encoders that compare",
    parameters: [
      .init("block", .integer(1...64), standard: .integer(4), help: "inputs that share a code"),
      .init(
        "codewords", .integer(2...256), standard: .integer(16),
        help: "codes of a block, a power of two"),
      .init(
        "stages", .integer(1...2), standard: .integer(1),
        help: "codes for each block: a second one stands for what the first has left"),
      .init(
        "encoder", .choice(Encoder.allCases.map(\.rawValue)), standard: .text("tree"),
        help: "how a code is found: comparing inputs, or comparing their signed sums"),
      .init(
        "compared", .integer(1...64), standard: .integer(64),
        help: "inputs of a block that a tree may compare"),
      .init(
        "layout", .choice(BlockLayout.Form.allCases.map(\.rawValue)), standard: .text("auto"),
        help: "an image's blocks: tiles, runs, or a convolution's channels, encoded once a pixel"),
      .init(
        "warmup", .number(0...(.infinity)), standard: .number(0),
        help: "epochs of exact products before the first encoder is learned"),
      .init(
        "refresh", .number(0...(.infinity)), standard: .number(1),
        help: "epochs from one encoder to the next, 0 for one only"),
      .init(
        "settle", .number(0...1), standard: .number(0.5),
        help: "the part of training after which the encoder stays"),
      .init(
        "commitment", .number(0...(.infinity)), standard: .number(0.01),
        help: "how strongly inputs are drawn to their prototypes"),
      .init(
        "gradients", .choice(Gradients.allCases.map(\.rawValue)), standard: .text("exact"),
        help: "whether gradients towards inputs are products or look-ups"),
      .init(
        "gradient-block", .integer(1...64), standard: .integer(4),
        help: "outputs that share a code where gradients are coded"),
      .init(
        "samples", .integer(64...(1 << 20)), standard: .integer(2048),
        help: "rows that an encoder is learned from"),
      .init(
        "refit", .number(0...(.infinity)), standard: .number(0),
        help:
          "strength of the ridge under which new encoders' tables are fitted to exact products, 0"
          + " for not: for conversion, which no training follows"),
      .init(
        "corrections", .flag, standard: .flag(true),
        help: "whether tables are trained beyond products of prototypes and weights"),
    ])

  /// The standard of every parameter.
  public init() {
    (block, codewords, encoder, layout) = (4, 16, .tree, .automatic)
    (warmup, refresh, settle, commitment) = (0, 1, 0.5, 0.01)
    compared = 64
    (gradients, gradientBlock, stages) = (.exact, 4, 1)
    (samples, refit) = (2048, 0)
    corrections = true
  }

  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init()
    block = arguments.integer("block")
    codewords = arguments.integer("codewords")
    stages = arguments.integer("stages")
    encoder = Encoder(rawValue: arguments.text("encoder")) ?? .tree
    compared = arguments.integer("compared")
    layout = BlockLayout.Form(rawValue: arguments.text("layout")) ?? .automatic
    warmup = arguments.number("warmup")
    refresh = arguments.number("refresh")
    settle = arguments.number("settle")
    commitment = arguments.number("commitment")
    gradients = Gradients(rawValue: arguments.text("gradients")) ?? .exact
    gradientBlock = arguments.integer("gradient-block")
    samples = arguments.integer("samples")
    refit = arguments.number("refit")
    corrections = arguments.flag("corrections")
    guard codewords.nonzeroBitCount == 1 else {
      throw .invalidParameter(
        of: arguments.owner, parameter: "codewords", expected: "a power of two",
        found: "\(codewords)")
    }
    guard stages == 1 || (encoder == .tree && codewords <= 16) else {
      throw .invalidParameter(
        of: arguments.owner, parameter: "stages",
        expected: "1 for hashes and for more than 16 codewords", found: "\(stages)")
    }
    let patterns = LookupEncoder<Float>.patterns(blockSize: block).count
    guard encoder == .tree || patterns >= levels else {
      throw .invalidParameter(
        of: arguments.owner, parameter: "codewords",
        expected: "at most \(1 << patterns) for hashes of blocks of \(block)", found: "\(codewords)"
      )
    }
  }

  public var specification: Specification {
    Specification(
      "lookup",
      [
        "block": .integer(block), "codewords": .integer(codewords), "stages": .integer(stages),
        "encoder": .text(encoder.rawValue), "compared": .integer(compared),
        "layout": .text(layout.rawValue),
        "warmup": .number(warmup), "refresh": .number(refresh), "settle": .number(settle),
        "commitment": .number(commitment), "gradients": .text(gradients.rawValue),
        "gradient-block": .integer(gradientBlock), "samples": .integer(samples),
        "refit": .number(refit), "corrections": .flag(corrections),
      ])
  }

  public func makeMap<Scalar: TensorScalar>(
    _ role: MapRole, weight: Tensor<Scalar>, using random: inout RandomSource
  ) throws(CatalogueError) -> any MapSlot<Scalar> {
    guard encodesPixels(of: role) else { return Slot(LookupMap(self, role, weight: weight)) }
    return Slot(LookupConvolution(self, role, weight: weight))
  }

  /// Whether pixels that patches share are encoded once for all of them.
  private func encodesPixels(of role: MapRole) -> Bool {
    guard stages == 1, codewords <= 16, role.isPatch, let grid = role.inputGrid, grid.rank == 3,
      grid.count == role.inputSize
    else { return false }
    switch layout {
    case .flat, .tiles: return false
    case .pixels: return true
    case .automatic: return grid[2] % block == 0
    }
  }

  /// Comparisons that find a code.
  private var levels: Int { codewords.trailingZeroBitCount }

  func makeEncoder<Scalar>(_ layout: BlockLayout) -> LookupEncoder<Scalar> {
    LookupEncoder(encoder, layout, levels: levels, stages: stages, comparing: compared)
  }

  func makeGradientCoder<Scalar>(outputs: Int) -> GradientCoder<Scalar>? {
    switch gradients {
    case .exact: nil
    case .coded:
      GradientCoder(
        outputs: outputs, blockSize: gradientBlock, levels: 4, wantedSamples: samples)
    }
  }

  func makeSchedule() -> LookupSchedule {
    LookupSchedule(
      warmup: warmup, refresh: refresh, settle: settle, wantedSamples: samples)
  }
}

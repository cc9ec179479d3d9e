public import AddendCatalogue
internal import AddendLinear
public import AddendTensors

/// The binary perceptron of Courbariaux et al. (*Binarized Neural Networks*, 2016, §2.1, and its
/// reference implementation): `binary-mlp:hidden=4096,layers=3`.
///
/// Each hidden layer is dense → batch-norm → sign → dropout; the outputs are batch-normalised sums
/// for the squared hinge loss. The first layer takes pixels of 8 bits (images with
/// `mean=0,deviation=1`), all others signs.
public struct BinaryPerceptron: ZooNetwork {
  /// Units in each hidden layer.
  public var hidden: Int
  /// Hidden layers.
  public var layers: Int
  /// The share of the pixels dropped.
  public var inputDropout: Double
  /// The share dropped after each hidden layer.
  public var dropout: Double
  /// Whether layers name binary maps of their own; else they have the network's, and the same chain
  /// becomes the binary network's twin.
  public var hasOwnMaps: Bool

  public init(
    hidden: Int = 4096, layers: Int = 3, inputDropout: Double = 0.2, dropout: Double = 0.5,
    ownMaps: Bool = true
  ) {
    self.hidden = hidden
    self.layers = layers
    self.inputDropout = inputDropout
    self.dropout = dropout
    hasOwnMaps = ownMaps
  }

  public static let declaration = Declaration(
    "binary-mlp", summary: "dense layers of signs on signs, batch-normalised",
    parameters: [
      .init(
        "hidden", .integer(1...Int(Int32.max)), standard: .integer(4096), help: "units per layer"),
      .init("layers", .integer(0...1024), standard: .integer(3), help: "hidden layers"),
      .init(
        "input-dropout", .number(0...1), standard: .number(0.2), help: "the share of pixels dropped"
      ),
      .init("dropout", .number(0...1), standard: .number(0.5), help: "the share of signs dropped"),
      .ownMaps,
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      hidden: arguments.integer("hidden"), layers: arguments.integer("layers"),
      inputDropout: arguments.number("input-dropout"), dropout: arguments.number("dropout"),
      ownMaps: arguments.flag("own-maps"))
  }
  public var specification: Specification {
    Specification(
      "binary-mlp",
      [
        "hidden": .integer(hidden), "layers": .integer(layers),
        "input-dropout": .number(inputDropout), "dropout": .number(dropout),
        "own-maps": .flag(hasOwnMaps),
      ])
  }

  public func network(input: Shape, classes: Int) -> Network {
    let widths = [input.count] + Array(repeating: hidden, count: layers) + [classes]
    let name = "binary-mlp-" + widths.map(String.init).joined(separator: "-")
    return Network(name, input: input) {
      Flatten()
      if inputDropout > 0 { Dropout(inputDropout) }
      for layer in 0..<layers {
        Dense(hidden, bias: false, map: map(isFirst: layer == 0))
        BatchNorm.binary
        Sign()
        if dropout > 0 { Dropout(dropout) }
      }
      Dense(classes, bias: false, map: map(isFirst: layers == 0))
      BatchNorm.binary
    }
  }

  private func map(isFirst: Bool) -> Specification? {
    hasOwnMaps ? .binary(isFirst ? .pixels : .given) : nil
  }
}

/// The binary convolutional network of Courbariaux et al. (*Binarized Neural Networks*, 2016, §2.3) for
/// small images, 2×128C3-MP2-2×256C3-MP2-2×512C3-MP2-2×1024FC: `binary-vgg:width=64`.
///
/// Each layer is a product → pooling, where there is one → batch-norm → sign. Convolutions keep the
/// image's size, and taps in the padding count for nothing, in training as in inference. The first
/// layer takes pixels of 8 bits (images with `mean=0,deviation=1`); the loss is the squared hinge.
public struct BinaryVGG: ZooNetwork {
  /// Channels of the first pair of convolutions; the later ones have two and four times as many, dense
  /// layers eight.
  public var width: Int
  /// As `BinaryPerceptron`'s.
  public var hasOwnMaps: Bool

  public init(width: Int = 128, ownMaps: Bool = true) {
    self.width = width
    hasOwnMaps = ownMaps
  }

  public static let declaration = Declaration(
    "binary-vgg", summary: "convolutions of signs on signs, pooled and batch-normalised",
    parameters: [
      .init("width", .integer(1...65_536), standard: .integer(128), help: "the first's channels"),
      .ownMaps,
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(width: arguments.integer("width"), ownMaps: arguments.flag("own-maps"))
  }
  public var specification: Specification {
    Specification("binary-vgg", ["width": .integer(width), "own-maps": .flag(hasOwnMaps)])
  }

  public func network(input: Shape, classes: Int) throws(NetworkError) -> Network {
    try Zoo.checkImage(input, for: "binary-vgg")
    let signs: Specification? = hasOwnMaps ? .binary(.given) : nil
    let pixels: Specification? = hasOwnMaps ? .binary(.pixels) : nil
    return Network("binary-vgg", input: input) {
      for (stage, channels) in [width, 2 * width, 4 * width].enumerated() {
        for step in 0..<2 {
          let isFirst = stage == 0 && step == 0
          Convolution(
            channels, size: 3, padding: .same, bias: false, map: isFirst ? pixels : signs)
          if step == 1 { MaxPool(2) }
          BatchNorm.binary
          Sign()
        }
      }
      Flatten()
      for _ in 0..<2 {
        Dense(8 * width, bias: false, map: signs)
        BatchNorm.binary
        Sign()
      }
      Dense(classes, bias: false, map: signs)
      BatchNorm.binary
    }
  }
}

extension BatchNorm {
  /// As the reference implementation normalises.
  fileprivate static var binary: BatchNorm { BatchNorm(momentum: 0.1, epsilon: 1e-4) }
}

extension Specification {
  /// The binary map of a layer whose sums are normalised.
  fileprivate static func binary(_ input: BinaryConfiguration.Input) -> Specification {
    BinaryConfiguration(input: input, scale: .none).specification
  }
}

extension Declaration.Parameter {
  /// The parameter by which a binary network becomes its own twin.
  fileprivate static let ownMaps = Declaration.Parameter(
    "own-maps", .flag, standard: .flag(true),
    help: "whether layers are binary; else they have the network's map")
}

public import AddendCatalogue
public import AddendTensors

/// LeNet-300-100: two hidden layers (LeCun et al., 1998, §III.C.3, with rectifiers).
public struct LeNet300100: ZooNetwork {
  public init() {}
  public static let declaration = Declaration(
    "lenet-300-100", summary: "two hidden layers of 300 and 100 units")
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("lenet-300-100") }

  public func network(input: Shape, classes: Int) -> Network {
    Network("lenet-300-100", input: input) {
      Flatten()
      Dense(300)
      ReLU()
      Dense(100)
      ReLU()
      Dense(classes)
    }
  }
}

/// A multilayer perceptron: `mlp:hidden=256,layers=2`.
public struct Perceptron: ZooNetwork {
  /// What follows each hidden layer's product.
  public enum Activation: String, Hashable, Sendable, CaseIterable {
    case relu, tanh
    case hardTanh = "hard-tanh"

    var layer: any LayerConfiguration {
      switch self {
      case .relu: ReLU()
      case .tanh: Tanh()
      case .hardTanh: HardTanh()
      }
    }
  }

  /// Units in each hidden layer.
  public var hidden: Int
  /// Hidden layers.
  public var layers: Int
  public var activation: Activation
  /// Whether batches are normalised after every hidden product.
  public var hasBatchNorm: Bool
  /// The share dropped after every hidden layer.
  public var dropout: Double

  public init(
    hidden: Int = 256, layers: Int = 2, activation: Activation = .relu, batchNorm: Bool = false,
    dropout: Double = 0
  ) {
    self.hidden = hidden
    self.layers = layers
    self.activation = activation
    hasBatchNorm = batchNorm
    self.dropout = dropout
  }

  public static let declaration = Declaration(
    "mlp", summary: "a multilayer perceptron",
    parameters: [
      .init(
        "hidden", .integer(1...Int(Int32.max)), standard: .integer(256), help: "units per layer"),
      .init("layers", .integer(0...1024), standard: .integer(2), help: "hidden layers"),
      .init(
        "activation", .choice(Activation.allCases.map(\.rawValue)), standard: .text("relu"),
        help: "what follows a product"),
      .init(
        "batch-norm", .flag, standard: .flag(false), help: "whether batches are normalised"),
      .init("dropout", .number(0...1), standard: .number(0), help: "the share dropped"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    // The declaration admits no other text.
    self.init(
      hidden: arguments.integer("hidden"), layers: arguments.integer("layers"),
      activation: Activation(rawValue: arguments.text("activation")) ?? .relu,
      batchNorm: arguments.flag("batch-norm"), dropout: arguments.number("dropout"))
  }
  public var specification: Specification {
    Specification(
      "mlp",
      [
        "hidden": .integer(hidden), "layers": .integer(layers),
        "activation": .text(activation.rawValue), "batch-norm": .flag(hasBatchNorm),
        "dropout": .number(dropout),
      ])
  }

  public func network(input: Shape, classes: Int) -> Network {
    let widths = [input.count] + Array(repeating: hidden, count: layers) + [classes]
    let name = "mlp-" + widths.map(String.init).joined(separator: "-")
    return Network(name, input: input) {
      Flatten()
      for _ in 0..<layers {
        Dense(hidden, bias: !hasBatchNorm)
        if hasBatchNorm { BatchNorm() }
        activation.layer
        if dropout > 0 { Dropout(dropout) }
      }
      Dense(classes)
    }
  }
}

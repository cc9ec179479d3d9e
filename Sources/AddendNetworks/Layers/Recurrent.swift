public import AddendCatalogue
public import AddendKernels
internal import AddendLinear
public import AddendTensors

/// What a recurrent layer returns.
public enum RecurrentResult: String, Hashable, Sendable, CaseIterable {
  /// The output of every step: `[batch, time, size]`.
  case sequence
  /// The output of the last step that counts: `[batch, size]`.
  case last
}

/// A recurrent layer's parameters, which all kinds share.
public struct RecurrentOptions: Hashable, Sendable {
  /// Units per layer.
  public var size: Int
  /// Layers on top of each other.
  public var layers: Int
  /// The share dropped between layers.
  public var dropout: Double
  /// Whether time runs backwards.
  public var isReversed: Bool
  public var returns: RecurrentResult
  /// The layers' own map; `nil` for the network's.
  public var map: Specification?
  /// How gates, candidates and outputs are computed.
  public var approximation = FunctionApproximation.exact

  public init(
    _ size: Int, layers: Int = 1, dropout: Double = 0, reversed: Bool = false,
    returns: RecurrentResult = .sequence, map: Specification? = nil
  ) {
    precondition(size > 0 && layers > 0, "a recurrent layer has units")
    self.size = size
    self.layers = layers
    self.dropout = dropout
    isReversed = reversed
    self.returns = returns
    self.map = map
  }

  static let parameters: [Declaration.Parameter] = [
    .init("size", .integer(1...Int(Int32.max)), standard: nil, help: "units per layer"),
    .init(
      "layers", .integer(1...1024), standard: .integer(1), help: "layers on top of each other"),
    .init(
      "dropout", .number(0...1), standard: .number(0), help: "the share dropped between layers"),
    .init("reversed", .flag, standard: .flag(false), help: "whether time runs backwards"),
    .init(
      "returns", .choice(RecurrentResult.allCases.map(\.rawValue)), standard: .text("sequence"),
      help: "every step or the last that counts"),
    FunctionApproximation.parameter, Declaration.mapParameter,
  ]

  init(_ arguments: Arguments) throws(CatalogueError) {
    // The declaration admits no other text.
    self.init(
      arguments.integer("size"), layers: arguments.integer("layers"),
      dropout: arguments.number("dropout"), reversed: arguments.flag("reversed"),
      returns: RecurrentResult(rawValue: arguments.text("returns")) ?? .sequence,
      map: try arguments.map())
    approximation = FunctionApproximation(arguments)
  }

  func specification(_ name: String) -> Specification {
    Specification(
      name,
      [
        "size": .integer(size), "layers": .integer(layers), "dropout": .number(dropout),
        "reversed": .flag(isReversed), "returns": .text(returns.rawValue),
      ]
    ).approximating(approximation).choosing(map)
  }
}

/// A layer that carries a state through time.
public protocol RecurrentConfiguration: LayerConfiguration {
  var options: RecurrentOptions { get set }
  /// A layer of one level, whatever `options.layers` says.
  func makeLevel<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar>
}

extension RecurrentConfiguration {
  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    guard input.rank == 2, input[1] > 0 else {
      throw .unsuitableInput(
        layer: site.location, expected: "a sequence time×features", found: input)
    }
    guard options.layers > 1 else { return try makeLevel(for: input, of: scalar, in: &site) }
    var levels: [Specification] = []
    for level in 1...options.layers {
      var copy = self
      copy.options.layers = 1
      copy.options.returns = level == options.layers ? options.returns : .sequence
      levels.append(copy.specification)
      if level < options.layers, options.dropout > 0 {
        levels.append(Dropout(options.dropout).specification)
      }
    }
    return try Sequential(levels).makeLayer(for: input, of: scalar, in: &site)
  }

  /// A layer of `cell`s. Biases start at 0 but for the gate numbered `biasedGate`.
  func makeLevel<Cell: RecurrentCell>(
    of cell: Cell.Type, for input: Shape, in site: inout BuildingSite, biasedGate: Int = 0,
    startingAt start: Double = 0
  ) throws(NetworkError) -> any LayerSlot<Cell.Scalar> {
    let (size, width) = (options.size, Cell.gateCount * options.size)
    let (inputMap, recurrentMap) = (
      try site.makeMap(
        MapRole(inputSize: input[1], outputSize: width), of: Cell.Scalar.self, choice: options.map),
      try site.makeMap(
        MapRole(inputSize: size, outputSize: width), of: Cell.Scalar.self, choice: options.map)
    )
    let bias = Tensor<Cell.Scalar>([Cell.gateCount, size]) { span in
      for i in span.indices {
        span[i] = i / size == biasedGate ? Cell.Scalar(constant: start) : .zero
      }
    }
    return LayerHolder(
      RecurrentLayer<Cell>(
        inputMap: inputMap, recurrentMap: recurrentMap, bias: bias.reshaped([width]),
        traits: RecurrentTraits(
          name: Self.declaration.name, size: size, returns: options.returns,
          isReversed: options.isReversed)))
  }
}

/// What a recurrent layer knows beside its maps.
struct RecurrentTraits: Hashable, Sendable {
  /// The layer's, for messages.
  let name: String
  let size: Int
  let returns: RecurrentResult
  let isReversed: Bool
}

/// A simple recurrent layer: `RNN(100)`.
public struct RNN: RecurrentConfiguration {
  public var options: RecurrentOptions

  public init(
    _ size: Int, layers: Int = 1, dropout: Double = 0, reversed: Bool = false,
    returns: RecurrentResult = .sequence, map: Specification? = nil,
    approximation: FunctionApproximation = .exact
  ) {
    options = RecurrentOptions(
      size, layers: layers, dropout: dropout, reversed: reversed, returns: returns, map: map)
    options.approximation = approximation
  }

  public static let declaration = Declaration(
    "rnn", summary: "h = tanh(x W + h R + b) through time", parameters: RecurrentOptions.parameters)
  public init(_ arguments: Arguments) throws(CatalogueError) {
    options = try RecurrentOptions(arguments)
  }
  public var specification: Specification { options.specification("rnn") }

  public func makeLevel<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    switch options.approximation {
    case .exact:
      try makeLevel(of: ElmanCell<Scalar, ExactFunctions>.self, for: input, in: &site)
    case .kTanH:
      try makeLevel(of: ElmanCell<Scalar, KTanHFunctions>.self, for: input, in: &site)
    }
  }
}

/// A gated recurrent layer: `GRU(100)`.
public struct GRU: RecurrentConfiguration {
  public var options: RecurrentOptions

  public init(
    _ size: Int, layers: Int = 1, dropout: Double = 0, reversed: Bool = false,
    returns: RecurrentResult = .sequence, map: Specification? = nil,
    approximation: FunctionApproximation = .exact
  ) {
    options = RecurrentOptions(
      size, layers: layers, dropout: dropout, reversed: reversed, returns: returns, map: map)
    options.approximation = approximation
  }

  public static let declaration = Declaration(
    "gru", summary: "gated recurrent units through time", parameters: RecurrentOptions.parameters)
  public init(_ arguments: Arguments) throws(CatalogueError) {
    options = try RecurrentOptions(arguments)
  }
  public var specification: Specification { options.specification("gru") }

  public func makeLevel<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    switch options.approximation {
    case .exact:
      try makeLevel(of: GRUCell<Scalar, ExactFunctions>.self, for: input, in: &site)
    case .kTanH:
      try makeLevel(of: GRUCell<Scalar, KTanHFunctions>.self, for: input, in: &site)
    }
  }
}

/// Long short-term memory: `LSTM(200, layers: 2)`.
public struct LSTM: RecurrentConfiguration {
  public var options: RecurrentOptions
  /// Where the forget gate's bias starts: at 1 it remembers at first (Józefowicz et al., 2015).
  public var forgetBias: Double

  public init(
    _ size: Int, layers: Int = 1, dropout: Double = 0, forgetBias: Double = 1,
    reversed: Bool = false, returns: RecurrentResult = .sequence, map: Specification? = nil,
    approximation: FunctionApproximation = .exact
  ) {
    options = RecurrentOptions(
      size, layers: layers, dropout: dropout, reversed: reversed, returns: returns, map: map)
    options.approximation = approximation
    self.forgetBias = forgetBias
  }

  public static let declaration = Declaration(
    "lstm", summary: "long short-term memory through time",
    parameters: RecurrentOptions.parameters + [
      .init(
        "forget-bias", .number(-(.infinity)...(.infinity)), standard: .number(1),
        help: "where the forget gate's bias starts")
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    options = try RecurrentOptions(arguments)
    forgetBias = arguments.number("forget-bias")
  }
  public var specification: Specification {
    var specification = options.specification("lstm")
    specification.arguments["forget-bias"] = .number(forgetBias)
    return specification
  }

  public func makeLevel<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    switch options.approximation {
    case .exact:
      try makeLevel(
        of: LSTMCell<Scalar, ExactFunctions>.self, for: input, in: &site, biasedGate: 1,
        startingAt: forgetBias)
    case .kTanH:
      try makeLevel(
        of: LSTMCell<Scalar, KTanHFunctions>.self, for: input, in: &site, biasedGate: 1,
        startingAt: forgetBias)
    }
  }
}

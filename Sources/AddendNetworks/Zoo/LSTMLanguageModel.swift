public import AddendCatalogue
public import AddendKernels
public import AddendTensors

/// A language model of words: `lstm-lm:hidden=200,layers=2` (Zaremba, Sutskever & Vinyals, 2014,
/// §4.1; dropout only between layers, as there). Classes are the vocabulary.
public struct LSTMLanguageModel: ZooNetwork {
  /// Units per layer and numbers per word.
  public var hidden: Int
  public var layers: Int
  public var dropout: Double
  /// How the cells' functions are computed.
  public var approximation: FunctionApproximation

  public init(
    hidden: Int = 200, layers: Int = 2, dropout: Double = 0,
    approximation: FunctionApproximation = .exact
  ) {
    self.hidden = hidden
    self.layers = layers
    self.dropout = dropout
    self.approximation = approximation
  }

  public static let declaration = Declaration(
    "lstm-lm", summary: "a language model: embedding, LSTM, dense",
    parameters: [
      .init(
        "hidden", .integer(1...Int(Int32.max)), standard: .integer(200), help: "units per layer"),
      .init("layers", .integer(1...1024), standard: .integer(2), help: "LSTM layers"),
      .init(
        "dropout", .number(0...1), standard: .number(0), help: "the share dropped between layers"),
      FunctionApproximation.parameter,
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      hidden: arguments.integer("hidden"), layers: arguments.integer("layers"),
      dropout: arguments.number("dropout"), approximation: FunctionApproximation(arguments))
  }
  public var specification: Specification {
    Specification(
      "lstm-lm",
      ["hidden": .integer(hidden), "layers": .integer(layers), "dropout": .number(dropout)]
    ).approximating(approximation)
  }

  public func network(input: Shape, classes: Int) throws(NetworkError) -> Network {
    guard input.rank == 1 else {
      throw .unsuitableInput(layer: "lstm-lm", expected: "words along one axis", found: input)
    }
    return Network("lstm-lm", input: input) {
      Embedding(hidden, vocabulary: classes)
      if dropout > 0 { Dropout(dropout) }
      LSTM(hidden, layers: layers, dropout: dropout, approximation: approximation)
      if dropout > 0 { Dropout(dropout) }
      Dense(classes)
    }
  }
}

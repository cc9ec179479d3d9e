public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// A vector for each symbol: `Embedding(200, vocabulary: 10_000)`.
public struct Embedding: LayerConfiguration {
  /// Numbers per symbol.
  public var features: Int
  /// How many symbols there are.
  public var vocabulary: Int

  public init(_ features: Int, vocabulary: Int) {
    precondition(features > 0 && vocabulary > 0, "an embedding holds numbers")
    self.features = features
    self.vocabulary = vocabulary
  }

  public static let declaration = Declaration(
    "embedding", summary: "a learnt vector for each symbol",
    parameters: [
      .init("features", .integer(1...Int(Int32.max)), standard: nil, help: "numbers per symbol"),
      .init(
        "vocabulary", .integer(1...Int(Int32.max)), standard: nil, help: "how many symbols"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(arguments.integer("features"), vocabulary: arguments.integer("vocabulary"))
  }
  public var specification: Specification {
    Specification(
      "embedding", ["features": .integer(features), "vocabulary": .integer(vocabulary)])
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    guard vocabulary <= Scalar.symbolCount else {
      throw .parameters(
        layer: site.location,
        .invalidParameter(
          of: "embedding", parameter: "vocabulary",
          expected: "at most \(Scalar.symbolCount), as \(Scalar.formatName) tells no more symbols "
            + "apart", found: "\(vocabulary)"))
    }
    try site.checkSize([vocabulary, features])
    return LayerHolder(
      EmbeddingLayer<Scalar>(features: features, vocabulary: vocabulary, using: &site.random))
  }
}

/// `y[…, :] = table[x[…], :]`.
///
/// Shapes: `x` is `[batch, …]`, symbols as `TensorScalar.init(symbol:)` has them; `y` has an axis
/// of `features` more. The table is `[vocabulary, features]`, drawn uniformly from ±0.1 (Zaremba et
/// al., 2014, §4.1, small model). The gradient is added to the rows that occurred; `dx` is zero.
///
/// Cost: `features` look-ups for each symbol.
public struct EmbeddingLayer<Scalar: TensorScalar>: Layer {
  private var table: Parameter<Scalar>

  public struct Residuals: Sendable {
    let shape: Shape
    let symbols: [Int32]
  }

  init(features: Int, vocabulary: Int, using random: inout RandomSource) {
    table = Parameter(
      Tensor([vocabulary, features]) {
        for i in $0.indices { $0[i] = .uniform(within: 0.1, using: &random) }
      })
  }

  public var hasParameters: Bool { true }

  private var vocabulary: Int { table.value.shape[0] }
  private var features: Int { table.value.shape[1] }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    Shape(input.extents + [features])
  }

  public func cost(for input: Shape) -> OperationCount {
    OperationCount(lookups: input.count * features)
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    graph.append(
      .embedding(.init(table: table.value)), [x],
      shape: Shape(graph.nodes[x].shape.extents + [features]))
  }

  /// - Throws: `TensorError.invalidValue` for a number that is no symbol.
  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    gathered(try symbols(of: x), x.shape)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    let symbols = try symbols(of: x)
    return (gathered(symbols, x.shape), Residuals(shape: x.shape, symbols: symbols))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let shape = residuals.shape
    parameterBackward(dy, residuals)
    return Tensor(shape)
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    let (symbols, width) = (residuals.symbols, features)
    table.addGradient { gradient, accumulates in
      var span = gradient.mutableSpan
      if !accumulates { Scalar.fill(&span, with: .zero) }
      Scalar.addRows(dy.span, width: width, at: symbols.span, to: &span)
    }
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&table, named: "table")
  }

  private func symbols(of x: Tensor<Scalar>) throws(TensorError) -> [Int32] {
    var symbols = [Int32](repeating: 0, count: x.count)
    var span = symbols.mutableSpan
    if let stray = Scalar.indices(of: x.span, below: vocabulary, into: &span) {
      throw EmbeddingOperation(table: table.value).refusal(of: x.span[stray])
    }
    return symbols
  }

  private func gathered(_ symbols: [Int32], _ shape: Shape) -> Tensor<Scalar> {
    Tensor(Shape(shape.extents + [features])) {
      Scalar.gatherRows(of: table.value.span, width: features, symbols.span, into: &$0)
    }
  }
}

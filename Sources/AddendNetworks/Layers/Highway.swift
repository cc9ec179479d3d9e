public import AddendCatalogue
internal import AddendKernels
public import AddendLinear
public import AddendTensors

/// A body of layers with a gate that decides how much of it passes: `Highway { Dense(64); Tanh() }`.
public struct Highway: LayerConfiguration {
  public var body: [Specification]
  /// Where the gate's bias starts: below zero the input passes at first.
  public var gateBias: Double
  /// The gate's own map; `nil` for the network's.
  public var map: Specification?

  public init(_ body: [Specification], gateBias: Double = -2, map: Specification? = nil) {
    self.body = body
    self.gateBias = gateBias
    self.map = map
  }

  public init(
    gateBias: Double = -2, map: Specification? = nil,
    @LayerBuilder _ body: () -> [any LayerConfiguration]
  ) {
    self.init(body().map(\.specification), gateBias: gateBias, map: map)
  }

  public static let declaration = Declaration(
    "highway", summary: "y = t(x) body(x) + (1 − t(x)) x with a learnt gate t",
    parameters: [
      .init("body", .list, standard: nil, help: "the layers"),
      .init(
        "gate-bias", .number(-(.infinity)...(.infinity)), standard: .number(-2),
        help: "where the gate's bias starts"),
      Declaration.mapParameter,
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      arguments.list("body"), gateBias: arguments.number("gate-bias"), map: try arguments.map())
  }
  public var specification: Specification {
    Specification("highway", ["body": .list(body), "gate-bias": .number(gateBias)]).choosing(map)
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    guard let size = input.last, size > 0 else {
      throw .unsuitableInput(
        layer: site.location, expected: "numbers in the last axis", found: input)
    }
    let chain = try site.makeChain(named: "body", body, for: input, of: scalar)
    let output = try chain.outputShape(for: input)
    guard output == input else {
      throw .unsuitableInput(
        layer: site.location, expected: "a body that gives \(input)", found: output)
    }
    let role = MapRole(inputSize: size, outputSize: size)
    let gate = DenseLayer<Scalar>(
      map: try site.makeMap(role, of: scalar, choice: map), role: role, hasBias: true,
      initialBias: gateBias)
    return LayerHolder(
      HighwayLayer(
        body: chain,
        gate: Chain([
          .init(name: "dense1", layer: LayerHolder(gate)),
          .init(name: "sigmoid1", layer: LayerHolder(ActivationLayer(function: .sigmoid))),
        ])))
  }
}

/// `y = t ⊙ body(x) + (1 − t) ⊙ x` with `t = σ(x W + b)` (Srivastava, Greff & Schmidhuber, 2015,
/// eq. 3), over the last axis.
///
/// Shapes: `x`, `t`, `body(x)` and `y` are alike. Computed as `x + t ⊙ (body(x) − x)`.
///
/// Cost: body and gate, and a multiplication and two additions for each number.
public struct HighwayLayer<Scalar: TensorScalar>: Layer {
  private var body: Chain<Scalar>
  private var gate: Chain<Scalar>

  public struct Residuals: Sendable { let x, h, t: Tensor<Scalar> }

  init(body: Chain<Scalar>, gate: Chain<Scalar>) {
    self.body = body
    self.gate = gate
  }

  public var hasParameters: Bool { true }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    let (through, share) = (try body.outputShape(for: input), try gate.outputShape(for: input))
    guard through == input, share == input else {
      throw .unsuitableInput(
        layer: "highway", expected: "a shape that the body keeps", found: input)
    }
    return input
  }

  public func cost(for input: Shape) -> OperationCount {
    body.cost(for: input) + gate.cost(for: input)
      + OperationCount(multiplications: input.count, additions: 2 * input.count)
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    let h = body.emit(into: &graph, x, named: "body")
    let t = gate.emit(into: &graph, x, named: "gate")
    return graph.append(.blend, [x, h, t], shape: graph.nodes[x].shape)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    let h = try body.forward(x, &context)
    return Self.blended(x, h, try gate.forward(x, &context))
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    let h = try body.trainingForward(x, &context)
    let t = try gate.trainingForward(x, &context)
    return (Self.blended(x, h, t), Residuals(x: x, h: h, t: t))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let (x, h, t) = (residuals.x.span, residuals.h.span, residuals.t.span)
    var dh = Tensor<Scalar>(dy.shape) { _ in }
    var dt = Tensor<Scalar>(dy.shape) { _ in }
    var dx = Tensor<Scalar>(dy.shape) { dx in
      var first = dh.mutableSpan
      var second = dt.mutableSpan
      Scalar.blendGradient(x, h, share: t, dy: dy.span, into: &dx, &first, &second)
    }
    dx.add(gate.backward(dt))
    dx.add(body.backward(dh))
    return dx
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.enter("body")
    body.visit(&visitor)
    visitor.leave()
    visitor.enter("gate")
    gate.visit(&visitor)
    visitor.leave()
  }

  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    visitor.enter("body")
    body.visitMaps(&visitor)
    visitor.leave()
    visitor.enter("gate")
    gate.visitMaps(&visitor)
    visitor.leave()
  }

  public mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification
  ) {
    body.rewrite(&rewriter, named: "body", as: "body", in: &specification)
  }

  public mutating func discardResiduals() {
    body.discardResiduals()
    gate.discardResiduals()
  }

  private static func blended(
    _ x: Tensor<Scalar>, _ h: Tensor<Scalar>, _ t: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    Tensor(x.shape) { Scalar.blend(x.span, h.span, share: t.span, into: &$0) }
  }
}

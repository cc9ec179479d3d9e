public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// A body of layers with a way around it: `Residual { Convolution(16, size: 3, padding: 1) … }`.
public struct Residual: LayerConfiguration {
  /// The way around where the body changes the shape (He et al., 2016, §4.2); else it is `x` itself.
  public enum Shortcut: String, Hashable, Sendable, CaseIterable {
    /// None: the body must keep the shape.
    case identity
    /// Option A: every n-th pixel, with zero channels on both sides.
    case padded = "A"
    /// Option B: a 1×1 convolution of every n-th pixel and batch normalisation.
    case projected = "B"
  }

  public var body: [Specification]
  public var shortcut: Shortcut

  public init(_ body: [Specification], shortcut: Shortcut = .identity) {
    self.body = body
    self.shortcut = shortcut
  }

  public init(
    shortcut: Shortcut = .identity, @LayerBuilder _ body: () -> [any LayerConfiguration]
  ) {
    self.init(body().map(\.specification), shortcut: shortcut)
  }

  public static let declaration = Declaration(
    "residual", summary: "y = body(x) + shortcut(x)",
    parameters: [
      .init("body", .list, standard: nil, help: "the layers"),
      .init(
        "shortcut", .choice(Shortcut.allCases.map(\.rawValue)), standard: .text("identity"),
        help: "the way around where the body changes the shape"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    // The declaration admits no other text.
    self.init(
      arguments.list("body"), shortcut: Shortcut(rawValue: arguments.text("shortcut")) ?? .identity)
  }
  public var specification: Specification {
    Specification("residual", ["body": .list(body), "shortcut": .text(shortcut.rawValue)])
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    let chain = try site.makeChain(named: "body", body, for: input, of: scalar)
    let output = try chain.outputShape(for: input)
    guard output != input else {
      return LayerHolder(ResidualLayer(body: chain, shortcut: Chain([])))
    }
    guard shortcut != .identity, let stride = Self.stride(from: input, to: output) else {
      let expected = shortcut == .identity ? "\(input)" : "every n-th pixel of \(input)"
      throw .unsuitableInput(
        layer: site.location, expected: "a body that gives \(expected)", found: output)
    }
    let around: Chain<Scalar>
    if shortcut == .padded {
      guard output[2] >= input[2] else {
        throw .unsuitableInput(
          layer: site.location, expected: "a body that gives at least \(input[2]) channels",
          found: output)
      }
      let layer = SubsamplingLayer<Scalar>(
        stride: stride, inputChannels: input[2], outputChannels: output[2])
      around = Chain([.init(name: "subsampling1", layer: LayerHolder(layer))])
    } else {
      around = try site.makeChain(
        named: "shortcut",
        [
          Convolution(output[2], size: 1, stride: stride, bias: false).specification,
          BatchNorm().specification,
        ], for: input, of: scalar)
    }
    return LayerHolder(ResidualLayer(body: chain, shortcut: around))
  }

  /// The stride at which `input`'s pixels are as many as `output`'s.
  private static func stride(from input: Shape, to output: Shape) -> Int? {
    guard input.rank == 3, output.rank == 3 else { return nil }
    return (1...max(1, input[0], input[1])).first { stride in
      (0..<2).allSatisfy { (input[$0] - 1) / stride + 1 == output[$0] }
    }
  }
}

/// `y = body(x) + shortcut(x)` (He et al., 2016, eq. 1 and 2).
///
/// Cost: that of both, and an addition for each number.
public struct ResidualLayer<Scalar: TensorScalar>: Layer {
  private var body: Chain<Scalar>
  /// Empty for `x` itself.
  private var shortcut: Chain<Scalar>

  /// The chains keep their layers' residuals themselves.
  public struct Residuals: Sendable {}

  init(body: Chain<Scalar>, shortcut: Chain<Scalar>) {
    self.body = body
    self.shortcut = shortcut
  }

  public var hasParameters: Bool { body.hasParameters || shortcut.hasParameters }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    let (around, through) = (
      try shortcut.outputShape(for: input), try body.outputShape(for: input)
    )
    guard around == through else {
      throw .unsuitableInput(
        layer: "residual", expected: "a shape that body and shortcut map to one", found: input)
    }
    return through
  }

  public func cost(for input: Shape) -> OperationCount {
    let sums = (try? body.outputShape(for: input).count) ?? 0
    return body.cost(for: input) + shortcut.cost(for: input) + OperationCount(additions: sums)
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    let around = shortcut.emit(into: &graph, x, named: "shortcut")
    let through = body.emit(into: &graph, x, named: "body")
    return graph.append(
      .sum(rectifies: false), [through, around], shape: graph.nodes[through].shape)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    var y = try body.forward(x, &context)
    y.add(try shortcut.forward(x, &context))
    return y
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    var y = try body.trainingForward(x, &context)
    y.add(try shortcut.trainingForward(x, &context))
    return (y, Residuals())
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    var dx = body.backward(dy)
    dx.add(shortcut.backward(dy))
    return dx
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    body.parameterBackward(dy)
    shortcut.parameterBackward(dy)
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.enter("body")
    body.visit(&visitor)
    visitor.leave()
    visitor.enter("shortcut")
    shortcut.visit(&visitor)
    visitor.leave()
  }

  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    visitor.enter("body")
    body.visitMaps(&visitor)
    visitor.leave()
    visitor.enter("shortcut")
    shortcut.visitMaps(&visitor)
    visitor.leave()
  }

  /// The body only: a shortcut's layers follow from `shortcut` and are not listed.
  public mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification
  ) {
    body.rewrite(&rewriter, named: "body", as: "body", in: &specification)
  }

  public mutating func discardResiduals() {
    body.discardResiduals()
    shortcut.discardResiduals()
  }
}

/// Every `stride`-th pixel in both directions, zero channels on both sides: option A's shortcut.
///
/// With `p = (outputChannels − inputChannels) / 2`, rounded down, `y[n, i, j, p + c] =
/// x[n, stride · i, stride · j, c]`, zero elsewhere. Costs nothing.
struct SubsamplingLayer<Scalar: TensorScalar>: Layer {
  let stride: Int
  let inputChannels: Int
  let outputChannels: Int

  struct Residuals: Sendable { let shape: Shape }

  func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    guard input.rank == 3, input[2] == inputChannels, input.count > 0 else {
      throw .unsuitableInput(
        layer: "shortcut", expected: "an image height×width×\(inputChannels)", found: input)
    }
    return [(input[0] - 1) / stride + 1, (input[1] - 1) / stride + 1, outputChannels]
  }

  func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    guard x.shape.rank == 4, let output = try? outputShape(for: x.shape.element) else {
      throw .shapeMismatch(
        operation: "shortcut", argument: "x", expected: "batch×height×width×\(inputChannels)",
        found: x.shape)
    }
    let source = x.span
    return Tensor(output.batched(x.shape[0])) {
      Scalar.subsample(source, subsampling(of: x.shape), into: &$0)
    }
  }

  func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    let shape = graph.nodes[x].shape
    let subsampling = subsampling(of: shape.batched(1))
    return graph.append(
      .subsample(subsampling), [x],
      shape: [subsampling.outputHeight, subsampling.outputWidth, outputChannels])
  }

  private func subsampling(of batch: Shape) -> Subsampling {
    Subsampling(
      batch: batch[0], height: batch[1], width: batch[2], channels: inputChannels,
      outputChannels: outputChannels, stride: stride)
  }

  mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    (try forward(x, &context), Residuals(shape: x.shape))
  }

  mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let (subsampling, gradient) = (subsampling(of: residuals.shape), dy.span)
    return Tensor(residuals.shape) {
      Scalar.subsamplingGradient(gradient, subsampling, into: &$0)
    }
  }
}

extension Tensor {
  /// Adds `other`, of the same shape.
  mutating func add(_ other: Tensor) {
    var span = mutableSpan
    Scalar.add(other.span, to: &span)
  }
}

public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// Layers side by side on one input: `Branch(.concatenation) { Convolution(…); MaxPool(…) }`.
///
/// Each layer written inside is a branch; `Sequential` makes one of several layers.
public struct Branch: LayerConfiguration {
  /// What becomes of the branches' results.
  public enum Junction: String, Hashable, Sendable, CaseIterable {
    /// One beside another on the last axis.
    case concatenation
    case sum
  }

  public var branches: [Specification]
  public var junction: Junction

  public init(_ junction: Junction, _ branches: [Specification]) {
    self.branches = branches
    self.junction = junction
  }

  public init(
    _ junction: Junction, @LayerBuilder _ branches: () -> [any LayerConfiguration]
  ) {
    self.init(junction, branches().map(\.specification))
  }

  public static let declaration = Declaration(
    "branch", summary: "layers side by side on one input",
    parameters: [
      .init("branches", .list, standard: nil, help: "the layers, a branch each"),
      .init(
        "junction", .choice(Junction.allCases.map(\.rawValue)), standard: .text("concatenation"),
        help: "what becomes of their results"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    guard !arguments.list("branches").isEmpty else {
      throw .invalidParameter(
        of: "branch", parameter: "branches", expected: "at least one layer", found: "an empty list")
    }
    // The declaration admits no other text.
    self.init(
      Junction(rawValue: arguments.text("junction")) ?? .concatenation, arguments.list("branches"))
  }
  public var specification: Specification {
    Specification(
      "branch", ["branches": .list(branches), "junction": .text(junction.rawValue)])
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    var chains: [Chain<Scalar>] = []
    for (index, branch) in branches.enumerated() {
      chains.append(
        try site.makeChain(named: "branch\(index + 1)", [branch], for: input, of: scalar))
    }
    let layer = BranchLayer(chains: chains, junction: junction)
    // Checked here too, since a stray branch is worth its place in the message.
    do throws(NetworkError) {
      _ = try layer.outputShape(for: input)
    } catch {
      throw error.located(at: site.location)
    }
    return LayerHolder(layer)
  }
}

/// `y = [f_1(x), …, f_n(x)]` on the last axis, or `f_1(x) + … + f_n(x)`.
///
/// Shapes: the results agree in all axes, except in the last when concatenated.
///
/// Cost: the branches', and the additions of a sum.
public struct BranchLayer<Scalar: TensorScalar>: Layer {
  private var chains: [Chain<Scalar>]
  private let junction: Branch.Junction

  public struct Residuals: Sendable { let widths: [Int] }

  init(chains: [Chain<Scalar>], junction: Branch.Junction) {
    self.chains = chains
    self.junction = junction
  }

  public var hasParameters: Bool { chains.contains { $0.hasParameters } }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    let first = try chains[0].outputShape(for: input)
    var width = first.last ?? 0
    for chain in chains.dropFirst() {
      let next = try chain.outputShape(for: input)
      let fits =
        junction == .sum
        ? next == first : next.extents.dropLast() == first.extents.dropLast() && next.rank > 0
      guard fits else {
        let expected = junction == .sum ? "" : " up to the last axis"
        throw .unsuitableInput(
          layer: "branch", expected: "results of \(first)\(expected)", found: next)
      }
      width += next.last ?? 0
    }
    return junction == .sum ? first : Shape(first.extents.dropLast() + [width])
  }

  public func cost(for input: Shape) -> OperationCount {
    let parts = chains.reduce(.zero) { $0 + $1.cost(for: input) }
    guard junction == .sum, let output = try? outputShape(for: input) else { return parts }
    return parts + OperationCount(additions: (chains.count - 1) * output.count)
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    var values: [Int] = []
    for (i, chain) in chains.enumerated() {
      values.append(chain.emit(into: &graph, x, named: "branch\(i + 1)"))
    }
    let shape = graph.nodes[values[0]].shape
    guard junction == .concatenation else {
      return graph.append(.sum(rectifies: false), values, shape: shape)
    }
    let width = values.reduce(0) { $0 + (graph.nodes[$1].shape.last ?? 1) }
    return graph.append(
      .concatenation, values, shape: Shape(shape.extents.dropLast() + [width]))
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    var parts: [Tensor<Scalar>] = []
    for chain in chains { parts.append(try chain.forward(x, &context)) }
    return joined(parts)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    var parts: [Tensor<Scalar>] = []
    for i in chains.indices { parts.append(try chains[i].trainingForward(x, &context)) }
    return (joined(parts), Residuals(widths: parts.map { $0.shape.last ?? 1 }))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let parts = parts(of: dy, residuals.widths)
    var dx = chains[0].backward(parts[0])
    for i in chains.indices.dropFirst() { dx.add(chains[i].backward(parts[i])) }
    return dx
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    let parts = parts(of: dy, residuals.widths)
    for i in chains.indices { chains[i].parameterBackward(parts[i]) }
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    for i in chains.indices {
      visitor.enter("branch\(i + 1)")
      chains[i].visit(&visitor)
      visitor.leave()
    }
  }

  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    for i in chains.indices {
      visitor.enter("branch\(i + 1)")
      chains[i].visitMaps(&visitor)
      visitor.leave()
    }
  }

  public mutating func rewriteChains(
    _ rewriter: inout some ChainRewriter<Scalar>, in specification: inout Specification
  ) {
    for i in chains.indices {
      rewriter.enter("branch\(i + 1)")
      chains[i].rewrite(&rewriter)
      rewriter.leave()
      guard chains[i].nodes.count != 1 else { continue }
      chains[i] = Chain([
        .init(
          name: "sequential1", specification: Sequential(chains[i].specifications).specification,
          layer: LayerHolder(SequentialLayer(chain: chains[i])))
      ])
    }
    specification.arguments["branches"] = .list(chains.flatMap(\.specifications))
  }

  public mutating func discardResiduals() {
    for i in chains.indices { chains[i].discardResiduals() }
  }

  private func joined(_ parts: [Tensor<Scalar>]) -> Tensor<Scalar> {
    var y = parts[0]
    switch junction {
    case .sum:
      for part in parts.dropFirst() { y.add(part) }
    case .concatenation:
      let widths = parts.map { $0.shape.last ?? 1 }
      y = Tensor(Shape(y.shape.extents.dropLast() + [widths.reduce(0, +)])) { _ in }
      var first = 0
      for (part, width) in zip(parts, widths) {
        y.replaceColumns(from: first, with: part)
        first += width
      }
    }
    return y
  }

  /// Each branch's share of the gradient.
  private func parts(of dy: Tensor<Scalar>, _ widths: [Int]) -> [Tensor<Scalar>] {
    guard junction == .concatenation else { return widths.map { _ in dy } }
    var first = 0
    return widths.map { width in
      defer { first += width }
      return dy.columns(first..<first + width)
    }
  }
}

public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// Layers one after another: a network, a residual block's body, a branch.
public struct Chain<Scalar: TensorScalar>: Sendable {
  /// A layer under its name in the chain: `dense2`.
  public struct Node: Sendable {
    public internal(set) var name: String
    /// What made the layer; `nil` for a part that no description lists, a gate say.
    public var specification: Specification?
    public var layer: any LayerSlot<Scalar>
  }

  public internal(set) var nodes: [Node]
  /// Where training's passes are cut; empty for passes that keep everything.
  var cuts = Cuts<Scalar>()

  public init(_ nodes: [Node]) { self.nodes = nodes }

  /// The layers as a network file lists them.
  public var specifications: [Specification] { nodes.compactMap(\.specification) }

  public var hasParameters: Bool { nodes.contains { $0.layer.hasParameters } }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    var shape = input
    for node in nodes { shape = try node.layer.outputShape(for: shape) }
    return shape
  }

  /// Each layer's cost for one example, with its shapes.
  public func costs(
    for input: Shape
  ) throws(NetworkError) -> [(node: Node, input: Shape, output: Shape, cost: OperationCount)] {
    var shape = input
    var costs: [(node: Node, input: Shape, output: Shape, cost: OperationCount)] = []
    for node in nodes {
      let output = try node.layer.outputShape(for: shape)
      costs.append((node, shape, output, node.layer.cost(for: shape)))
      shape = output
    }
    return costs
  }

  public func cost(for input: Shape) -> OperationCount {
    // Shapes were checked when the chain was built.
    guard let costs = try? costs(for: input) else {
      preconditionFailure("a chain's cost is asked for a shape that it takes")
    }
    return costs.reduce(.zero) { $0 + $1.cost }
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    var x = x
    for node in nodes { x = try node.layer.forward(x, &context) }
    return x
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    var x = try runAndForget(x, &context)
    for i in cuts.lastPart(of: nodes.count) {
      x = try nodes[i].layer.trainingForward(x, &context)
    }
    return x
  }

  public mutating func backward(_ dy: Tensor<Scalar>) -> Tensor<Scalar> {
    let starts = cuts.takeStarts()
    var dy = dy
    for i in nodes.indices.reversed() {
      runAgain(upTo: i, starts)
      dy = nodes[i].layer.backward(dy)
    }
    return dy
  }

  /// `backward` down to the first layer that has parameters, and no further.
  public mutating func parameterBackward(_ dy: Tensor<Scalar>) {
    let starts = cuts.takeStarts()
    let first = nodes.firstIndex { $0.layer.hasParameters } ?? nodes.endIndex
    var dy = dy
    for i in nodes.indices.reversed() {
      if i >= first { runAgain(upTo: i, starts) }
      if i > first {
        dy = nodes[i].layer.backward(dy)
      } else if i == first {
        nodes[i].layer.parameterBackward(dy)
      } else {
        nodes[i].layer.discardResiduals()
      }
    }
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    for i in nodes.indices {
      visitor.enter(nodes[i].name)
      nodes[i].layer.visit(&visitor)
      visitor.leave()
    }
  }

  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    for i in nodes.indices {
      visitor.enter(nodes[i].name)
      nodes[i].layer.visitMaps(&visitor)
      visitor.leave()
    }
  }

  public mutating func discardResiduals() {
    cuts.discardStarts()
    for i in nodes.indices { nodes[i].layer.discardResiduals() }
  }
}

internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

extension Graph {
  /// Results whose takers all want the same bytes become these bytes where they are made: a product of
  /// bytes writes them itself, and what only moves numbers moves bytes. A sum's other part may be
  /// bytes of any kind. Elsewhere numbers are brought to bytes, and back, by nodes of their own.
  mutating func keepBytes() {
    let hasProducts = nodes.contains {
      if case .linear(let linear) = $0.operation { linear.int8 != nil } else { false }
    }
    guard hasProducts else { return }
    let demands = demands()
    var builder = ByteGraph(self)
    for i in nodes.indices.dropFirst() { builder.append(nodes[i], demands[i]) }
    self = builder.finished(output: output)
  }

  /// What the takers of each node's result want.
  private func demands() -> [Demand] {
    var demands = [Demand](repeating: .anything, count: nodes.count)
    demands[output] = .numbers
    for i in nodes.indices.reversed() {
      for (place, input) in nodes[i].inputs.enumerated() {
        let wish: Demand
        switch nodes[i].operation {
        case .linear(let linear):
          wish = linear.int8.map { place == 0 ? .bytes($0.input) : .anything } ?? .numbers
        case .reshape, .subsample, .maxPool: wish = demands[i]
        default: wish = .numbers
        }
        demands[input] = demands[input].joined(wish)
      }
    }
    return demands
  }
}

/// What is wanted of a result.
private enum Demand: Hashable {
  case anything
  case bytes(AffineQuantization)
  case numbers

  func joined(_ other: Demand) -> Demand {
    switch (self, other) {
    case (.anything, let demand), (let demand, .anything): demand
    case (.bytes(let a), .bytes(let b)): a == b ? self : .numbers
    default: .numbers
    }
  }
}

/// A graph that is written anew, with bytes.
private struct ByteGraph<Scalar: TensorScalar> {
  private var graph: Graph<Scalar>
  /// The new number of each old node.
  private var numbers = [0]
  /// Conversions that are there already: of a node into bytes, or numbers for `nil`.
  private var conversions: [Conversion: Int] = [:]

  private struct Conversion: Hashable {
    var node: Int
    var bytes: AffineQuantization?
  }

  init(_ old: Graph<Scalar>) {
    graph = old
    graph.nodes.removeLast(graph.nodes.count - 1)
    graph.output = 0
  }

  mutating func append(_ node: Graph<Scalar>.Node, _ demand: Demand) {
    var node = node
    let inputs = node.inputs.map { numbers[$0] }
    switch node.operation {
    case .linear(let linear):
      guard let product = linear.int8 else {
        node.inputs = inputs.map { converted($0, to: nil) }
        break
      }
      node.inputs = [converted(inputs[0], to: product.input)] + inputs.dropFirst()
      if case .bytes(let bytes) = demand { node.bytes = bytes }
    case .reshape, .subsample, .maxPool:
      switch demand {
      case .bytes(let bytes): node.bytes = bytes
      case .anything: node.bytes = graph.nodes[inputs[0]].bytes
      case .numbers: break
      }
      node.inputs = [converted(inputs[0], to: node.bytes)]
    default: node.inputs = inputs.map { converted($0, to: nil) }
    }
    numbers.append(add(node))
  }

  func finished(output: Int) -> Graph<Scalar> {
    var graph = graph
    graph.output = numbers[output]
    return graph
  }

  private mutating func add(_ node: Graph<Scalar>.Node) -> Int {
    graph.nodes.append(node)
    return graph.nodes.count - 1
  }

  /// The node that has the result of `node` as `bytes`, or as numbers for `nil`.
  private mutating func converted(_ node: Int, to bytes: AffineQuantization?) -> Int {
    let source = graph.nodes[node]
    guard source.bytes != bytes else { return node }
    let conversion = Conversion(node: node, bytes: bytes)
    if let known = conversions[conversion] { return known }
    // From bytes to other bytes by way of numbers.
    let from = source.bytes == nil || bytes == nil ? node : converted(node, to: nil)
    var new = Graph<Scalar>.Node(
      operation: bytes == nil ? .dequantize : .quantize, inputs: [from], shape: source.shape,
      name: source.name)
    new.bytes = bytes
    let number = add(new)
    conversions[conversion] = number
    return number
  }
}

internal import AddendKernels
internal import AddendNetworks
internal import AddendTensors

/// The steps of a graph on a batch of fixed size, and where in one block of memory their results lie.
struct ExecutionPlan: Sendable {
  private(set) var steps: [ExecutionStep] = []
  private(set) var choices: [KernelTuner.Choice?] = []
  private(set) var output: Place = .input
  /// Numbers of memory, and those that it would take without sharing.
  private(set) var arenaCount = 0
  private(set) var unsharedCount = 0

  init(_ graph: Graph<Float>, batch: Int, tuner: KernelTuner) {
    let parts = graph.nodes.map { Part($0, graph, batch: batch, tuner: tuner) }
    let storage = Self.storage(of: graph)
    let result = Self.resultStorage(graph, storage)
    let (items, itemOf, scratchOf) = Self.items(graph, storage, result, batch: batch, parts)
    let arena = ArenaPlan(items)
    arenaCount = arena.count
    unsharedCount = ArenaPlan.unshared(items)
    func range(_ item: Int) -> Range<Int> {
      arena.offsets[item]..<arena.offsets[item] + items[item].count
    }
    func place(_ node: Int) -> Place {
      storage[node] == result
        ? .result : itemOf[storage[node]].map { .arena(range($0)) } ?? .input
    }
    for (i, node) in graph.nodes.enumerated() where i > 0 {
      if case .reshape = node.operation { continue }
      let work = Self.work(
        node, graph, batch: batch, parts[i], scratch: scratchOf[i].map(range) ?? 0..<0)
      steps.append(
        .init(name: node.name, work: work, inputs: node.inputs.map(place), output: place(i)))
      choices.append(parts[i].choice)
    }
    output = place(graph.output)
  }

  /// What is made ahead for a node: the kernel of a product, the weights of a recurrent layer.
  private enum Part {
    case none
    case product(KernelTuner.Choice)
    case recurrent(RecurrentPass)
    case bytes(ByteStep)

    init(_ node: Graph<Float>.Node, _ graph: Graph<Float>, batch: Int, tuner: KernelTuner) {
      if let step = ByteStep(node, graph, batch: batch) {
        self = .bytes(step)
        return
      }
      switch node.operation {
      case .linear(let linear):
        let inputs = linear.weights[0].shape[0]
        let rows = graph.nodes[node.inputs[0]].shape.count * batch / max(1, inputs)
        self = .product(tuner.choose(linear, batch: batch, rows: rows))
      case .recurrent(let recurrent):
        let time = graph.nodes[node.inputs[0]].shape[0]
        self = .recurrent(RecurrentPass(recurrent, batch: batch, time: time))
      default: self = .none
      }
    }

    var choice: KernelTuner.Choice? {
      if case .product(let choice) = self { choice } else { nil }
    }

    /// Numbers of memory that the node's step needs for itself.
    func scratchCount(_ node: Graph<Float>.Node, batch: Int) -> Int {
      switch self {
      case .product(let choice): return choice.kernel.scratchCount
      case .recurrent(let pass): return pass.scratchCount
      case .bytes(let step): return step.scratchCount
      case .none:
        guard case .rowNormalization = node.operation else { return 0 }
        return 2 * ExecutionPlan.rows(node.shape, batch: batch)
      }
    }
  }

  private static func rows(_ shape: Shape, batch: Int) -> Int {
    batch * shape.count / max(1, shape.last ?? 1)
  }

  /// The node in whose memory each node's result lies: its own, or that of the same numbers under
  /// another shape.
  private static func storage(of graph: Graph<Float>) -> [Int] {
    var storage = Array(graph.nodes.indices)
    for (i, node) in graph.nodes.enumerated() {
      if case .reshape = node.operation { storage[i] = storage[node.inputs[0]] }
    }
    return storage
  }

  /// The last step that reads each node's memory.
  private static func lastUses(_ graph: Graph<Float>, _ storage: [Int]) -> [Int] {
    var last = Array(graph.nodes.indices)
    for (i, node) in graph.nodes.enumerated() {
      last[storage[i]] = max(last[storage[i]], i)
      for input in node.inputs { last[storage[input]] = max(last[storage[input]], i) }
    }
    last[storage[graph.output]] = graph.nodes.count
    return last
  }

  /// The node whose memory may be the caller's: the result's, where no step reads it.
  private static func resultStorage(_ graph: Graph<Float>, _ storage: [Int]) -> Int? {
    let result = storage[graph.output]
    let isRead = graph.nodes.contains { node in
      if case .reshape = node.operation { return false }
      return node.inputs.contains { storage[$0] == result }
    }
    return isRead || result == 0 ? nil : result
  }

  private static func items(
    _ graph: Graph<Float>, _ storage: [Int], _ result: Int?, batch: Int, _ parts: [Part]
  ) -> (items: [ArenaPlan.Item], itemOf: [Int?], scratchOf: [Int?]) {
    let last = lastUses(graph, storage)
    var items: [ArenaPlan.Item] = []
    var itemOf = [Int?](repeating: nil, count: graph.nodes.count)
    var scratchOf = itemOf
    for (i, node) in graph.nodes.enumerated() where i > 0 {
      if storage[i] == i, i != result {
        itemOf[i] = items.count
        let count = node.shape.count * batch
        // Four bytes take the place of a number.
        items.append(.init(count: node.bytes == nil ? count : (count + 3) / 4, life: i...last[i]))
      }
      let count = parts[i].scratchCount(node, batch: batch)
      if count > 0 {
        scratchOf[i] = items.count
        items.append(.init(count: count, life: i...i))
      }
    }
    return (items, itemOf, scratchOf)
  }

  private static func work(
    _ node: Graph<Float>.Node, _ graph: Graph<Float>, batch: Int, _ part: Part,
    scratch: Range<Int>
  ) -> ExecutionStep.Work {
    switch (node.operation, part) {
    case (_, .bytes(let step)):
      return .bytes(step, scratch: scratch, addsInput: node.inputs.count > 1)
    case (.linear(let linear), .product(let choice)):
      return .linear(choice.kernel, scratch: scratch, addsInput: linear.addsInput)
    case (.recurrent, .recurrent(let pass)):
      return .recurrent(pass, scratchAt: scratch.lowerBound)
    case (.affine(let affine), _): return .affine(RoundedAffine(affine))
    case (.activation(let function), _): return .activation(function)
    case (.sum(let rectifies), _): return .sum(rectifies: rectifies)
    case (.concatenation, _):
      return .concatenation(node.inputs.map { graph.nodes[$0].shape.last ?? 1 })
    case (.maxPool(let geometry), _):
      return .maxPool(geometry.batched(batch))
    case (.averagePool(let geometry), _):
      return .averagePool(geometry.batched(batch), factors: geometry.averagingFactors)
    case (.subsample(let subsampling), _): return .subsample(subsampling.batched(batch))
    case (.embedding(let embedding), _):
      let count = graph.nodes[node.inputs[0]].shape.count * batch
      return .embedding(embedding, symbols: AlignedBuffer(uninitializedCount: count))
    case (.rowNormalization(let normalization), _):
      let middle = scratch.lowerBound + rows(node.shape, batch: batch)
      return .rowNormalization(
        normalization, mean: scratch.lowerBound..<middle,
        inverseDeviation: middle..<scratch.upperBound)
    case (.blend, _): return .blend
    case (.layer(let layer), _):
      return .layer(layer, graph.nodes[node.inputs[0]].shape.batched(batch))
    case (.input, _), (.reshape, _), (.linear, _), (.recurrent, _), (.quantize, _),
      (.dequantize, _):
      preconditionFailure("products have kernels, and such a node is no work")
    }
  }
}

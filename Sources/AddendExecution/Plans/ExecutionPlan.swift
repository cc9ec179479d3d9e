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
    let kernels = graph.nodes.map { node -> KernelTuner.Choice? in
      guard case .linear(let linear) = node.operation else { return nil }
      let inputs = linear.weights[0].shape[0]
      let rows = graph.nodes[node.inputs[0]].shape.count * batch / max(1, inputs)
      return tuner.choose(linear, batch: batch, rows: rows)
    }
    let storage = Self.storage(of: graph)
    let (items, itemOf, scratchOf) = Self.items(graph, storage, batch: batch, kernels)
    let arena = ArenaPlan(items)
    arenaCount = arena.count
    unsharedCount = ArenaPlan.unshared(items)
    func range(_ item: Int) -> Range<Int> {
      arena.offsets[item]..<arena.offsets[item] + items[item].count
    }
    func place(_ node: Int) -> Place {
      itemOf[storage[node]].map { .arena(range($0)) } ?? .input
    }
    for (i, node) in graph.nodes.enumerated() where i > 0 {
      guard case .arena(let output) = place(i) else { continue }
      if case .reshape = node.operation { continue }
      let work = Self.work(
        node, graph, batch: batch, kernels[i]?.kernel, scratch: scratchOf[i].map(range) ?? 0..<0)
      steps.append(
        .init(name: node.name, work: work, inputs: node.inputs.map(place), output: output))
      choices.append(kernels[i])
    }
    output = place(graph.output)
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

  private static func items(
    _ graph: Graph<Float>, _ storage: [Int], batch: Int, _ kernels: [KernelTuner.Choice?]
  ) -> (items: [ArenaPlan.Item], itemOf: [Int?], scratchOf: [Int?]) {
    let last = lastUses(graph, storage)
    var items: [ArenaPlan.Item] = []
    var itemOf = [Int?](repeating: nil, count: graph.nodes.count)
    var scratchOf = itemOf
    for (i, node) in graph.nodes.enumerated() where i > 0 {
      if storage[i] == i {
        itemOf[i] = items.count
        items.append(.init(count: node.shape.count * batch, life: i...last[i]))
      }
      if let count = kernels[i]?.kernel.scratchCount, count > 0 {
        scratchOf[i] = items.count
        items.append(.init(count: count, life: i...i))
      }
    }
    return (items, itemOf, scratchOf)
  }

  private static func work(
    _ node: Graph<Float>.Node, _ graph: Graph<Float>, batch: Int, _ kernel: (any LinearKernel)?,
    scratch: Range<Int>
  ) -> ExecutionStep.Work {
    switch node.operation {
    case .linear(let linear):
      guard let kernel else { preconditionFailure("a linear operation has a kernel") }
      return .linear(kernel, scratch: scratch, addsInput: linear.addsInput)
    case .affine(let affine):
      return .affine(RoundedAffine(affine))
    case .activation(let function): return .activation(function)
    case .sum(let rectifies): return .sum(rectifies: rectifies)
    case .concatenation:
      return .concatenation(node.inputs.map { graph.nodes[$0].shape.last ?? 1 })
    case .maxPool(let geometry):
      return .maxPool(geometry.batched(batch))
    case .averagePool(let geometry): return .averagePool(geometry.batched(batch))
    case .subsample(let subsampling): return .subsample(subsampling.batched(batch))
    case .layer(let layer):
      return .layer(layer, graph.nodes[node.inputs[0]].shape.batched(batch))
    case .input, .reshape: preconditionFailure("such a node is no work")
    }
  }
}

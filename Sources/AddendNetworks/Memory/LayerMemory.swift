internal import AddendKernels
internal import AddendTensors

/// What a training pass through a layer leaves in memory.
public struct LayerMemory: Hashable, Sendable {
  /// The layer's name.
  public var name: String
  /// Bytes of what the layer begins with.
  public var input: Int
  /// By how many bytes memory in use has grown when the layer is done, its output included; negative
  /// where a layer frees what nobody wants any more.
  public var growth: Int

  public init(name: String, input: Int, growth: Int) {
    self.name = name
    self.input = input
    self.growth = growth
  }
}

extension Model {
  /// Runs a training pass of `batch` examples (of zeros) and measures what each layer leaves in memory.
  /// - Throws: `NetworkError.pass` as the pass does.
  public func layerMemory(batch: Int) throws(NetworkError) -> [LayerMemory] {
    precondition(batch > 0, "a batch has examples")
    var model = self
    model.recompute(from: [])
    var context = PassContext<Scalar>()
    var rows: [LayerMemory] = []
    var x = Tensor<Scalar>(network.input.batched(batch))
    for i in model.layers.nodes.indices {
      let before = MemoryUsage.ofThisThread
      let name = model.layers.nodes[i].name
      rows.append(LayerMemory(name: name, input: x.count * MemoryLayout<Scalar>.stride, growth: 0))
      do throws(TensorError) {
        try model.layers.nodes[i].layer.run(&x, &context)
      } catch {
        throw .pass(layer: name, error)
      }
      rows[i].growth = MemoryUsage.ofThisThread - before
    }
    return rows
  }

  /// Has training forget what layers leave and run them again on the way back: the first layers of all
  /// parts but the first, in rising order; none for passes that keep everything. Of the last part
  /// nothing is forgotten.
  ///
  /// Training comes to the same bits. Costs a second forward pass through all parts but the last.
  public mutating func recompute(from positions: [Int]) {
    precondition(
      positions.allSatisfy { 0 < $0 && $0 < layers.nodes.count }
        && zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 },
      "parts begin with layers of the network, in order")
    layers.cuts = Cuts(positions)
  }
}

extension LayerSlot {
  /// Puts what training's pass makes of `x` in its place; nothing else of `x` stays behind when this
  /// returns.
  @inline(never)
  fileprivate mutating func run(
    _ x: inout Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) {
    x = try trainingForward(x, &context)
  }
}

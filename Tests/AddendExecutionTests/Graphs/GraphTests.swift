import AddendCatalogue
import AddendExecution
import AddendKernels
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

struct GraphTests {
  private static func input<Scalar>(
    _ model: Model<Scalar>, batch: Int, seed: UInt64
  ) -> Tensor<Scalar> {
    var random = RandomSource(seed: seed, stream: 3)
    return .normal(model.network.input.batched(batch), using: &random)
  }

  /// A graph computes what its model does, but for the form in which a normalisation is written.
  @Test(arguments: 0..<12 as Range<UInt64>)
  func aGraphComputesWhatItsModelDoes(seed: UInt64) throws {
    let model = try RandomNetwork.model(
      RandomNetwork.network(seed: seed), of: Double.self, seed: seed)
    let x = Self.input(model, batch: 3, seed: seed)
    let deviation = Deviation(
      try Graph(model).run(x), from: try model.forward(x).elements)
    #expect(deviation.size < 1e-12, "\(deviation)")
  }

  @Test(arguments: [
    "lenet-5", "resnet:depth=8", "resnet:depth=8,shortcut=B", "vgg-7", "lenet-300-100", "mlp",
    "lstm-lm:hidden=7,dropout=0.5",
  ])
  func networksOfTheZooLeaveNoLayerWhole(_ name: String) throws {
    let shape: Shape =
      name.hasPrefix("lenet") ? [28, 28, 1] : name.hasPrefix("lstm") ? [9] : [32, 32, 3]
    let network = try Zoo.network(Specification(parsing: name), input: shape, classes: 10)
    let graph = Graph(try Model<Float>(network, seed: 1))
    for node in graph.nodes {
      if case .layer = node.operation { Issue.record("\(node.name) stays whole") }
    }
  }

  /// The same of recurrent layers, embeddings, normalised rows and gates, none of which stays whole.
  @Test(arguments: 0..<24 as Range<UInt64>)
  func aGraphComputesWhatItsRecurrentModelDoes(seed: UInt64) throws {
    let network = RandomNetwork.recurrentNetwork(seed: seed)
    let model = try RandomNetwork.model(network, of: Double.self, seed: seed)
    let graph = Graph(model)
    for node in graph.nodes {
      if case .layer = node.operation { Issue.record("\(node.name) stays whole") }
    }
    let x = RandomNetwork.symbols(network, batch: 3, seed: seed, of: Double.self)
    let deviation = Deviation(try graph.run(x), from: try model.forward(x).elements)
    #expect(deviation.size < 1e-12, "\(deviation)")
  }

  /// What `Operation.layer` lists.
  @Test(arguments: [
    ("lookup:block=4", FunctionApproximation.exact, 3), ("float32", .kTanH, 1),
    ("float32", .exact, 0),
  ])
  func approximationsStayWhole(
    _ map: String, _ approximation: FunctionApproximation, count: Int
  ) throws {
    let network = Network("approximate", input: [3, 8]) {
      LSTM(8, approximation: approximation)
      GELU(approximation: approximation)
      Dense(8)
      Highway { Tanh() }
    }
    let graph = Graph(try Model<Float>(network, map: Specification(parsing: map), seed: 1))
    let whole = graph.nodes.count { if case .layer = $0.operation { true } else { false } }
    #expect(whole == count)
  }

  /// Every pass keeps results within its bound, alone and after the passes before it.
  @Test(arguments: 0..<24 as Range<UInt64>, [false, true])
  func passesKeepResults(seed: UInt64, isRecurrent: Bool) throws {
    let network =
      isRecurrent ? RandomNetwork.recurrentNetwork(seed: seed) : RandomNetwork.network(seed: seed)
    let model = try RandomNetwork.model(network, of: Double.self, seed: seed)
    let x =
      isRecurrent
      ? RandomNetwork.symbols(network, batch: 2, seed: seed, of: Double.self)
      : Self.input(model, batch: 2, seed: seed)
    let plain = Graph(model)
    var changed = plain
    for pass in GraphPass.standard {
      var alone = plain
      pass.apply(to: &alone)
      let before = try changed.run(x).elements
      pass.apply(to: &changed)
      for (graph, expected) in [(alone, try plain.run(x).elements), (changed, before)] {
        let found = try graph.run(x)
        switch pass.bound {
        // Without products of bytes nothing becomes bytes.
        case .exact, .bytes: #expect(found.elements == expected, "\(pass)")
        case .rounding:
          // Some hundred roundings of numbers of size 10 in double precision.
          let deviation = Deviation(found, from: expected)
          #expect(deviation.size < 1e-11, "\(pass): \(deviation)")
        }
      }
    }
    #expect(isRecurrent || changed.nodes.count < plain.nodes.count)
  }

  /// Normalisations, sums and rectifiers of a residual network all become parts of its convolutions.
  @Test func aResidualNetworkBecomesProductsOnly() throws {
    let network = try Zoo.network(
      Specification(parsing: "resnet:depth=8"), input: [32, 32, 3], classes: 10)
    var graph = Graph(try Model<Float>(network, seed: 1))
    for pass in GraphPass.standard { pass.apply(to: &graph) }
    let others = graph.nodes.filter {
      if case .linear = $0.operation { false } else { true }
    }
    // The input, two padded shortcuts, the pooling before the last layer.
    #expect(others.count == 4)
    #expect(graph.nodes.count == 4 + 8)
  }

  /// What two nodes take is not joined to either.
  @Test func sharedResultsStay() throws {
    let network = Network("shared", input: [4, 4, 2]) {
      Convolution(2, size: 3, padding: 1)
      Residual { ReLU() }
      Residual { BatchNorm() }
    }
    let model = try RandomNetwork.model(network, of: Double.self, seed: 1)
    var graph = Graph(model)
    for pass in GraphPass.standard { pass.apply(to: &graph) }
    let x = Self.input(model, batch: 2, seed: 1)
    let deviation = Deviation(try graph.run(x), from: try model.forward(x).elements)
    #expect(deviation.size < 1e-12, "\(deviation)")
    #expect(graph.nodes.count == Graph(model).nodes.count)
  }

  @Test func unusedNodesAreLeftOut() {
    var graph = Graph<Float>(input: [3])
    _ = graph.append(.activation(.tanh), [0], shape: [3])
    let kept = graph.append(.activation(.sigmoid), [0], shape: [3])
    graph.output = kept
    GraphPass.removeUnused.apply(to: &graph)
    #expect(graph.nodes.count == 2)
    #expect(graph.output == 1)
  }
}

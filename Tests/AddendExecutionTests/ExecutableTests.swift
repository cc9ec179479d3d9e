import AddendCatalogue
import AddendExecution
import AddendKernels
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

struct ExecutableTests {
  private static func input(_ model: Model<Float>, batch: Int, seed: UInt64) -> Tensor<Float> {
    var random = RandomSource(seed: seed, stream: 3)
    return .normal(model.network.input.batched(batch), using: &random)
  }

  /// A handful of layers, each off by a few roundings of sums of size 10.
  @Test(arguments: 0..<16 as Range<UInt64>, [true, false])
  func anExecutableComputesWhatItsModelDoes(seed: UInt64, isExact: Bool) throws {
    let network = RandomNetwork.network(seed: seed)
    let model = try RandomNetwork.model(network, of: Float.self, seed: seed)
    let wide = try RandomNetwork.model(network, of: Double.self, seed: seed)
    for batch in [1, 3] {
      let executable = model.compiled(batch: batch, isExact: isExact)
      // Twice: what the first run leaves in memory must not matter.
      for run in 0..<2 as Range<UInt64> {
        let x = Self.input(model, batch: batch, seed: seed + 100 * run)
        let deviation = Deviation(
          try executable.run(x), from: try wide.forward(Tensor<Double>(x)).elements)
        #expect(deviation.size < 1e-4, "\(deviation)")
      }
    }
  }

  @Test(arguments: [
    ("lenet-5", "float32"), ("lenet-300-100", "float32"), ("resnet:depth=8", "float32"),
    ("lenet-300-100", "lookup:block=4"), ("lenet-5", "space:dimension=2"),
    ("mlp", "float32"),
  ])
  func networksAndMapsRun(_ name: String, _ map: String) throws {
    let shape: Shape = name.hasPrefix("resnet") ? [32, 32, 3] : [28, 28, 1]
    let network = try Zoo.network(Specification(parsing: name), input: shape, classes: 10)
    let model = try Model<Float>(network, map: Specification(parsing: map), seed: 3)
    let x = Self.input(model, batch: 2, seed: 1)
    let deviation = Deviation(
      try model.compiled(batch: 2).run(x), from: try model.forward(x).elements.map { Double($0) })
    #expect(deviation.size < 1e-4, "\(deviation)")
  }

  /// The kernels are the same, so the bits are; states start from zeros in every run, and nothing of
  /// the runs before it is left in memory.
  @Test(arguments: [1, 3, 7])
  func recurrentLayersGiveTheirModelsBits(batch: Int) throws {
    let network = Network("recurrent", input: [5, 3]) {
      LSTM(19)
      RNN(4, reversed: true)
      GRU(17, returns: .last)
    }
    let model = try RandomNetwork.model(network, of: Float.self, seed: 3)
    let executable = model.compiled(batch: batch)
    for run in [1, 2, 1] as [UInt64] {
      let x = Self.input(model, batch: batch, seed: run)
      #expect(try executable.run(x) == (try model.forward(x)))
    }
  }

  /// As above, of random networks. States are below 1, and rows that are normalised may enlarge a
  /// rounding some hundred times.
  @Test(arguments: 0..<16 as Range<UInt64>)
  func anExecutableComputesWhatItsRecurrentModelDoes(seed: UInt64) throws {
    let network = RandomNetwork.recurrentNetwork(seed: seed)
    let model = try RandomNetwork.model(network, of: Float.self, seed: seed)
    let wide = try RandomNetwork.model(network, of: Double.self, seed: seed)
    for batch in [1, 2, 6] {
      let executable = model.compiled(batch: batch)
      for run in 0..<2 as Range<UInt64> {
        let x = RandomNetwork.symbols(network, batch: batch, seed: seed + run, of: Float.self)
        let deviation = Deviation(
          try executable.run(x), from: try wide.forward(Tensor<Double>(x)).elements)
        #expect(deviation.size < 1e-4, "\(deviation)")
      }
    }
  }

  @Test func strangeSymbolsAreRefused() throws {
    let network = Network("symbols", input: [3]) { Embedding(2, vocabulary: 5) }
    let model = try Model<Float>(network, seed: 3)
    let executable = model.compiled(batch: 2)
    let x = Tensor<Float>([2, 3], [0, 1, 2, 3, 4, 0])
    for stray in [5, -1, 0.5, .nan] as [Float] {
      var strange = x
      strange[1, 1] = stray
      let refusal = NetworkError.pass(
        layer: "embedding1",
        .invalidValue(
          operation: "embedding", argument: "a symbol", expected: "a whole number from 0 to 4",
          found: "\(Double(stray))"))
      #expect(throws: refusal) { try executable.run(strange) }
      #expect(try executable.run(x) == (try model.forward(x)))
    }
  }

  /// A network that does nothing gives back its input.
  @Test func aNetworkMayHaveNoWork() throws {
    let network = Network("nothing", input: [2, 3]) {
      Dropout(0.5)
      Flatten()
    }
    let model = try Model<Float>(network, seed: 3)
    let x = Self.input(model, batch: 2, seed: 1)
    #expect(try model.compiled(batch: 2).run(x) == x.reshaped([2, 6]))
  }

  @Test func batchesOfAnotherSizeAreRefused() throws {
    let network = Network("small", input: [3]) { Dense(2) }
    let executable = try Model<Float>(network, seed: 3).compiled(batch: 2)
    #expect(throws: NetworkError.self) { try executable.run(Tensor([3, 3])) }
    #expect(throws: NetworkError.self) { try executable.run(Tensor([2, 4])) }
  }

  /// The same bits on one, two and three threads, given the same kernels.
  @Test(arguments: [("resnet:depth=8", 4), ("lstm-lm:hidden=210", 1), ("lstm-lm:hidden=40", 9)])
  func resultsDoNotDependOnTheThreadCount(_ name: String, batch: Int) throws {
    let isImage = name.hasPrefix("resnet")
    let network = try Zoo.network(
      Specification(parsing: name), input: isImage ? [32, 32, 3] : [4],
      classes: isImage ? 10 : 11)
    let model = try Model<Float>(network, seed: 3)
    let x =
      isImage
      ? Self.input(model, batch: batch, seed: 1)
      : RandomNetwork.symbols(network, batch: batch, seed: 1, of: Float.self)
    let choices = KernelChoices()
    let results = try [1, 2, 3].map { threads in
      try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        try model.compiled(batch: batch, choices: choices).run(x).elements.map(\.bitPattern)
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// Results that do not live at the same time share memory.
  @Test func memoryIsShared() throws {
    let network = try Zoo.network(
      Specification(parsing: "resnet:depth=20"), input: [32, 32, 3], classes: 10)
    let executable = try Model<Float>(network, seed: 3).compiled(batch: 1)
    #expect(executable.memory.planned < executable.memory.unshared / 3)
    // Two results of 32×32×16 live at once in the first stage.
    #expect(executable.memory.planned >= 2 * 4 * 32 * 32 * 16)
  }
}

import AddendArchives
import AddendCatalogue
import AddendCompression
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

/// Folding changes the graph and not what it computes.
struct BatchNormFoldingTests {
  /// A network of random layers around normalisations that fold and such that do not.
  static func network(seed: UInt64) -> Network {
    var random = RandomSource(seed: seed)
    func chance() -> Bool { Bool.random(using: &random) }
    let channels = 2 * Int.random(in: 1...3, using: &random)
    return Network("random", input: [6, 6, 2]) {
      if chance() { BatchNorm() }
      Convolution(channels, size: 3, groups: chance() ? 2 : 1, bias: chance())
      BatchNorm()
      if chance() { ReLU() }
      Residual(shortcut: .projected) {
        Convolution(channels + 2, size: 3, padding: 1, bias: chance())
        BatchNorm(epsilon: 1e-3)
        ReLU()
        if chance() { BatchNorm() }
      }
      Branch(chance() ? .sum : .concatenation) {
        Sequential {
          Convolution(4, size: 1)
          BatchNorm()
        }
        Sequential {
          Convolution(4, size: 3, padding: .same)
          BatchNorm()
          if chance() { BatchNorm() }
        }
      }
      Flatten()
      Dense(7, bias: chance())
      BatchNorm()
      Highway {
        Dense(7)
        BatchNorm()
      }
      Tanh()
      Dense(3)
    }
  }

  /// A model of the network whose whole state is random, running moments included.
  static func model<Scalar: TensorScalar>(
    _ network: Network, map: Specification = Specification("float32"), of scalar: Scalar.Type,
    seed: UInt64
  ) throws -> Model<Scalar> {
    var model = try Model<Scalar>(network, map: map, seed: seed)
    var random = RandomSource(seed: seed, stream: 9)
    var tour = StateTour<Scalar> { path, tensor in
      guard !path.hasSuffix("weight") else { return }
      let isVariance = path.hasSuffix("variance")
      tensor = Tensor(tensor.shape) { span in
        for i in span.indices {
          let number = 0.5 * random.normal()
          span[i] = Scalar(isVariance ? 0.5 + number * number : number)
        }
      }
    }
    model.visit(&tour)
    return model
  }

  private func normalizations(_ network: Network) -> Int {
    network.json.text().split(separator: "\"batch-norm\"").count - 1
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func resultsStayTheSame(seed: UInt64) throws {
    let network = Self.network(seed: seed)
    var random = RandomSource(seed: seed, stream: 3)
    let x = Tensor<Double>.normal([4, 6, 6, 2], using: &random)
    let wide = try Self.model(network, of: Double.self, seed: seed)
    let folded = try BatchNormFolding().transformed(wide, calibration: nil)
    let expected = try wide.forward(x).elements
    let exact = Deviation(try folded.forward(x), from: expected)
    #expect(exact.size < 1e-11, "\(exact)")
    // A handful of layers, each off by a few roundings of sums of size 10.
    let narrow = try BatchNormFolding().transformed(
      Self.model(network, of: Float.self, seed: seed), calibration: nil)
    let rounded = Deviation(try narrow.forward(Tensor<Float>(x)), from: expected)
    #expect(rounded.size < 1e-4, "\(rounded)")

    #expect(normalizations(folded.network) <= normalizations(network) - 5)
    #expect(folded.cost.multiplications < wide.cost.multiplications)
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func foldedModelsAreBuiltAgainFromTheirArchive(seed: UInt64) throws {
    let model = try BatchNormFolding().transformed(
      Self.model(Self.network(seed: seed), of: Float.self, seed: seed), calibration: nil)
    var random = RandomSource(seed: seed, stream: 3)
    let x = Tensor<Float>.normal([4, 6, 6, 2], using: &random)
    try withTemporaryDirectory { directory in
      let path = "\(directory)/folded.addend"
      try ModelArchive(model).save(to: path)
      let loaded = try ModelArchive<Float>(contentsOf: path).model
      #expect(loaded.network == model.network)
      #expect(
        try loaded.forward(x).elements.map(\.bitPattern)
          == model.forward(x).elements.map(\.bitPattern))
    }
  }

  @Test func mapsThatCannotScaleTheirOutputsKeepTheirNormalization() throws {
    let network = Network("mixed", input: [4]) {
      Dense(6, map: Specification("space"))
      BatchNorm()
      Dense(3)
      BatchNorm()
    }
    let model = try Self.model(network, of: Float.self, seed: 1)
    let folded = try BatchNormFolding().transformed(model, calibration: nil)
    #expect(folded.network.layers.map(\.name) == ["dense", "batch-norm", "dense"])
    #expect(folded.layers.nodes.map(\.name) == ["dense1", "batch-norm1", "dense2"])
  }
}

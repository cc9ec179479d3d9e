import AddendCatalogue
import AddendExecution
import AddendKernels
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

/// Networks whose maps are int8.
struct KeepBytesTests {
  /// A frozen int8 network whose ranges are those of normal numbers.
  private static func model(_ network: Network) throws -> Model<Float> {
    var model = try Model<Float>(network, map: Specification("int8"), seed: 3)
    var context = PassContext<Float>()
    _ = try model.trainingForward(input(model, batch: 16, seed: 5), &context)
    return model.frozen()
  }

  private static func input(_ model: Model<Float>, batch: Int, seed: UInt64) -> Tensor<Float> {
    var random = RandomSource(seed: seed, stream: 3)
    return .normal(model.network.input.batched(batch), using: &random)
  }

  private static let networks: [Network] = [
    Network("residual", input: [9, 9, 3]) {
      Convolution(8, size: 3, padding: 1)
      ReLU()
      Residual {
        Convolution(8, size: 3, padding: 1)
        ReLU()
        Convolution(8, size: 3, padding: 1)
      }
      ReLU()
      MaxPool(2)
      Convolution(5, size: 2, stride: 2, padding: 1)
      Flatten()
      Dense(7)
      ReLU()
      Dense(3)
    },
    // Groups stay whole, and a dilated filter takes patches.
    Network("mixed", input: [8, 8, 4]) {
      Convolution(6, size: 3, padding: 1, groups: 2)
      Convolution(6, size: 3, padding: 2, dilation: 2)
      Tanh()
      Convolution(8, size: 1)
      ReLU()
      Branch(.sum) {
        Sequential { Convolution(4, size: 1) }
        Sequential { Convolution(4, size: 3, padding: .same) }
      }
      Flatten()
      Dense(3, map: Specification("float32"))
    },
  ]

  /// The graph is the definition: to the bit, on batches of any size.
  @Test(arguments: networks.indices, [1, 3])
  func executablesComputeWhatTheirGraphsSay(_ index: Int, batch: Int) throws {
    let model = try Self.model(Self.networks[index])
    var graph = Graph(model)
    for pass in GraphPass.standard { pass.apply(to: &graph) }
    #expect(graph.nodes.contains { $0.bytes != nil })
    let executable = model.compiled(batch: batch, isExact: true)
    for seed in 1...2 as ClosedRange<UInt64> {
      let x = Self.input(model, batch: batch, seed: seed)
      let expected = try graph.run(x)
      if index == 0 {
        #expect(try executable.run(x) == expected)
      } else {
        // The last layer's float32 sums may run in another order.
        let deviation = Deviation(
          try executable.run(x), from: expected.elements.map { Double($0) })
        #expect(deviation.size < 1e-5, "\(deviation)")
      }
    }
  }

  /// Where no sum takes a result, only float32's rounding differs from the model's layers: a byte
  /// may land on the other side of a half, which is rare; most results are the same but for
  /// rounding.
  @Test func withoutSumsResultsAreTheModels() throws {
    let model = try Self.model(
      Network("chain", input: [12]) {
        Dense(40)
        ReLU()
        Dense(30)
        ReLU()
        Dense(5)
      })
    let x = Self.input(model, batch: 64, seed: 9)
    let (a, b) = (try model.compiled(batch: 64).run(x), try model.forward(x))
    let size = b.elements.map(\.magnitude).max() ?? 0
    let far = zip(a.elements, b.elements).count { ($0 - $1).magnitude > 1e-5 * size }
    #expect(far < 32, "\(far) of 320")
    #expect(zip(a.elements, b.elements).allSatisfy { ($0 - $1).magnitude < 0.02 * size })
  }

  /// From the input, which becomes bytes, to the last result, which is numbers, all is bytes.
  @Test func aResidualNetworkKeepsItsBytes() throws {
    var graph = Graph(try Self.model(Self.networks[0]))
    for pass in GraphPass.standard { pass.apply(to: &graph) }
    var conversions = (toBytes: 0, toNumbers: 0)
    for node in graph.nodes {
      switch node.operation {
      case .quantize: conversions.toBytes += 1
      case .dequantize: conversions.toNumbers += 1
      default: break
      }
    }
    #expect(conversions == (1, 0))
    #expect(graph.nodes[graph.output].bytes == nil)
  }

  @Test func memoryIsAQuarter() throws {
    func network(_ map: String) throws -> Model<Float> {
      let network = Network("chain", input: [32, 32, 16]) {
        Convolution(16, size: 3, padding: 1)
        ReLU()
        Convolution(16, size: 3, padding: 1)
        ReLU()
        Convolution(1, size: 3, padding: 1)
      }
      return try Model<Float>(network, map: Specification(map), seed: 3).frozen()
    }
    let (exact, bytes) = try (
      network("float32").compiled(batch: 4, isExact: true).memory.planned,
      network("int8").compiled(batch: 4).memory.planned
    )
    #expect(Double(bytes) < 0.75 * Double(exact))
  }
}

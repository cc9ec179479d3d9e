internal import AddendExecution
internal import AddendKernels
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// A network in int8 beside the same in float32, both compiled, and beside oneDNN's convolutions of
/// the same extents in both formats.
///
/// oneDNN's network is its dense layers and convolutions one after another, each with its bias, its
/// sum and its rectifier joined: in float32 on layouts that it chooses for each, in int8 from bytes
/// to bytes. What lies between them (pooling, other layouts) it is spared.
public struct Int8NetworkBenchmark: Sendable {
  /// Frozen int8.
  public let model: Model<Float>
  public let exact: Model<Float>
  public let batch: Int

  public init(_ model: Model<Float>, exact: Model<Float>, batch: Int) {
    precondition(batch > 0, "a batch has examples")
    self.model = model
    self.exact = exact
    self.batch = batch
  }

  public var name: String { "int8-network-\(model.network.name)-batch\(batch)" }

  /// - Throws: `NetworkError` for inputs that no random numbers can stand for.
  public func run(_ setting: BenchmarkSetting) throws -> BenchmarkCase {
    let input = Tensor.examples(of: model.network, count: batch, seed: 1)
    let executable = model.compiled(batch: batch)
    let wide = exact.compiled(batch: batch)
    let (result, reference) = (try executable.run(input), try wide.run(input))
    var candidates: [Interleaved.Candidate] = [
      .init("int8") { _ = try? executable.run(input) },
      .init("float32, ours") { _ = try? wide.run(input) },
    ]
    for (name, int8) in [("oneDNN, float32", false), ("oneDNN, int8", true)] {
      guard let chain = rivals(int8: int8) else { continue }
      candidates.append(.init(name) { for operation in chain { operation.run() } })
    }
    let timings = setting.timing.timings(candidates)
    let seconds = timings.map { $0.seconds(setting.statistic) }
    var measured = BenchmarkCase(
      name: name, shape: "\(model.network.name), batch \(batch), int8", ours: seconds[0],
      baselines: zip(candidates, seconds).dropFirst().map { ($0.0.name, $0.1) })
    measured.spread = timings[0].spread
    measured.work = Work(
      multiplyAdds: Double(batch) * Double(exact.cost.multiplications),
      bytes: 4 * Double(batch * (model.network.input.count + model.output.count)))
    measured.figures = [
      ("examplesPerSecond", Double(batch) / seconds[0]),
      ("relativeDifference", Self.difference(result, from: reference)),
      ("bytesOfResults", Double(executable.memory.planned)),
      ("float32BytesOfResults", Double(wide.memory.planned)),
    ]
    measured.measure(against: setting.limits)
    return measured
  }

  /// `√(Σ (x − y)² / Σ y²)`.
  private static func difference(_ x: Tensor<Float>, from y: Tensor<Float>) -> Double {
    let (a, b) = (x.elements, y.elements)
    let distance = zip(a, b).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    return (distance / max(b.reduce(0.0) { $0 + Double($1 * $1) }, 1e-300)).squareRoot()
  }

  /// oneDNN's layers; `nil` where it is not there or lacks one.
  private func rivals(int8: Bool) -> [RivalOperation]? {
    var graph = Graph(exact)
    for pass in GraphPass.standard { pass.apply(to: &graph) }
    var random = RandomSource(seed: 2)
    var chain: [RivalOperation] = []
    for node in graph.nodes {
      guard case .linear(let linear) = node.operation else { continue }
      guard let operation = rival(linear, graph.nodes[node.inputs[0]].shape, int8: int8) else {
        return nil
      }
      for operand in 0..<4 {
        let limit = operand == 1 ? -127...127 : 0...127
        let count = operation.count(of: operand)
        let numbers = Tensor<Float>.whole([count], limit, &random)
        operation.set(operand, numbers.span)
      }
      chain.append(operation)
    }
    return chain
  }

  private func rival(
    _ linear: LinearOperation<Float>, _ input: Shape, int8: Bool
  ) -> RivalOperation? {
    guard linear.weights.count == 1 else { return nil }
    var geometry: ConvolutionGeometry
    if let own = linear.geometry {
      geometry = own
      geometry.batch = batch
    } else {
      let inputs = linear.weights[0].shape[0]
      geometry = ConvolutionGeometry(
        batch: batch * input.count / max(1, inputs), height: 1, width: 1, channels: inputs,
        filterHeight: 1, filterWidth: 1)
    }
    return .layer(
      int8: int8, adds: linear.addsInput, rectifies: linear.rectifies,
      threads: ThreadPool.current.threadCount, geometry, outputs: linear.outputs)
  }
}

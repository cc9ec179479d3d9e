internal import AddendCatalogue
internal import AddendData
internal import AddendExecution
internal import AddendKernels
internal import AddendLinear
public import AddendNetworks
public import AddendTensors
internal import AddendTraining

/// A whole network: examples a second in inference and in training, and where the time goes.
public struct ModelBenchmark: Sendable {
  /// What is done with a batch.
  public enum Pass: String, CaseIterable, Sendable {
    case inference
    /// Forward, loss, backward and an optimizer's update.
    case training
  }

  public let model: Model<Float>
  public let batch: Int
  public let pass: Pass

  /// - Parameter model: for training, one that is not frozen.
  public init(_ model: Model<Float>, batch: Int, _ pass: Pass) {
    precondition(batch > 0, "a batch has examples")
    self.model = model
    self.batch = batch
    self.pass = pass
  }

  public var name: String { "network-\(model.network.name)-\(pass.rawValue)-batch\(batch)" }

  /// - Throws: `NetworkError` for inputs that no random numbers can stand for, `TrainingError` where a
  ///   step cannot be taken.
  public func run(_ setting: BenchmarkSetting) throws -> BenchmarkCase {
    let input = Tensor.examples(of: model.network, count: batch, seed: 1)
    switch pass {
    case .inference: return try inference(input, setting)
    case .training: return try training(input, setting)
    }
  }

  /// A way to run a model on batches of one size: `prepare` compiles it, or whatever it takes, untimed.
  private struct Way: Sendable {
    let name: String
    let prepare: @Sendable (Model<Float>, _ batch: Int) -> (Tensor<Float>) throws -> Tensor<Float>
  }

  /// Ours. A new way to run a model is a line more.
  private static let ways = [
    Way(name: "layers") { model, _ in { try model.forward($0) } },
    Way(name: "compiled") { model, batch in
      let executable = model.compiled(batch: batch)
      return { try executable.run($0) }
    },
  ]

  private func inference(_ input: Tensor<Float>, _ setting: BenchmarkSetting) throws
    -> BenchmarkCase
  {
    var candidates: [Interleaved.Candidate] = []
    let expected = try model.forward(input)
    var differences: [(name: String, value: Double)] = []
    for way in Self.ways {
      let run = way.prepare(model, batch)
      // What is refused is refused here.
      let difference = try run(input).largestDifference(from: expected)
      differences.append(("largestDifference-\(way.name)", difference))
      candidates.append(.init(way.name) { _ = try? run(input) })
    }
    let layers = try layerCandidates(input)
    let timings = setting.timing.timings(candidates + layers)
    let cold = setting.evict.map { setting.timing.coldTimings(candidates, evict: $0) }
    let own = zip(candidates, timings).map { ($0.0.name, $0.1.seconds(setting.statistic)) }
    let best = timings.prefix(candidates.count).min {
      $0.seconds(setting.statistic) < $1.seconds(setting.statistic)
    }
    guard let best else { preconditionFailure("a model has a way to run") }
    var result = result(seconds: best, setting)
    result.candidates = own
    result.figures += differences
    result.parts = zip(layers, timings.dropFirst(candidates.count)).map {
      ($0.0.name, $0.1.seconds(setting.statistic))
    }
    result.cold = cold.flatMap { $0.map { $0.seconds(setting.statistic) }.min() }.map { ($0, []) }
    return result
  }

  /// Each layer on what the layers before it make of the input.
  private func layerCandidates(_ input: Tensor<Float>) throws -> [Interleaved.Candidate] {
    var context = PassContext<Float>()
    var x = input
    return try model.layers.nodes.map { node in
      let (layer, given) = (node.layer, x)
      x = try layer.forward(x, &context)
      return .init(node.name) {
        var context = PassContext<Float>()
        _ = try? layer.forward(given, &context)
      }
    }
  }

  private func training(_ input: Tensor<Float>, _ setting: BenchmarkSetting) throws -> BenchmarkCase
  {
    var random = RandomSource(seed: 2)
    let classes = model.output.last ?? 1
    let rows = batch * model.output.count / max(1, classes)
    let targets = (0..<rows).map { _ in Int32.random(in: 0..<Int32(max(1, classes)), using: &random)
    }
    let examples = Batch(input: input, targets: .classes(targets))
    // A rate of nearly nothing: thousands of steps on one batch must not run off into infinities,
    // whose arithmetic takes another time.
    var trainer = Trainer(
      model, plan: TrainingPlan(epochs: 1, batchSize: batch, learningRate: 1e-9))
    _ = try trainer.step(examples, stepsPerEpoch: 1)
    let step = Interleaved.Candidate("step") {
      _ = try? trainer.step(examples, stepsPerEpoch: 1)
    }
    let timing = setting.timing.timings([step])[0]
    var result = result(seconds: timing, setting)
    result.cold = setting.evict.map {
      (setting.timing.coldTimings([step], evict: $0)[0].seconds(setting.statistic), [])
    }
    return result
  }

  private func result(
    seconds timing: Timing, _ setting: BenchmarkSetting
  ) -> BenchmarkCase {
    var result = BenchmarkCase(
      name: name, shape: "\(model.network.name), batch \(batch), \(pass.rawValue)",
      ours: timing.seconds(setting.statistic))
    result.spread = timing.spread
    let cost = model.cost
    let multiplyAdds = Double(batch) * multiplicationsPerExample
    result.figures = [
      ("examplesPerSecond", Double(batch) / timing.seconds(setting.statistic)),
      ("multiplicationsPerExample", Double(cost.multiplications)),
      ("threads", Double(setting.limits.threads)),
    ]
    var counter = ParameterCount()
    var copy = model
    copy.visit(&counter)
    let parameters = Double(counter.numbers)
    let numbers = Double(batch * (model.network.input.count + model.output.count))
    result.work = Work(
      multiplyAdds: multiplyAdds,
      bytes: 4 * Double(pass == .training ? 3 : 1) * (parameters + numbers))
    result.measure(against: setting.limits)
    return result
  }

  /// Forward once; going back takes two products for each, but one where nobody wants the gradient
  /// towards the input: in the first layer that has parameters.
  private var multiplicationsPerExample: Double {
    let all = Double(model.cost.multiplications)
    guard pass == .training else { return all }
    let costs = (try? model.layers.costs(for: model.network.input)) ?? []
    let first = costs.first { $0.node.layer.hasParameters }?.cost.multiplications ?? 0
    return 3 * all - Double(first)
  }
}

extension Tensor where Scalar == Float {
  /// Random inputs for `network`: symbols of its vocabulary, or numbers.
  public static func examples(of network: Network, count: Int, seed: UInt64) -> Tensor {
    var random = RandomSource(seed: seed)
    let shape = network.input.batched(count)
    guard let first = network.layers.first, first.name == "embedding",
      case .integer(let vocabulary) = first.arguments["vocabulary"]
    else { return .uniform(shape, &random) }
    return Tensor(shape) { span in
      for i in span.indices { span[i] = Float(Int.random(in: 0..<vocabulary, using: &random)) }
    }
  }

  /// `max|x − other|` over `max|other|`.
  fileprivate func largestDifference(from other: Tensor) -> Double {
    precondition(shape == other.shape, "results of one model")
    let (x, y) = (span, other.span)
    let scale = y.indices.reduce(Float.leastNormalMagnitude) { max($0, y[$1].magnitude) }
    return Double(x.indices.reduce(Float(0)) { max($0, (x[$1] - y[$1]).magnitude) } / scale)
  }
}

/// How many numbers a model's parameters are.
private struct ParameterCount: StateVisitor {
  private(set) var numbers = 0

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {
    numbers += parameter.value.count
  }
}

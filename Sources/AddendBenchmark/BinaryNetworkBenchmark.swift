internal import AddendExecution
internal import AddendKernels
public import AddendNetworks
public import AddendTensors

/// A binary network as a program on bits, pixels in and numbers out, beside a float32 network of the same
/// widths as it is compiled, floats in.
public struct BinaryNetworkBenchmark: Sendable {
  public let name: String
  public let batch: Int
  private let model: Model<Float>
  private let twin: Model<Float>

  /// - Parameters:
  ///   - model: a frozen binary network.
  ///   - twin: what takes as much input in float32.
  public init(_ model: Model<Float>, twin: Model<Float>, batch: Int) {
    precondition(batch > 0, "a batch has examples")
    precondition(model.network.input == twin.network.input, "twins take the same input")
    let name = model.network.name
    self.name = (name.hasPrefix("binary-") ? name : "binary-\(name)") + "-batch\(batch)"
    self.model = model
    self.twin = twin
    self.batch = batch
  }

  /// - Throws: `ProgramError` where the model is no program on bits, `BenchmarkError` where the program's
  ///   numbers are not the model's.
  public func run(_ setting: BenchmarkSetting) throws -> BenchmarkCase {
    let program = try BinaryProgram(model)
    let input = model.network.input
    var random = RandomSource(seed: 1)
    let pixels = (0..<batch * input.count).map { _ in UInt8.random(in: 0...255, using: &random) }
    let floats = Tensor<Float>(input.batched(batch), pixels.map { Float($0) / 255 })
    var numbers = program.numbers(pixels)
    let expected = try model.forward(floats).elements
    if let i = numbers.indices.first(where: { numbers[$0] != expected[$0] }) {
      throw BenchmarkError.wrongResult(
        case: name, way: "BinaryProgram", index: i, found: numbers[i],
        expected: Double(expected[i]), bound: 0)
    }
    let executable = twin.compiled(batch: batch)
    var results = try executable.run(floats)
    let timings = setting.timing.timings([
      .init("BinaryProgram") {
        var span = numbers.mutableSpan
        program.run(pixels.span, into: &span)
      },
      .init("float32, compiled") {
        var span = results.mutableSpan
        try? executable.run(floats.span, into: &span)
      },
    ]).map { ($0.seconds(setting.statistic), $0.spread) }
    var result = BenchmarkCase(
      name: name, shape: "\(model.network.name), batch \(batch)", ours: timings[0].0,
      baselines: [("float32, compiled", timings[1].0)])
    result.spread = timings[0].1
    result.baselineSpreads = ["float32, compiled": timings[1].1]
    result.work = Work(
      multiplyAdds: Double(batch) * Double(program.products),
      bytes: Double(program.byteCount + pixels.count + 4 * numbers.count))
    result.measure(against: setting.limits)
    result.figures = [
      ("examplesPerSecond", Double(batch) / timings[0].0),
      ("bytesOfWeights", Double(program.byteCount)), ("threads", Double(setting.limits.threads)),
    ]
    return result
  }
}

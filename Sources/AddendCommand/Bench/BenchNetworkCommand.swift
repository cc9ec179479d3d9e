internal import Addend
internal import ArgumentParser

/// `addend bench network`: whole networks.
struct BenchNetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network",
    abstract: "Measure whole networks: examples a second, layer by layer, against the peak.",
    discussion: """
      Networks of the zoo get random weights, inputs and targets; .addend files run as they are, and \
      are not trained. Going back counts twice what going forward does.
      """)

  @Argument(
    help: "Networks as in resnet:depth=20, or .addend files. (default: four networks of the zoo)")
  var networks: [String] = []

  @Option(help: "Examples in a batch; may be given more than once. (default: 1, 64)")
  var batch: [Int] = []

  @Option(help: "What is done: inference, training, all.")
  var pass = "all"

  @Option(
    help: ArgumentHelp("One example's shape, for networks of the zoo.", valueName: "HxWxC"))
  var input: String?

  @Option(help: "Classes, for networks of the zoo.")
  var classes: Int?

  @Option(
    help: ArgumentHelp(
      """
      What networks compute in: float32, int8 (inference, beside float32 and oneDNN's convolutions in \
      both), binary (inference of the binary perceptron on bits, beside its float32 twin).
      """, valueName: "FORMAT"))
  var format: Format = .float32

  enum Format: String, ExpressibleByArgument, CaseIterable { case float32, int8, binary }

  @OptionGroup var options: BenchOptions

  mutating func validate() throws {
    if let batch = batch.first(where: { !(1...4096 ~= $0) }) {
      throw ValidationError("--batch is \(batch), expected 1 to 4096.")
    }
    if let classes, !(1...1_000_000 ~= classes) {
      throw ValidationError("--classes is \(classes), expected 1 to 1000000.")
    }
    _ = try (passes(), inputShape())
    if format != .float32, pass == "training" {
      throw ValidationError("--format \(format.rawValue) measures inference, not training.")
    }
    if format == .binary, !networks.isEmpty || input != nil || classes != nil {
      throw ValidationError(
        "--format binary measures the binary perceptron of MNIST: no networks, --input or --classes."
      )
    }
  }

  func run() throws {
    switch format {
    case .float32: try runFloat()
    case .int8: try runInt8()
    case .binary: try runBinary()
    }
  }

  private func runFloat() throws {
    let passes = try passes()
    let names =
      networks.isEmpty
      ? ["lenet-300-100", "lenet-5", "resnet:depth=20", "lstm-lm:hidden=200,layers=2"] : networks
    var benchmarks: [ModelBenchmark] = []
    for name in names {
      let (model, isStored) = try model(name)
      for pass in passes where !(isStored && pass == .training) {
        // Steps on one example at a time train nothing that anyone would wait for.
        let batches = batch.isEmpty ? (pass == .inference ? [1, 64] : [64]) : batch
        benchmarks += batches.map { ModelBenchmark(model, batch: $0, pass) }
      }
    }
    guard !benchmarks.isEmpty else {
      throw Failure(.usage, "files are not trained; give --pass inference, or a network of the zoo")
    }
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    var report = BenchReport(
      command: "network", options: options, results: results, limits: limits)
    report.series = { $0.shape.hasSuffix("training") ? "training" : "inference" }
    try report.write()
    reportExamples(results)
  }

  /// Networks with random weights in int8, their ranges from random inputs: speed depends on neither.
  private func runInt8() throws {
    var benchmarks: [Int8NetworkBenchmark] = []
    for name in networks.isEmpty ? ["lenet-300-100", "lenet-5", "resnet:depth=20"] : networks {
      let exact = try BatchNormFolding().transformed(model(name).model, calibration: nil)
      let noise = try TensorDataset(
        name: "noise", path: "noise",
        inputs: .examples(of: exact.network, count: 64, seed: options.common.seed),
        targets: .classes([Int32](repeating: 0, count: 64)), classNames: ["noise"])
      let model = try Int8Quantization(examples: 64).transformed(exact, calibration: noise).frozen()
      benchmarks += (batch.isEmpty ? [1, 64] : batch).map {
        Int8NetworkBenchmark(model, exact: exact, batch: $0)
      }
    }
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    var report = BenchReport(
      command: "network", options: options, results: results, limits: limits,
      rivals: ["float32, ours", "oneDNN, float32", "oneDNN, int8"])
    report.series = { _ in "int8" }
    try report.write()
  }

  /// Examples a second, and the layers that take the time.
  private func reportExamples(_ results: [BenchmarkCase]) {
    var table = TextTable(columns: [
      .init("network", alignment: .leading), .init("examples", unit: "a second"),
      .init("slowest layers", unit: "share of all layers' time", alignment: .leading),
    ])
    for result in results {
      let rate = result.figures.first { $0.name == "examplesPerSecond" }?.value ?? 0
      let all = result.parts.reduce(0) { $0 + $1.seconds }
      let slowest = result.parts.sorted { $0.seconds > $1.seconds }.prefix(4).map {
        "\($0.name) \(QuantityUnit.fraction.text($0.seconds / all))"
      }
      table.append([
        result.shape, QuantityUnit.count.text(rate), slowest.joined(separator: ", "),
      ])
    }
    options.common.say("\n\(table)")
  }

  private func passes() throws -> [ModelBenchmark.Pass] {
    if pass == "all" { return ModelBenchmark.Pass.allCases }
    guard let one = ModelBenchmark.Pass(rawValue: pass) else {
      throw ValidationError("--pass is '\(pass)', expected inference, training or all.")
    }
    return [one]
  }

  private func inputShape() throws -> Shape? {
    guard let input else { return nil }
    let extents = input.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard 1...3 ~= extents.count, extents.allSatisfy({ 1...65_536 ~= $0 }) else {
      throw ValidationError("--input is '\(input)', expected extents like 32x32x3.")
    }
    return Shape(extents)
  }

  /// The network that the command line calls `name`, and whether it is a file's.
  private func model(_ name: String) throws -> (model: Model<Float>, isStored: Bool) {
    if name.hasSuffix(".addend") { return (try StoredModel(contentsOf: name).model, true) }
    let specification = try Specification.parse(name)
    let (shape, count): (Shape, Int) =
      switch specification.name {
      case "lenet-300-100", "lenet-5", "mlp": ([28, 28, 1], 10)
      // A vocabulary and a length as for running text.
      case "lstm-lm": ([20], 10_000)
      default: ([32, 32, 3], 10)
      }
    let network = try Zoo.network(
      specification, input: try inputShape() ?? shape, classes: classes ?? count)
    return (try Model<Float>(network, seed: options.common.seed), false)
  }
}

internal import Addend
internal import ArgumentParser

/// `addend bench convolution`: convolutions of networks for images.
struct BenchConvolutionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convolution",
    abstract: "Measure float32 convolutions beside oneDNN's algorithms.",
    discussion: """
      The 20 distinct convolutions of ResNet-50, and those of ResNet-20 and LeNet-5. oneDNN's images \
      and filters are in layouts of its choice, rearranged untimed, but where it says 'channels last'. \
      A multiply-add counts as the definition counts it: Winograd's algorithm may exceed the peak.
      """)

  @Option(help: "Images in a batch; may be given more than once. (default: 1)")
  var batch: [Int] = []

  @Option(help: "What is computed: forward, input-gradient, filter-gradient, all.")
  var pass = "forward"

  @OptionGroup var options: BenchOptions

  mutating func validate() throws {
    if let batch = batch.first(where: { !(1...1024 ~= $0) }) {
      throw ValidationError("--batch is \(batch), expected 1 to 1024.")
    }
    _ = try passes()
  }

  func run() throws {
    let passes = try passes()
    let benchmarks = (batch.isEmpty ? [1] : batch).flatMap { batch in
      passes.flatMap { pass in
        ConvolutionBenchmark.standard.map { ConvolutionBenchmark($0, batch: batch, pass) }
      }
    }
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    var report = BenchReport(
      command: "convolution", options: options, results: results, limits: limits,
      rivals: [ConvolutionBenchmark.defaultRival, ConvolutionBenchmark.directRival])
    report.means = passes.flatMap { pass in
      let measured = results.compactMap { result in
        benchmarks.first { $0.name == result.name && $0.pass == pass }.map { ($0.layer, result) }
      }
      let resNet = measured.filter { $0.0.network == "resnet50" }
      let square = resNet.filter { $0.0.isWinogradable }
      return [
        ("all", measured), ("ResNet-50", resNet), ("ResNet-50's 3×3 with stride 1", square),
      ].flatMap { name, group in Self.means("\(name), \(pass.name)", group.map(\.1)) }
    }
    report.series = { result in
      benchmarks.first { $0.name == result.name }?.pass.name ?? "convolutions"
    }
    try report.write()
  }

  private static func means(_ cases: String, _ results: [BenchmarkCase]) -> [GeometricMean] {
    [ConvolutionBenchmark.defaultRival, ConvolutionBenchmark.directRival].compactMap { rival in
      GeometricMean(cases, against: rival, of: results.compactMap { $0.ratio(to: rival) })
    }
      + [GeometricMean(cases, against: "oneDNN's best", of: results.compactMap(\.ratio))]
      .compactMap(\.self)
  }

  private func passes() throws -> [ConvolutionBenchmark.Pass] {
    if pass == "all" { return ConvolutionBenchmark.Pass.allCases }
    guard let one = ConvolutionBenchmark.Pass.allCases.first(where: { $0.name == pass }) else {
      throw ValidationError(
        "--pass is '\(pass)', expected forward, input-gradient, filter-gradient or all.")
    }
    return [one]
  }
}

internal import Addend
internal import ArgumentParser

/// `addend bench gemm`: products of matrices.
struct BenchGEMMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gemm",
    abstract: "Measure float32 matrix products beside OpenBLAS's and oneDNN's.",
    discussion: """
      Cubes and products of small networks. 'packed' means that the library has laid out the second \
      matrix beforehand, untimed. Every result of ours is checked before it is timed.
      """)

  @Option(help: ArgumentHelp("Measure this product instead.", valueName: "MxNxK"))
  var shape: [String] = []

  @OptionGroup var options: BenchOptions

  mutating func validate() throws { _ = try benchmarks() }

  func run() throws {
    let benchmarks = try benchmarks()
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    let small = results.filter { result in
      benchmarks.contains { $0.name == result.name && max($0.m, $0.n, $0.k) <= 64 }
    }
    var report = BenchReport(
      command: "gemm", options: options, results: results, limits: limits,
      rivals: ["OpenBLAS", "oneDNN sgemm", "oneDNN matmul"])
    report.means = Self.means("all", results) + Self.means("up to 64 a side", small)
    report.series = { result in
      benchmarks.first { $0.name == result.name }?.origin == "cube" ? "cubes" : "other products"
    }
    try report.write()
  }

  private static func means(_ cases: String, _ results: [BenchmarkCase]) -> [GeometricMean] {
    ["OpenBLAS", "oneDNN matmul"].compactMap { rival in
      GeometricMean(cases, against: rival, of: results.compactMap { $0.ratio(to: rival) })
    }
  }

  private func benchmarks() throws -> [GEMMBenchmark] {
    guard !shape.isEmpty else { return GEMMBenchmark.standard }
    return try shape.map { text in
      let extents = text.split(separator: "x", omittingEmptySubsequences: false).map {
        Int($0) ?? 0
      }
      guard extents.count == 3, extents.allSatisfy({ 1...16384 ~= $0 }) else {
        throw ValidationError("--shape is '\(text)', expected three extents like 64x512x128.")
      }
      return GEMMBenchmark(m: extents[0], n: extents[1], k: extents[2], origin: "asked for")
    }
  }
}

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
      return Self.means("all, \(pass.name)", measured.map(\.1))
        + Self.means("ResNet-50, \(pass.name)", resNet.map(\.1))
        + Self.means(
          "ResNet-50's 3×3 with stride 1, \(pass.name)",
          resNet.filter { $0.0.isWinogradable }.map(\.1))
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

/// `addend bench recurrent`: recurrent layers through time.
struct BenchRecurrentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recurrent",
    abstract: "Measure float32 LSTM, GRU and simple recurrent layers beside oneDNN's.",
    discussion: """
      Backward means the gradients towards inputs, weights and biases. oneDNN's weights are in layouts \
      of its choice, rearranged untimed; forward it runs inference, which keeps nothing.
      """)

  @Option(help: "The layer: lstm, gru, rnn, all.")
  var cell = "all"

  @Option(help: "Inputs and units; may be given more than once. (default: 128, 256, 512, 1024)")
  var hidden: [Int] = []

  @Option(help: "Sequences in a batch.")
  var batch = 64

  @Option(help: "Steps of each sequence.")
  var steps = 20

  @Option(help: "What is computed: forward, backward, all.")
  var pass = "all"

  @OptionGroup var options: BenchOptions

  mutating func validate() throws {
    if let hidden = hidden.first(where: { !(1...8192 ~= $0) }) {
      throw ValidationError("--hidden is \(hidden), expected 1 to 8192.")
    }
    guard 1...1024 ~= batch else {
      throw ValidationError("--batch is \(batch), expected 1 to 1024.")
    }
    guard 1...1024 ~= steps else {
      throw ValidationError("--steps is \(steps), expected 1 to 1024.")
    }
    _ = try (cells(), passes())
  }

  func run() throws {
    let (cells, passes) = try (cells(), passes())
    let benchmarks = cells.flatMap { cell in
      passes.flatMap { pass in
        (hidden.isEmpty ? [128, 256, 512, 1024] : hidden).map {
          RecurrentBenchmark(cell, size: $0, batch: batch, steps: steps, pass)
        }
      }
    }
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    var report = BenchReport(
      command: "recurrent", options: options, results: results, limits: limits)
    func benchmark(_ result: BenchmarkCase) -> RecurrentBenchmark? {
      benchmarks.first { $0.name == result.name }
    }
    report.means = cells.flatMap { cell in
      passes.compactMap { pass in
        let ratios = results.filter {
          benchmark($0)?.cell == cell && benchmark($0)?.pass == pass
        }.compactMap { $0.ratio(to: "oneDNN") }
        return GeometricMean("\(cell), \(pass.rawValue)", against: "oneDNN", of: ratios)
      }
    }
    report.series = { result in
      benchmark(result).map { "\($0.cell), \($0.pass.rawValue)" } ?? "layers"
    }
    try report.write()
  }

  private func cells() throws -> [RecurrentBenchmark.Cell] {
    if cell == "all" { return RecurrentBenchmark.Cell.allCases }
    guard let one = RecurrentBenchmark.Cell.allCases.first(where: { "\($0)" == cell }) else {
      throw ValidationError("--cell is '\(cell)', expected lstm, gru, rnn or all.")
    }
    return [one]
  }

  private func passes() throws -> [RecurrentBenchmark.Pass] {
    if pass == "all" { return RecurrentBenchmark.Pass.allCases }
    guard let one = RecurrentBenchmark.Pass(rawValue: pass) else {
      throw ValidationError("--pass is '\(pass)', expected forward, backward or all.")
    }
    return [one]
  }
}

/// `addend bench tanh`: the function that recurrent layers spend their time in beside products.
struct BenchTanhCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tanh",
    abstract: "Measure the hyperbolic tangent beside the C library's and oneDNN's.")

  @Option(help: "How many numbers.")
  var count = 1 << 20

  @OptionGroup var options: BenchOptions

  mutating func validate() throws {
    guard 1...1 << 28 ~= count else {
      throw ValidationError("--count is \(count), expected 1 to \(1 << 28).")
    }
  }

  func run() throws {
    let benchmark = TanhBenchmark(count: count)
    let (results, limits) = try options.measured([
      .init(name: benchmark.name) { try benchmark.run($0) }
    ])
    try BenchReport(
      command: "tanh", options: options, results: results, limits: limits,
      rivals: ["libmvec", "oneDNN"]
    ).write()
  }
}

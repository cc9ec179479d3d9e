internal import Addend
internal import ArgumentParser

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

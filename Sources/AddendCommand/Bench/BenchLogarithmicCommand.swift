internal import Addend
internal import ArgumentParser

/// `addend bench lns`: a training step on logarithms.
struct BenchLogarithmicCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lns",
    abstract: "Measure a training step on 16-bit logarithms beside a loop over log2 and exp2.")

  @Option(help: "Images in a batch.")
  var batch = 100

  @OptionGroup var options: BenchOptions

  mutating func validate() throws {
    guard 1...4096 ~= batch else {
      throw ValidationError("--batch is \(batch), expected 1 to 4096.")
    }
  }

  func run() throws {
    let benchmarks = [0.19, 1].map { LogarithmicStepBenchmark(batch: batch, density: $0) }
    let (results, limits) = try options.measured(
      benchmarks.map { benchmark in .init(name: benchmark.name) { try benchmark.run($0) } })
    try BenchReport(
      command: "lns", options: options, results: results, limits: limits,
      rivals: ["log2 and exp2"]
    ).write()
  }
}

internal import Addend
internal import ArgumentParser

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

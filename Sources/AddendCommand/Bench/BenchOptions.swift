internal import Addend
internal import ArgumentParser

/// What the benchmarks of kernels share.
struct BenchOptions: ParsableArguments {
  @Option(help: "Rounds, of which medians are taken; in each, all ways run in turn.")
  var rounds = 7

  @Option(help: "How long each way runs in a round at least.")
  var milliseconds = 60

  @Option(help: "What is taken of the rounds: median, or minimum on a machine that others use.")
  var statistic = "median"

  @Option(help: "Measure only cases whose name, as --json gives it, contains this.")
  var filter: String?

  @Flag(help: "Leave out the runs that start with empty caches.")
  var warmOnly = false

  @Option(help: "Write a roofline chart of the cases as an SVG picture.")
  var roofline: String?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard 1...1000 ~= rounds else {
      throw ValidationError("--rounds is \(rounds), expected 1 to 1000.")
    }
    guard 0...10_000 ~= milliseconds else {
      throw ValidationError("--milliseconds is \(milliseconds), expected 0 to 10000.")
    }
    guard Timing.Statistic(rawValue: statistic) != nil else {
      throw ValidationError("--statistic is '\(statistic)', expected median or minimum.")
    }
  }

  /// A case before it is measured.
  struct Case {
    let name: String
    let run: (BenchmarkSetting) throws -> BenchmarkCase
  }

  /// Measures those of `cases` that are asked for, one after the other.
  func measured(_ cases: [Case]) throws -> (results: [BenchmarkCase], limits: RooflineLimits) {
    try common.checkOutputs(roofline)
    let chosen = cases.filter { one in filter.map { one.name.contains($0) } ?? true }
    guard !chosen.isEmpty else {
      throw Failure(
        .usage,
        "no case's name contains '\(filter ?? "")'; one is called '\(cases.first?.name ?? "")'")
    }
    return try common.computing { try measuredHere(chosen) }
  }

  private func measuredHere(
    _ cases: [Case]
  ) throws -> (results: [BenchmarkCase], limits: RooflineLimits) {
    do {
      announce("the machine's limits")
      let limits = try measuredLimits()
      var timing = Interleaved()
      timing.rounds = rounds
      timing.minimumDuration = .milliseconds(milliseconds)
      if limits.threads > 1 { timing.pause = .milliseconds(5) }
      var setting = BenchmarkSetting(timing: timing, limits: limits)
      // Checked when the options were read.
      setting.statistic = Timing.Statistic(rawValue: statistic) ?? .median
      if !warmOnly {
        let caches = try CacheEviction()
        setting.evict = { caches.run() }
      }
      var results: [BenchmarkCase] = []
      for (index, one) in cases.enumerated() {
        announce("\(one.name) (\(index + 1) of \(cases.count))")
        results.append(try one.run(setting))
      }
      // Once more, lest something else ran during the first time.
      let highest = limits.highest(try measuredLimits())
      for index in results.indices { results[index].measure(against: highest) }
      return (results, highest)
    } catch let error as BenchmarkError {
      // A wrong result is a defect of ours, no memory the machine's.
      if case .outOfMemory = error { throw Failure(.unavailable, "\(error)") }
      throw Failure(.internalError, "\(error)")
    }
  }

  private func measuredLimits() throws(BenchmarkError) -> RooflineLimits {
    try RooflineLimits.measured(milliseconds: max(1, min(30, milliseconds)))
  }

  func announce(_ next: String) {
    guard !common.quiet else { return }
    StandardStream.error.write("measuring \(next)\n")
  }
}

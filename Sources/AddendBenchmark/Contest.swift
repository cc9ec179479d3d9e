internal import AddendKernels
internal import AddendTensors

/// Why a benchmark did not measure.
public enum BenchmarkError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A way of ours gave a wrong result, which its speed is then no comfort for.
  case wrongResult(
    case: String, way: String, index: Int, found: Float, expected: Double, bound: Double)
  /// No way of ours takes the case.
  case noWay(case: String)
  /// There is no memory for buffers that do not fit the caches.
  case outOfMemory(bytes: Int)

  public var description: String {
    switch self {
    case .wrongResult(let name, let way, let index, let found, let expected, let bound):
      "\(name): number \(index) of what '\(way)' gives is \(found), expected \(expected) ± \(bound)"
    case .noWay(let name): "\(name): no kernel of ours takes it"
    case .outOfMemory(let bytes): "there are no \(bytes) bytes to measure memory with"
    }
  }
}

/// What a case's ways are all given, and what must come of it.
package protocol BenchmarkProblem {
  /// `convolution-…`: stable, since figures are found by it.
  var caseName: String { get }
  /// For people.
  var shapeText: String { get }
  var work: Work { get }
  /// The first fault, or the worst, in a result that may be so far from the definition's.
  func fault(in result: [Float], within tolerance: Tolerance) -> ResultFault?
}

/// A number that is not what it should be.
package struct ResultFault: Equatable {
  package let index: Int
  package let found: Float
  package let expected: Double
  package let bound: Double

  package init(index: Int, found: Float, expected: Double, bound: Double) {
    self.index = index
    self.found = found
    self.expected = expected
    self.bound = bound
  }
}

/// How cases are timed, and what the machine can do.
public struct BenchmarkSetting {
  public var timing: Interleaved
  public var limits: RooflineLimits
  /// What of the samples is reported.
  public var statistic = Timing.Statistic.median
  /// Empties the caches; `nil` to measure with warm ones only.
  public var evict: (() -> Void)?

  public init(timing: Interleaved, limits: RooflineLimits, evict: (() -> Void)? = nil) {
    self.timing = timing
    self.limits = limits
    self.evict = evict
  }
}

/// All ways to one end, checked and then timed in turn.
package struct Contest<Problem: BenchmarkProblem> {
  let ours: [Way<Problem>]
  let rivals: [Way<Problem>]

  package init(ours: [Way<Problem>], rivals: [Way<Problem>]) {
    self.ours = ours
    self.rivals = rivals
  }

  private struct Entry {
    let way: Way<Problem>
    let prepared: Way<Problem>.Prepared
    let isOurs: Bool
    /// Whether it is one of which the fastest stands for ours.
    var isCompared: Bool { isOurs && !way.isReference }
    /// The entry that is the very same code, if one came before.
    var twin: Int?
  }

  package func run(_ problem: Problem, _ setting: BenchmarkSetting) throws(BenchmarkError)
    -> BenchmarkCase
  {
    let entries = entries(for: problem)
    guard entries.contains(where: \.isCompared) else { throw .noWay(case: problem.caseName) }
    for entry in entries where entry.isOurs {
      entry.prepared.run()
      let fault = problem.fault(in: entry.prepared.result(), within: entry.prepared.tolerance)
      if let fault {
        throw .wrongResult(
          case: problem.caseName, way: entry.way.name, index: fault.index, found: fault.found,
          expected: fault.expected, bound: fault.bound)
      }
    }
    let timed = entries.filter { $0.twin == nil }
    let candidates = timed.map {
      Interleaved.Candidate($0.way.name, reset: $0.prepared.reset, run: $0.prepared.timed)
    }
    let warm = setting.timing.timings(candidates)
    let cold = setting.evict.map { setting.timing.coldTimings(candidates, evict: $0) }
    return result(
      of: problem, entries, timings(warm, of: entries), cold.map { timings($0, of: entries) },
      setting)
  }

  private func entries(for problem: Problem) -> [Entry] {
    var entries: [Entry] = []
    for (way, isOurs) in ours.map({ ($0, true) }) + rivals.map({ ($0, false) }) {
      guard let prepared = way.prepared(for: problem) else { continue }
      var entry = Entry(way: way, prepared: prepared, isOurs: isOurs)
      if let operation = prepared.operation {
        entry.twin = entries.firstIndex {
          $0.twin == nil && $0.prepared.operation?.isSame(as: operation) == true
        }
      }
      entries.append(entry)
    }
    return entries
  }

  /// A timing for each entry, twins' being those of the first of them.
  private func timings(_ timed: [Timing], of entries: [Entry]) -> [Timing] {
    var rest = timed[...]
    var all: [Timing] = []
    for entry in entries {
      if let twin = entry.twin { all.append(all[twin]) } else { all.append(rest.removeFirst()) }
    }
    return all
  }

  private func result(
    of problem: Problem, _ entries: [Entry], _ warm: [Timing], _ cold: [Timing]?,
    _ setting: BenchmarkSetting
  ) -> BenchmarkCase {
    let statistic = setting.statistic
    func named(_ timings: [Timing], _ isIncluded: (Entry) -> Bool) -> [BenchmarkCase.Named] {
      zip(entries, timings).filter { isIncluded($0.0) }.map {
        ($0.0.way.name, $0.1.seconds(statistic))
      }
    }
    let best = entries.indices.filter { entries[$0].isCompared }.min {
      warm[$0].seconds(statistic) < warm[$1].seconds(statistic)
    }
    guard let best else { preconditionFailure("a contest has a way of ours") }
    var result = BenchmarkCase(
      name: problem.caseName, shape: problem.shapeText, ours: warm[best].seconds(statistic),
      baselines: named(warm) { !$0.isOurs && !$0.way.isReference })
    result.spread = warm[best].spread
    result.candidates = named(warm) { $0.isCompared }
    result.references = named(warm) { $0.way.isReference }
    for (entry, timing) in zip(entries, warm) where !entry.isOurs {
      result.baselineSpreads[entry.way.name] = timing.spread
    }
    result.implementations = entries.compactMap { entry in
      entry.prepared.implementation.map { (entry.way.name, $0) }
    }
    if let cold {
      result.cold = (
        named(cold) { $0.isCompared }.map(\.seconds).min() ?? 0,
        named(cold) { !$0.isOurs && !$0.way.isReference }
      )
    }
    result.work = problem.work
    result.measure(against: setting.limits)
    return result
  }
}

/// `1 thread`, `2 threads`.
public func threadsText(_ threads: Int) -> String { "\(threads) thread\(threads == 1 ? "" : "s")" }

/// `exp(mean(log x))` of numbers above 0, one or more.
func geometricMean(_ numbers: [Double]) -> Double {
  Math.exp(numbers.reduce(0) { $0 + Math.log($1) } / Double(numbers.count))
}

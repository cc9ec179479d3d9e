import AddendBenchmark
import AddendCatalogue
import Testing

/// Twelve ones.
private struct Ones: BenchmarkProblem {
  var caseName: String { "ones-12" }
  var shapeText: String { "12 ones" }
  var work: Work { Work(multiplyAdds: 24, bytes: 48) }

  func fault(in result: [Float], within tolerance: Tolerance) -> ResultFault? {
    let bound = tolerance.bound(0.125)
    return result.firstIndex { Double(($0 - 1).magnitude) > bound }.map {
      ResultFault(index: $0, found: result[$0], expected: 1, bound: bound)
    }
  }
}

private func way(
  _ name: String, gives value: Float = 1, tolerance: Tolerance = .rounding,
  isReference: Bool = false, isThere: Bool = true
) -> Way<Ones> {
  Way(name, isReference: isReference) { _ in
    guard isThere else { return nil }
    var result: [Float] = []
    return .init(
      run: { result = .init(repeating: value, count: 12) }, result: { result },
      implementation: "\(name)-code", tolerance: tolerance)
  }
}

private func setting(evict: (() -> Void)? = nil) -> BenchmarkSetting {
  var timing = Interleaved()
  timing.minimumDuration = .zero
  timing.rounds = 3
  return BenchmarkSetting(
    timing: timing,
    limits: RooflineLimits(threads: 1, multiplyAdds: 1e9, bandwidths: [.memory: 1e9]), evict: evict)
}

struct ContestTests {
  @Test func aWrongResultIsRefusedBeforeItIsTimed() {
    let contest = Contest(ours: [way("right"), way("wrong", gives: 1.5)], rivals: [])
    #expect(
      throws: BenchmarkError.wrongResult(
        case: "ones-12", way: "wrong", index: 0, found: 1.5, expected: 1, bound: 0.125)
    ) { try contest.run(Ones(), setting()) }
    for tolerance in [Tolerance.times(4), .absolute(0.5)] {
      let lenient = Contest(ours: [way("rough", gives: 1.5, tolerance: tolerance)], rivals: [])
      #expect(throws: Never.self) { try lenient.run(Ones(), setting()) }
    }
    let empty = Contest(ours: [way("absent", isThere: false)], rivals: [way("other")])
    #expect(throws: BenchmarkError.noWay(case: "ones-12")) { try empty.run(Ones(), setting()) }
  }

  @Test func absentLibrariesAndInexactOnesAreNotCompared() throws {
    let contest = Contest(
      ours: [
        way("ours"), way("ours too"),
        way("approximate", gives: 1.25, tolerance: .absolute(0.25), isReference: true),
      ],
      rivals: [
        way("theirs"), way("absent", isThere: false), way("inexact", gives: 2, isReference: true),
      ])
    let result = try contest.run(Ones(), setting())
    #expect(result.candidates.map(\.name) == ["ours", "ours too"])
    #expect(result.baselines.map(\.name) == ["theirs"])
    #expect(result.references.map(\.name) == ["approximate", "inexact"])
    #expect(result.ours == result.candidates.map(\.seconds).min())
    #expect(result.ratio(to: "theirs") == result.ratio)
    #expect(result.cold == nil && result.coldRatio == nil)
  }

  /// Keys that scripts read stay where they are.
  @Test func figuresAreWrittenUnderTheirKeys() throws {
    let contest = Contest(ours: [way("ours")], rivals: [way("theirs")])
    let json = try contest.run(Ones(), setting(evict: {})).json
    #expect(json["case"]?.textValue == "ones-12" && json["shape"]?.textValue == "12 ones")
    for path in [
      ["ours"], ["spread"], ["ratio"], ["fractionOfLimit"], ["limit", "perSecond"],
      ["baselines", "theirs"], ["baselineSpreads", "theirs"], ["candidates", "ours"],
      ["cold", "ours"], ["cold", "ratio"], ["cold", "baselines", "theirs"], ["multiplyAdds"],
      ["bytes"],
    ] {
      let value = path.reduce(Optional(json)) { $0?[$1] }
      #expect(value?.numberValue != nil, "\(path)")
    }
    #expect(json["implementations"]?["theirs"]?.textValue == "theirs-code")
  }

  @Test func cachesAreEmptiedBeforeEachColdRun() throws {
    var log: [String] = []
    var timing = Interleaved()
    timing.rounds = 2
    _ = timing.coldTimings([.init("a") { log.append("a") }, .init("b") { log.append("b") }]) {
      log.append("-")
    }
    #expect(log == ["-", "a", "-", "b", "-", "a", "-", "b"])
  }

  @Test func spreadIsTheMiddleHalf() {
    let timing = Timing([5, 1, 3, 2, 4])
    #expect(timing.median == 3 && timing.minimum == 1)
    // From 2 to 4 around 3.
    #expect((timing.spread - 2.0 / 3).magnitude < 1e-15)
    #expect(Timing([7]).spread == 0)
    #expect(timing.seconds(.minimum) == 1 && timing.seconds(.median) == 3)
  }

  @Test func meansAreGeometric() throws {
    let mean = try #require(GeometricMean("all", against: "x", of: [1, 4, 16]))
    #expect((mean.ratio - 4).magnitude < 1e-14 && mean.count == 3)
    #expect(GeometricMean("all", against: "x", of: []) == nil)
  }
}

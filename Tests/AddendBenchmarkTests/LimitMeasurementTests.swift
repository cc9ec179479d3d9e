import AddendBenchmark
import AddendKernels
import Testing

struct LimitMeasurementTests {
  @Test(arguments: InstructionSet.available, MemoryStream.Kind.allCases)
  func streamsCountTheirBytes(_ set: InstructionSet, _ kind: MemoryStream.Kind) throws {
    let stream = try #require(MemoryStream(kind, byteCount: 5000))
    #expect(stream.count % 128 == 0 && stream.count * 4 * kind.arrayCount >= 5000)
    for bypasses in [false, true] {
      let bytes = stream.run(rounds: 3, bypassesCaches: bypasses, using: set)
      #expect(bytes == 3 * kind.arrayCount * 4 * stream.count)
    }
    #expect(stream.run(rounds: 0, using: set) == 0)
  }

  /// Whoever follows it sees every line before any twice.
  @Test(arguments: [1, 2, 3, 1000])
  func linesMakeOneRing(_ lines: Int) throws {
    let ring = try #require(MemoryRing(byteCount: 64 * lines, seed: 5))
    var seen: Set<Int> = []
    var at = 0
    for _ in 0..<lines {
      seen.insert(at)
      at = ring.next(after: at)
    }
    #expect(seen.count == lines && at == 0)
    #expect(ring.run(chains: 1, rounds: 10) == 10 && ring.run(chains: 64, rounds: 3) == 192)
  }

  @Test func limitsAreMeasuredOnEveryThread() throws {
    let sizes = CacheSizes(first: 1 << 14, second: 1 << 16, last: 1 << 18)
    for threads in [1, 2] {
      try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        var measured = MachineLimit.allCases.map {
          LimitMeasurement.operations($0, milliseconds: 1)
        }
        for kind in MemoryStream.Kind.allCases {
          measured.append(try .stream(kind, .second, sizes: sizes, milliseconds: 1))
        }
        for limit in measured {
          #expect(limit.best > 0 && limit.best.isFinite && limit.rates.count == 5)
          #expect(limit.threads == threads && limit.best == limit.rates.max())
        }
        #expect(Set(measured.map(\.name)).count == measured.count)
        let result = measured[0].result
        #expect(
          result.name == "machine-multiply-adds-float32" && result.ours == 1 / measured[0].best)
      }
    }
  }

  @Test func theHigherLimitCounts() {
    let one = RooflineLimits(threads: 2, multiplyAdds: 5, bandwidths: [.first: 9, .memory: 1])
    let other = RooflineLimits(threads: 2, multiplyAdds: 7, bandwidths: [.first: 8, .memory: 3])
    let highest = one.highest(other)
    #expect(highest.multiplyAdds == 7 && highest.bandwidths == [.first: 9, .memory: 3])
    var result = BenchmarkCase(name: "a", shape: "a", ours: 2)
    result.measure(against: highest)
    #expect(result.fractionOfLimit == nil)
    result.work = Work(multiplyAdds: 7, bytes: 1)
    result.measure(against: highest)
    #expect(result.fractionOfLimit == 0.5 && result.limit?.perSecond == 7)
  }

  @Test func levelsHoldWhatTheyAreCalled() {
    let sizes = CacheSizes(first: 1 << 15, second: 1 << 20, last: 1 << 25)
    for threads in [1, 2, 64] {
      let bytes = MemoryLevel.allCases.map { $0.byteCount(of: sizes, threads: threads) }
      #expect(bytes[0] <= sizes.first && bytes[1] <= sizes.second && bytes[1] > sizes.first)
      #expect(bytes[2] >= sizes.second && threads * bytes[3] >= 4 * sizes.last)
    }
    let current = CacheSizes.current
    #expect(current.first > 0 && current.first <= current.second && current.second <= current.last)
  }

  @Test func theConvolutionsAreThoseOfThePaper() {
    let layers = ConvolutionBenchmark.standard.filter { $0.network == "resnet50" }
    #expect(layers.count == 20 && Set(layers).count == 20)
    #expect(layers.count { $0.isWinogradable } == 4)
    // Stages at 56, 28, 14 and 7 pixels, behind a first convolution at 224.
    #expect(
      [224, 56, 28, 14, 7].map { size in layers.count { $0.size == size } } == [1, 6, 5, 5, 3])
  }
}

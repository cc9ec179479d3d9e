public import AddendKernels
internal import Synchronization

/// How fast the machine did nothing but one thing.
public struct LimitMeasurement: Sendable {
  /// `multiply-adds-float32`, `read-L1`, `random-reads`: stable.
  public let name: String
  /// For people: `float32 multiply-adds`.
  public let title: String
  /// What is counted: `operations`, `bytes`, `lines`.
  public let unit: String
  public let threads: Int
  /// How often a second, a sample a part, in ascending order.
  public let rates: [Double]

  /// The best part: what disturbs a loop only ever slows it down.
  public var best: Double { rates.last ?? 0 }
  /// As of a `Timing`.
  public var spread: Double { Timing(rates.map { 1 / $0 }).spread }

  /// As a case whose unit of work is one operation.
  public var result: BenchmarkCase {
    var result = BenchmarkCase(
      name: "machine-\(name)", shape: "\(title), \(threadsText(threads))", ours: 1 / best)
    result.spread = spread
    result.figures = [("perSecond", best), ("threads", Double(threads))]
    return result
  }

  /// Parts of which the best counts.
  static let parts = 5

  /// Operations in registers on every thread of the current pool.
  public static func operations(
    _ limit: MachineLimit, milliseconds: Int = 30
  ) -> LimitMeasurement {
    LimitMeasurement(limit.name, limit.title, unit: "operations", milliseconds: milliseconds) {
      _, rounds in
      limit.run(rounds: rounds)
    }
  }

  /// Passes over arrays of a level's size, those of every thread of the current pool its own. To
  /// memory, results are written past the caches.
  /// - Throws: `BenchmarkError.outOfMemory` without room for the arrays.
  public static func stream(
    _ kind: MemoryStream.Kind, _ level: MemoryLevel, sizes: CacheSizes = .current,
    milliseconds: Int = 30
  ) throws(BenchmarkError) -> LimitMeasurement {
    let threads = ThreadPool.current.threadCount
    let bytes = level.byteCount(of: sizes, threads: threads)
    let streams = (0..<threads).compactMap { _ in MemoryStream(kind, byteCount: bytes) }
    guard streams.count == threads else { throw .outOfMemory(bytes: bytes * threads) }
    return LimitMeasurement(
      "\(kind.name)-\(level.rawValue)", "\(kind.name), \(level.rawValue)", unit: "bytes",
      milliseconds: milliseconds
    ) { thread, rounds in
      streams[thread].run(rounds: rounds, bypassesCaches: level == .memory)
    }
  }

  /// Reads of 64-byte lines from memory in random order, from 64 places at once or each waiting for
  /// the one before, on every thread of the current pool.
  /// - Throws: `BenchmarkError.outOfMemory` without room for the lines.
  public static func randomReads(
    isDependent: Bool, sizes: CacheSizes = .current, milliseconds: Int = 30
  ) throws(BenchmarkError) -> LimitMeasurement {
    let threads = ThreadPool.current.threadCount
    let bytes = MemoryLevel.memory.byteCount(of: sizes, threads: threads)
    let rings = (0..<threads).compactMap { MemoryRing(byteCount: bytes, seed: UInt64($0)) }
    guard rings.count == threads else { throw .outOfMemory(bytes: bytes * threads) }
    return LimitMeasurement(
      isDependent ? "dependent-reads" : "random-reads",
      isDependent ? "random reads, each after the last" : "random reads of 64 bytes", unit: "lines",
      milliseconds: milliseconds
    ) { thread, rounds in
      rings[thread].run(chains: isDependent ? 1 : 64, rounds: rounds)
    }
  }

  /// Everything that is measured, on the current pool.
  /// - Throws: `BenchmarkError.outOfMemory` without room for arrays beyond the caches.
  public static func all(
    milliseconds: Int = 30, announcing announce: (String) -> Void = { _ in }
  ) throws(BenchmarkError) -> [LimitMeasurement] {
    var all: [LimitMeasurement] = []
    announce("operations in registers")
    for limit in MachineLimit.allCases {
      all.append(operations(limit, milliseconds: milliseconds))
    }
    for level in MemoryLevel.allCases {
      announce("streams of \(level.rawValue)")
      for kind in MemoryStream.Kind.allCases {
        all.append(try stream(kind, level, milliseconds: milliseconds))
      }
    }
    announce("random reads")
    for isDependent in [false, true] {
      all.append(try randomReads(isDependent: isDependent, milliseconds: milliseconds))
    }
    return all
  }

  /// - Parameter run: runs so many rounds as the thread numbered first, and counts.
  private init(
    _ name: String, _ title: String, unit: String, milliseconds: Int,
    run: @Sendable @escaping (_ thread: Int, _ rounds: Int) -> Int
  ) {
    let pool = ThreadPool.current
    let clock = ContinuousClock()
    // Rounds enough for the time asked for: twice as many until they take an eighth of it.
    var rounds = 1
    var elapsed = 0.0
    let wanted = Double(milliseconds) / 1000
    while true {
      let start = clock.now
      _ = run(0, rounds)
      elapsed = (clock.now - start) / .seconds(1)
      if elapsed >= wanted / 8 || rounds > 1 << 40 { break }
      rounds *= 2
    }
    rounds = max(1, Int(Double(rounds) * wanted / max(elapsed, 1e-9)))
    let each = rounds
    rates = (0..<Self.parts).map { _ in
      let count = Mutex(0)
      let start = clock.now
      pool.runOnEach { thread in
        let own = run(thread, each)
        count.withLock { $0 += own }
      }
      return Double(count.withLock { $0 }) / max((clock.now - start) / .seconds(1), 1e-9)
    }.sorted()
    self.name = name
    self.title = title
    self.unit = unit
    threads = pool.threadCount
  }
}

extension MachineLimit {
  /// `multiply-adds-float32`: stable.
  public var name: String {
    switch self {
    case .multiplyAdds: "multiply-adds-float32"
    case .bfloat16MultiplyAdds: "multiply-adds-bfloat16"
    case .byteMultiplyAdds: "multiply-adds-int8"
    case .byteLookups: "byte-lookups"
    case .countedBits: "counted-bits"
    }
  }

  /// `float32 multiply-adds`: for people.
  public var title: String {
    switch self {
    case .multiplyAdds: "float32 multiply-adds"
    case .bfloat16MultiplyAdds: "bfloat16 multiply-adds"
    case .byteMultiplyAdds: "int8 multiply-adds"
    case .byteLookups: "byte look-ups in registers"
    case .countedBits: "bits counted"
    }
  }
}

extension MemoryStream.Kind {
  /// `read`, `copy`, `triad`.
  public var name: String { "\(self)" }
}

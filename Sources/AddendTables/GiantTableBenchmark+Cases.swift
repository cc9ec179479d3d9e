internal import AddendKernels
internal import AddendTensors

extension GiantTableBenchmark {
  /// Runs all cases over `table`, `[rows][columns]` and one entry more.
  func measure(
    _ table: Span<UInt16>, _ gemm: Double, _ progress: (String) -> Void
  ) -> [Result] {
    var random = RandomSource(seed: seed, stream: 3)
    let rows = draws(UInt32.self, shape.lookups, below: shape.rows, &random)
    let codes = draws(UInt16.self, shape.lookups, below: shape.columns, &random)
    progress("independent")
    var results = [independent(table, rows.span, codes.span, gemm)]
    progress("chained")
    results.append(chained(table, rows.span, gemm))
    progress("grouped")
    results.append(grouped(table, rows.span, codes.span, gemm))
    progress("grouped-with-sums")
    results.append(summed(table, rows.span, codes.span, &random, gemm))
    progress("closed-256")
    results.append(closed(&random, gemm))
    return results
  }

  private func draws<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ type: Number.Type, _ count: Int, below limit: Int, _ random: inout RandomSource
  ) -> AlignedBuffer<Number> {
    let buffer = AlignedBuffer<Number>(uninitializedCount: count)
    var span = buffer.uniqueSpan
    for i in span.indices {
      span[i] = Number(truncatingIfNeeded: random.next() % UInt64(limit))
    }
    return buffer
  }

  private func independent(
    _ table: Span<UInt16>, _ rows: Span<UInt32>, _ codes: Span<UInt16>, _ gemm: Double
  ) -> Result {
    let found = AlignedBuffer<UInt16>(uninitializedCount: shape.lookups)
    var result = found.uniqueSpan
    return timed("independent", shape.lookups, gemm: gemm) {
      GiantTableKernels.best.read(
        table, columns: shape.columns, rows: rows, codes: codes, into: &result)
    }
  }

  private func chained(_ table: Span<UInt16>, _ rows: Span<UInt32>, _ gemm: Double) -> Result {
    // Each read waits for memory: a sixteenth of them is enough.
    let count = max(1, shape.lookups / 16)
    let chain = rows.extracting(first: count)
    var code: UInt16 = 0
    return timed("chained", count, gemm: gemm, threads: 1) {
      // From where the last one ended: no two are the same, and none is left out.
      code = GiantTableKernels.chain(table, columns: shape.columns, rows: chain, from: code)
    }
  }

  private func grouped(
    _ table: Span<UInt16>, _ rows: Span<UInt32>, _ codes: Span<UInt16>, _ gemm: Double
  ) -> Result {
    let batch = min(shape.batch, codes.count)
    let count = min(rows.count, max(1, shape.lookups / batch))
    let found = AlignedBuffer<UInt16>(uninitializedCount: count * batch)
    var result = found.uniqueSpan
    return timed("grouped", count * batch, gemm: gemm) {
      GiantTableKernels.best.readGrouped(
        table, columns: shape.columns, rows: rows.extracting(first: count),
        codes: codes.extracting(first: batch), into: &result)
    }
  }

  /// What a network needs: the results of `terms` matrices for each vector, added up.
  private func summed(
    _ table: Span<UInt16>, _ rows: Span<UInt32>, _ codes: Span<UInt16>,
    _ random: inout RandomSource, _ gemm: Double
  ) -> Result {
    let batch = min(shape.batch, codes.count)
    let terms = min(shape.terms, rows.count)
    let groups = max(1, min(rows.count / terms, shape.lookups / 8 / (terms * batch)))
    let words = draws(UInt16.self, shape.columns * shape.dimension, below: 65_536, &random)
    let signed = AlignedBuffer<Int16>(uninitializedCount: words.count)
    var numbers = signed.uniqueSpan
    for i in numbers.indices { numbers[i] = Int16(bitPattern: words.span[i]) }
    let found = AlignedBuffer<UInt16>(uninitializedCount: terms * batch)
    let added = AlignedBuffer<Int32>(uninitializedCount: batch * shape.dimension)
    var indices = found.uniqueSpan
    var sums = added.uniqueSpan
    return timed(
      "grouped-with-sums", groups * terms * batch, additions: shape.dimension, gemm: gemm
    ) {
      for group in 0..<groups {
        GiantTableKernels.best.readGrouped(
          table, columns: shape.columns,
          rows: rows.extracting(group * terms..<(group + 1) * terms),
          codes: codes.extracting(first: batch), into: &indices)
        GiantTableKernels.best.sum(
          signed.span, dimension: shape.dimension, indices: indices.span, terms: terms,
          into: &sums)
      }
    }
  }

  /// Vectors of more numbers than these, 256 words leave too much of.
  private static var closedDimension: Int { 4 }

  /// The other end: a closed table of 256 words, one row of it in registers.
  private func closed(_ random: inout RandomSource, _ gemm: Double) -> Result {
    let table = draws(UInt8.self, 256, below: 256, &random)
    let batch = max(1, min(shape.batch, 1 << 14))
    let codes = draws(UInt8.self, batch, below: 256, &random)
    let count = max(1, 8 * shape.lookups / batch)
    let found = AlignedBuffer<UInt8>(uninitializedCount: batch)
    var result = found.uniqueSpan
    return timed("closed-256", count * batch, dimension: Self.closedDimension, gemm: gemm) {
      for _ in 0..<count {
        GiantTableKernels.best.readClosed(table.span, codes: codes.span, into: &result)
      }
    }
  }

  /// Runs `body` once to warm up, then `repetitions` times.
  private func timed(
    _ name: String, _ lookups: Int, dimension: Int? = nil, additions: Int = 0, gemm: Double,
    threads: Int? = nil, _ body: () -> Void
  ) -> Result {
    let dimension = dimension ?? shape.dimension
    body()
    var seconds: [Double] = []
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      body()
      seconds.append(max(1e-9, (ContinuousClock.now - start) / .seconds(1)))
    }
    seconds.sort()
    let median = seconds[repetitions / 2]
    let rate = Double(lookups) / median
    return Result(
      name: name, lookups: lookups, dimension: dimension, seconds: median,
      spread: seconds[0]...seconds[repetitions - 1],
      lookupsPerSecond: rate,
      equivalentOperationsPerSecond: 2 * rate * Double(dimension * dimension),
      additionsPerSecond: rate * Double(additions), gemmOperationsPerSecond: gemm,
      threads: threads ?? ThreadPool.current.threadCount)
  }
}

internal import AddendKernels
internal import AddendTensors

extension GiantTableBenchmark {
  /// Runs all cases over `table`, `[rows][columns]` and one entry more.
  ///
  /// Every repetition reads other rows: what one has left in the caches is of no use to the next.
  func measure(
    _ table: Span<UInt16>, _ gemm: Double, _ progress: (String) -> Void
  ) -> [Result] {
    var draws = Draws(shape, random: RandomSource(seed: seed, stream: 3))
    progress("independent")
    var results = [independent(table, &draws, gemm)]
    progress("chained")
    results.append(chained(table, &draws, gemm))
    progress("grouped")
    results.append(grouped(table, &draws, gemm))
    progress("grouped-with-sums")
    results.append(summed(table, &draws, gemm))
    progress("closed-256")
    results.append(closed(&draws, gemm))
    return results
  }

  /// Which rows and columns are read, drawn anew for every repetition.
  private struct Draws {
    private let shape: Shape
    private var random: RandomSource
    let rows: AlignedBuffer<UInt32>
    let codes: AlignedBuffer<UInt16>

    init(_ shape: Shape, random: RandomSource) {
      self.shape = shape
      self.random = random
      rows = AlignedBuffer(uninitializedCount: shape.lookups)
      codes = AlignedBuffer(uninitializedCount: shape.lookups)
      renew()
    }

    mutating func renew() {
      let (shape, rows, codes) = (shape, rows, codes)
      var random = random
      var rowSpan = rows.uniqueSpan
      for i in rowSpan.indices { rowSpan[i] = UInt32(random.next() % UInt64(shape.rows)) }
      var codeSpan = codes.uniqueSpan
      for i in codeSpan.indices { codeSpan[i] = UInt16(random.next() % UInt64(shape.columns)) }
      self.random = random
    }

    mutating func bytes(_ count: Int) -> AlignedBuffer<UInt8> {
      let buffer = AlignedBuffer<UInt8>(uninitializedCount: count)
      var span = buffer.uniqueSpan
      for i in span.indices { span[i] = UInt8(truncatingIfNeeded: random.next() >> 56) }
      return buffer
    }

    mutating func words(_ count: Int) -> AlignedBuffer<Int16> {
      let buffer = AlignedBuffer<Int16>(uninitializedCount: count)
      var span = buffer.uniqueSpan
      for i in span.indices { span[i] = Int16(truncatingIfNeeded: random.next() >> 48) }
      return buffer
    }
  }

  private func independent(
    _ table: Span<UInt16>, _ draws: inout Draws, _ gemm: Double
  ) -> Result {
    let found = AlignedBuffer<UInt16>(uninitializedCount: shape.lookups)
    var result = found.uniqueSpan
    return timed("independent", shape.lookups, &draws, gemm: gemm) { draws in
      GiantTableKernels.best.read(
        table, columns: shape.columns, rows: draws.rows.span, codes: draws.codes.span,
        into: &result)
    }
  }

  private func chained(_ table: Span<UInt16>, _ draws: inout Draws, _ gemm: Double) -> Result {
    // Each read waits for memory: a sixteenth of them is enough.
    let count = max(1, shape.lookups / 16)
    var code: UInt16 = 0
    return timed("chained", count, &draws, gemm: gemm, threads: 1) { draws in
      // From where the last one ended, so that none can be left out.
      code = GiantTableKernels.chain(
        table, columns: shape.columns, rows: draws.rows.span.extracting(first: count), from: code)
    }
  }

  private func grouped(_ table: Span<UInt16>, _ draws: inout Draws, _ gemm: Double) -> Result {
    let batch = min(shape.batch, shape.lookups)
    let count = max(1, shape.lookups / batch)
    let found = AlignedBuffer<UInt16>(uninitializedCount: count * batch)
    var result = found.uniqueSpan
    return timed("grouped", count * batch, &draws, gemm: gemm) { draws in
      GiantTableKernels.best.readGrouped(
        table, columns: shape.columns, rows: draws.rows.span.extracting(first: count),
        codes: draws.codes.span.extracting(first: batch), into: &result)
    }
  }

  /// What a network needs: the results of `terms` matrices for each vector, added up.
  private func summed(_ table: Span<UInt16>, _ draws: inout Draws, _ gemm: Double) -> Result {
    let batch = min(shape.batch, shape.lookups)
    let terms = min(shape.terms, shape.lookups)
    let groups = max(1, shape.lookups / (terms * batch))
    let words = draws.words(shape.columns * shape.dimension)
    let found = AlignedBuffer<UInt16>(uninitializedCount: terms * batch)
    let added = AlignedBuffer<Int32>(uninitializedCount: batch * shape.dimension)
    var indices = found.uniqueSpan
    var sums = added.uniqueSpan
    let last = shape.lookups - terms
    return timed(
      "grouped-with-sums", groups * terms * batch, &draws, additions: shape.dimension, gemm: gemm
    ) { draws in
      for group in 0..<groups {
        let first = min(group * terms, last)
        GiantTableKernels.best.readGrouped(
          table, columns: shape.columns,
          rows: draws.rows.span.extracting(first..<first + terms),
          codes: draws.codes.span.extracting(first: batch), into: &indices)
        GiantTableKernels.best.sum(
          words.span, dimension: shape.dimension, indices: indices.span, terms: terms, into: &sums)
      }
    }
  }

  /// Vectors of more numbers than these, 256 words leave too much of.
  private static var closedDimension: Int { 4 }

  /// The other end: a closed table of 256 words, one row of it in registers.
  private func closed(_ draws: inout Draws, _ gemm: Double) -> Result {
    let table = draws.bytes(256)
    let batch = max(1, min(shape.batch, 1 << 14))
    let codes = draws.bytes(batch)
    let count = max(1, 8 * shape.lookups / batch)
    let found = AlignedBuffer<UInt8>(uninitializedCount: batch)
    var result = found.uniqueSpan
    return timed(
      "closed-256", count * batch, &draws, dimension: Self.closedDimension, gemm: gemm
    ) { _ in
      for _ in 0..<count {
        GiantTableKernels.best.readClosed(table.span, codes: codes.span, into: &result)
      }
    }
  }

  /// Runs `body` once to warm up, then `repetitions` times.
  private func timed(
    _ name: String, _ lookups: Int, _ draws: inout Draws, dimension: Int? = nil,
    additions: Int = 0, gemm: Double, threads: Int? = nil, _ body: (Draws) -> Void
  ) -> Result {
    let dimension = dimension ?? shape.dimension
    body(draws)
    var seconds: [Double] = []
    for _ in 0..<repetitions {
      draws.renew()
      let start = ContinuousClock.now
      body(draws)
      seconds.append(max(1e-9, (ContinuousClock.now - start) / .seconds(1)))
    }
    seconds.sort()
    let median = seconds[repetitions / 2]
    let rate = Double(lookups) / median
    return Result(
      name: name, lookups: lookups, dimension: dimension, seconds: median,
      spread: seconds[0]...seconds[repetitions - 1], lookupsPerSecond: rate,
      equivalentOperationsPerSecond: 2 * rate * Double(dimension * dimension),
      additionsPerSecond: rate * Double(additions), gemmOperationsPerSecond: gemm,
      threads: threads ?? ThreadPool.current.threadCount)
  }
}

internal import AddendFiles
internal import AddendKernels

/// What a build may take: it is refused before it begins, in one sentence.
public struct TableLimits: Hashable, Sendable {
  public var seconds: Double
  /// Beside what the codebooks take already.
  public var memoryBytes: Int
  /// Bytes on the disk; `nil` for what is free there.
  public var diskBytes: Int?

  public init(seconds: Double = 3600, memoryBytes: Int = 4 << 30, diskBytes: Int? = nil) {
    self.seconds = seconds
    self.memoryBytes = memoryBytes
    self.diskBytes = diskBytes
  }
}

/// What a build will take and be worth.
public struct TableForecast: Hashable, Sendable {
  public let multiplyAdds: Double
  /// From rows that were timed on this machine, or from its rate of products where there are no
  /// codebooks yet.
  public let seconds: Double
  /// What the whole file takes, or what it lacks yet.
  public private(set) var byteCount: Double
  public let memoryBytes: Double
  /// `Σ (entry − result)² / Σ result²` over the timed rows; `nil` where none were.
  public let relativeError: Double?

  /// Counts off what lies on the disk already.
  public mutating func discount(bytes: Int) { byteCount = max(0, byteCount - Double(bytes)) }

  /// - Throws: `TableError` for the first limit that is passed.
  public func check(_ limits: TableLimits, at path: String) throws(TableError) {
    guard memoryBytes <= Double(limits.memoryBytes) else {
      throw .tooMuchMemory(bytes: memoryBytes, available: limits.memoryBytes)
    }
    guard seconds <= limits.seconds else {
      throw .tooLong(seconds: seconds, limit: limits.seconds, multiplyAdds: multiplyAdds)
    }
    let free: Int
    do throws(FileError) {
      free = if let own = limits.diskBytes { own } else { try availableBytes(at: path) }
    } catch {
      throw .file(error)
    }
    guard byteCount <= Double(free) else {
      throw .tooLarge(bytes: byteCount, available: free)
    }
  }
}

extension TableExtents {
  /// A forecast before there are codebooks: time from this machine's rate of matrix products, which
  /// the search for nearest words does not exceed.
  ///
  /// Cost: some milliseconds.
  public func forecast() -> TableForecast {
    let threads = ThreadPool.current.threadCount
    let working = workingByteCount(threads: threads) + codebookByteCount
    return TableForecast(
      multiplyAdds: multiplyAdds, seconds: multiplyAdds / MachineRate.multiplyAddsPerSecond(),
      byteCount: byteCount + codebookByteCount, memoryBytes: working, relativeError: nil)
  }
}

/// How fast this machine multiplies matrices.
enum MachineRate {
  /// Multiply-adds of a float32 product of `size`×`size` matrices, the best of `repetitions`.
  static func multiplyAddsPerSecond(size: Int = 512, repetitions: Int = 5) -> Double {
    let a = AlignedBuffer<Float>(uninitializedCount: size * size)
    let c = AlignedBuffer<Float>(uninitializedCount: size * size)
    var operand = a.uniqueSpan
    var result = c.uniqueSpan
    for i in operand.indices { operand[i] = Float(i % 7) - 3 }
    let shape = GEMMShape(m: size, n: size, k: size)
    var best = Duration.seconds(3600)
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      gemm(shape, a.span, a.span, &result)
      best = min(best, ContinuousClock.now - start)
    }
    return Double(size * size * size) / max(best / .seconds(1), 1e-9)
  }
}

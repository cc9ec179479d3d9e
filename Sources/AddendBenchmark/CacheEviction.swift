internal import AddendKernels

/// Empties the caches of the current pool's processors of what others left there.
public struct CacheEviction: Sendable {
  private let streams: [MemoryStream]
  private let pool = ThreadPool.current

  /// - Throws: `BenchmarkError.outOfMemory` without room for more than the caches hold.
  public init(sizes: CacheSizes = .current) throws(BenchmarkError) {
    let threads = ThreadPool.current.threadCount
    let bytes = max(4 * sizes.second, 2 * sizes.last / threads)
    streams = (0..<threads).compactMap { _ in MemoryStream(.read, byteCount: bytes) }
    guard streams.count == threads else { throw .outOfMemory(bytes: bytes * threads) }
  }

  public func run() {
    let streams = streams
    pool.runOnEach { streams[$0].evictOthers() }
  }
}

internal import AddendFiles
internal import AddendKernels

/// Sizes of the processor's data caches in bytes.
public struct CacheSizes: Hashable, Sendable {
  /// Of one processor's first two levels, and of the last one, which processors may share.
  public let first, second, last: Int

  public init(first: Int, second: Int, last: Int) {
    self.first = first
    self.second = second
    self.last = last
  }

  /// What Linux says of the first processor; sizes that are common elsewhere.
  public static let current: CacheSizes = {
    let folder = "/sys/devices/system/cpu/cpu0/cache"
    var sizes: [Int: Int] = [:]
    for index in 0..<8 {
      func entry(_ name: String) -> String? {
        let bytes = try? readFile(at: "\(folder)/index\(index)/\(name)", byteLimit: 1 << 16)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
      }
      guard let level = entry("level").flatMap({ Int($0.filter(\.isNumber)) }),
        let size = entry("size"), entry("type")?.hasPrefix("Instruction") != true,
        let number = Int(size.filter(\.isNumber))
      else { continue }
      sizes[level] = number * (size.contains("M") ? 1 << 20 : size.contains("K") ? 1 << 10 : 1)
    }
    let second = sizes[2] ?? 1 << 20
    return CacheSizes(
      first: sizes[1] ?? 1 << 15, second: second, last: sizes[3] ?? max(second, 1 << 24))
  }()

  /// Bytes that no cache holds a useful part of.
  public var beyond: Int { 4 * last }
}

/// Where an array lies that a loop passes over again and again.
public enum MemoryLevel: String, CaseIterable, Sendable {
  case first = "L1"
  case second = "L2"
  case last = "L3"
  case memory = "memory"

  /// Bytes for each of so many threads' arrays: half of the cache, or far more than all of it.
  public func byteCount(of sizes: CacheSizes, threads: Int) -> Int {
    switch self {
    case .first: sizes.first / 2
    case .second: sizes.second / 2
    case .last: max(sizes.second, sizes.last / 2 / threads)
    case .memory: max(1 << 26, sizes.beyond / threads)
    }
  }
}

/// The ceilings that kernels are measured against: what so many threads multiply and read at most.
public struct RooflineLimits: Hashable, Sendable {
  public let threads: Int
  /// Float32 multiply-adds a second.
  public let multiplyAdds: Double
  /// Bytes read a second.
  public let bandwidths: [MemoryLevel: Double]

  public init(threads: Int, multiplyAdds: Double, bandwidths: [MemoryLevel: Double]) {
    self.threads = threads
    self.multiplyAdds = multiplyAdds
    self.bandwidths = bandwidths
  }

  /// The higher of both at each: whatever else the machine does only ever lowers them.
  public func highest(_ other: RooflineLimits) -> RooflineLimits {
    precondition(threads == other.threads, "limits of as many threads")
    return RooflineLimits(
      threads: threads, multiplyAdds: max(multiplyAdds, other.multiplyAdds),
      bandwidths: bandwidths.merging(other.bandwidths, uniquingKeysWith: max))
  }

  /// Measures on all threads of the current pool.
  ///
  /// - Parameter milliseconds: for each of five parts of each ceiling.
  /// - Throws: `BenchmarkError.outOfMemory` without room for arrays beyond the caches.
  public static func measured(milliseconds: Int = 30) throws(BenchmarkError) -> RooflineLimits {
    var bandwidths: [MemoryLevel: Double] = [:]
    for level in MemoryLevel.allCases {
      bandwidths[level] = try LimitMeasurement.stream(.read, level, milliseconds: milliseconds).best
    }
    return RooflineLimits(
      threads: ThreadPool.current.threadCount,
      multiplyAdds: LimitMeasurement.operations(.multiplyAdds, milliseconds: milliseconds).best,
      bandwidths: bandwidths)
  }
}

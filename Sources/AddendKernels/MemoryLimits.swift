internal import CAddendKernels

/// Arrays that are passed over from end to end: what one thread moves at most.
public final class MemoryStream: Sendable {
  /// What is done with the arrays, as in McCalpin's STREAM.
  public enum Kind: Int, CaseIterable, Sendable {
    /// One array is read.
    case read
    /// One is read, another written.
    case copy
    /// Two are read, a third written: `c = a + 3 b`.
    case triad

    /// How many arrays are in use.
    public var arrayCount: Int { rawValue + 1 }
  }

  public let kind: Kind
  /// Floats in each array.
  public let count: Int
  private let memory: MappedBuffer<Float>

  /// `nil` where the system has no memory for it.
  ///
  /// - Parameter byteCount: of all arrays together; rounded up to what the loops want.
  public init?(_ kind: Kind, byteCount: Int) {
    precondition(byteCount > 0, "a stream has bytes")
    self.kind = kind
    count = (byteCount / kind.arrayCount + 511) / 512 * 128
    guard let memory = MappedBuffer<Float>(zeros: count * kind.arrayCount) else { return nil }
    self.memory = memory
    // Pages that were never written may all lie on one page of zeros.
    var span = memory.uniqueSpan
    for i in span.indices { span[i] = 1 }
  }

  /// Passes `rounds` times over the arrays and returns how many bytes were read and written; what a
  /// cache reads in order to write is not counted. Nobody else runs the same stream meanwhile.
  ///
  /// - Parameter bypassesCaches: writes results past the caches where the processor can.
  public func run(
    rounds: Int, bypassesCaches: Bool = false, using set: InstructionSet = .best
  ) -> Int {
    precondition(rounds >= 0 && InstructionSet.available.contains(set), "rounds on a set we have")
    let memory = memory
    var span = memory.uniqueSpan
    var result: Float = 0
    guard let a = unsafe span.address else { return 0 }
    let arrays = kind.arrayCount
    // Safe: the memory holds as many arrays of `count` floats as the kind uses.
    return Int(
      unsafe addend_limit_stream(
        set.isa, addend_stream(UInt32(kind.rawValue)), bypassesCaches,
        rounds, count, a, arrays > 1 ? a + count : nil, arrays > 2 ? a + 2 * count : nil, &result))
  }

  /// Reads all of it once, so that a cache that is smaller holds nothing else afterwards.
  public func evictOthers() { _ = run(rounds: 1) }
}

/// Lines of 64 bytes in one ring in random order: what memory answers to reads that nobody foresees.
public final class MemoryRing: Sendable {
  /// Bytes of a line.
  public static let lineByteCount = 64

  public let lineCount: Int
  private let memory: MappedBuffer<UInt64>

  /// `nil` where the system has no memory for it.
  public init?(byteCount: Int, seed: UInt64 = 1) {
    lineCount = byteCount / Self.lineByteCount
    precondition(1..<1 << 32 ~= lineCount, "a ring has lines")
    guard let memory = MappedBuffer<UInt64>(zeros: 8 * lineCount) else { return nil }
    self.memory = memory
    var span = memory.uniqueSpan
    guard let words = unsafe span.address else { return nil }
    unsafe addend_limit_link(lineCount, seed, words)
  }

  /// The number of the line that a line names as the next.
  public func next(after line: Int) -> Int {
    let memory = memory
    return Int(memory.span[8 * line])
  }

  /// Follows the ring from `chains` places at once and returns how many lines were read. With one
  /// chain each read waits for the one before.
  public func run(chains: Int, rounds: Int) -> Int {
    precondition(1...64 ~= chains && rounds >= 0, "1 to 64 chains")
    var result: UInt64 = 0
    let memory = memory
    let span = memory.span
    guard let words = unsafe span.address else { return 0 }
    // Safe: a ring's lines name lines of it.
    return Int(unsafe addend_limit_random_reads(chains, rounds, lineCount, words, &result))
  }
}

extension ThreadPool {
  /// Runs `body` on every thread of the pool at once, as far as each comes in time, with the number
  /// of the part.
  ///
  /// For loops that are long beside a hand-over: limits of all threads together.
  public func runOnEach(_ body: @Sendable (Int) -> Void) { run(threadCount, body) }
}

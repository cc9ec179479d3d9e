internal import AddendFiles
internal import AddendKernels
internal import AddendTensors

/// How fast look-ups in a giant table are, beside this machine's own matrix products.
///
/// The table stands for `words` matrices of `dimension²` numbers times `columns` vectors, an entry
/// being the index of a word. Its entries are random: what is measured is memory, and memory does not
/// mind. A look-up replaces a product of a matrix and a vector, `2 · dimension²` operations: these are
/// the equivalents, and they are not operations done. What is done is one read, and, with sums,
/// `dimension` additions.
public struct GiantTableBenchmark: Sendable {
  /// The extents of the table and of what is read.
  public struct Shape: Hashable, Sendable {
    /// Numbers in a vector.
    public var dimension: Int
    /// Matrices: rows of the table.
    public var rows: Int
    /// Vectors: columns, and words for results; 65,536 at most.
    public var columns: Int
    /// Vectors that go through the same matrices in one call.
    public var batch: Int
    /// Matrices whose results are added up for one sum.
    public var terms: Int
    /// Look-ups of one measurement.
    public var lookups: Int

    public init(
      dimension: Int = 256, rows: Int = 100_000, columns: Int = 10_000, batch: Int = 4096,
      terms: Int = 64, lookups: Int = 1 << 22
    ) {
      precondition(
        dimension > 0 && rows > 0 && 1...65_536 ~= columns && batch > 0 && 1...65_536 ~= terms
          && lookups > 0, "benchmark: extents")
      self.dimension = dimension
      self.rows = rows
      self.columns = columns
      self.batch = batch
      self.terms = terms
      self.lookups = lookups
    }

    /// Bytes of the table.
    public var tableByteCount: Int { 2 * rows * columns }

    /// Bytes of everything that a run holds at once.
    public var memoryByteCount: Int {
      let words = 2 * columns * dimension
      let grouped = 2 * terms * batch + 4 * batch * dimension
      return tableByteCount + words + grouped + 10 * lookups + 2 * terms * batch
    }
  }

  /// Where the table lies.
  public enum Storage: Hashable, Sendable {
    /// In memory from the system, in huge pages where it grants them.
    case memory
    /// In a file that is made at this path, mapped, and removed in the end.
    case file(path: String)
  }

  /// What one way of reading came to.
  public struct Result: Hashable, Sendable {
    /// `independent`, `chained`, `grouped`, `grouped-with-sums`, `closed-256`.
    public let name: String
    public let lookups: Int
    /// Numbers in the vectors that a look-up stands for.
    public let dimension: Int
    /// The median of the repetitions.
    public let seconds: Double
    /// The fastest and the slowest repetition.
    public let spread: ClosedRange<Double>
    public let lookupsPerSecond: Double
    /// `2 · dimension²` for each look-up: operations of the product that it stands for, none of
    /// which is done.
    public let equivalentOperationsPerSecond: Double
    /// Additions done.
    public let additionsPerSecond: Double
    /// Operations of a float32 matrix product of 1024×1024 matrices in the same run, two for each
    /// multiply-add; the best repetition.
    public let gemmOperationsPerSecond: Double
    public let threads: Int
  }

  public let shape: Shape
  public let storage: Storage
  public let repetitions: Int
  public let seed: UInt64

  public init(
    _ shape: Shape = Shape(), storage: Storage = .memory, repetitions: Int = 5, seed: UInt64 = 1
  ) {
    precondition(repetitions > 0, "a benchmark measures something")
    self.shape = shape
    self.storage = storage
    self.repetitions = repetitions
    self.seed = seed
  }

  /// Whether the system would grant the table's memory now.
  ///
  /// - Throws: `TableError.memoryRefused`.
  public func checkMemory() throws(TableError) {
    guard storage != .memory || MappedBuffer<UInt16>(zeros: shape.rows * shape.columns + 1) != nil
    else { throw .memoryRefused(bytes: Double(shape.tableByteCount)) }
  }

  /// Measures every way of reading on the threads of the current pool; chains run on one.
  ///
  /// - Parameter progress: Told what is measured next.
  /// - Throws: `TableError`: `memoryRefused`, or `file`.
  public func run(
    _ progress: (_ next: String) -> Void = { _ in }
  ) throws(TableError) -> [Result] {
    progress("matrix product")
    let gemm =
      2 * MachineRate.multiplyAddsPerSecond(size: 1024, repetitions: max(3, repetitions))
    progress("filling \(shape.tableByteCount) bytes")
    switch storage {
    case .memory:
      guard let table = MappedBuffer<UInt16>(zeros: shape.rows * shape.columns + 1) else {
        throw .memoryRefused(bytes: Double(shape.tableByteCount))
      }
      var entries = table.uniqueSpan
      GiantTableKernels.fill(&entries, below: shape.columns, seed: seed)
      return measure(table.span, gemm, progress)
    case .file(let path):
      try write(to: path)
      defer { try? removeFile(at: path) }
      let file: MappedFile
      do throws(MappedFile.Failure) {
        file = try MappedFile(contentsOf: path)
      } catch {
        throw .file(.failed(operation: "mapping", path: path, reason: "\(error)"))
      }
      let entries = file.elements(UInt16.self, at: 0, count: shape.rows * shape.columns + 1)
      return measure(entries, gemm, progress)
    }
  }

  /// Writes the same entries to a file, a piece at a time.
  private func write(to path: String) throws(TableError) {
    let total = shape.rows * shape.columns + 1
    let piece = AlignedBuffer<UInt16>(uninitializedCount: min(total, 1 << 22))
    do throws(FileError) {
      let file = try AtomicFile(replacing: path)
      for (number, first) in stride(from: 0, to: total, by: piece.count).enumerated() {
        var span = piece.uniqueSpan
        GiantTableKernels.fill(&span, below: shape.columns, seed: seed &+ UInt64(number))
        let count = min(piece.count, total - first)
        try file.append(bytes(of: piece.span.extracting(first: count)))
      }
      try file.commit()
    } catch {
      throw .file(error)
    }
  }
}

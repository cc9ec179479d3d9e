internal import CAddendKernels

/// Look-ups in tables of word indices that are much larger than the caches, as one instruction set
/// computes them.
///
/// `table[rows][columns]`: what a row's matrix makes of a column's vector, as a word's index. Behind
/// the last entry lies one more, which is read and dropped. Every set gives the same bits, on any
/// number of threads.
public struct GiantTableKernels: Sendable {
  public let instructionSet: InstructionSet

  /// - Precondition: this machine runs `instructionSet`.
  public init(_ instructionSet: InstructionSet) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    self.instructionSet = instructionSet
  }

  /// The kernels of this machine's widest set.
  public static let best = GiantTableKernels(.best)

  private var functions: addend_giant_kernels {
    addend_giant_select(instructionSet.isa)
  }

  // Safe throughout: extents and indices are checked before addresses are taken, parts write results
  // of their own, and C keeps no pointer.

  /// `result[k] = table[rows[k]][codes[k]]`: reads that do not wait for each other.
  public func read(
    _ table: Span<UInt16>, columns: Int, rows: Span<UInt32>, codes: Span<UInt16>,
    into result: inout MutableSpan<UInt16>
  ) {
    let count = result.count
    precondition(rows.count == count && codes.count == count, "giant read: extents")
    precondition(Self.isInside(table, columns, rows, codes), "giant read: an entry outside")
    guard let result = unsafe result.address else { return }
    ThreadPool.forEachPart(of: count, size: 1 << 16) { first, part in
      guard let rows = unsafe rows.address, let codes = unsafe codes.address else { return }
      unsafe functions.read(
        table.address, columns, rows + first, codes + first, part, result + first)
    }
  }

  /// `result[q][b] = table[rows[q]][codes[b]]`: one row at a time for a whole batch, while the next one
  /// comes into the cache.
  public func readGrouped(
    _ table: Span<UInt16>, columns: Int, rows: Span<UInt32>, codes: Span<UInt16>,
    into result: inout MutableSpan<UInt16>
  ) {
    let batch = codes.count
    precondition(result.count == rows.count * batch, "giant group: extents")
    precondition(Self.isInside(table, columns, rows, codes), "giant group: an entry outside")
    guard let result = unsafe result.address else { return }
    ThreadPool.forEachPart(of: rows.count, size: 64) { first, part in
      guard let rows = unsafe rows.address else { return }
      unsafe functions.group(
        table.address, columns, rows + first, part, codes.address, batch, result + first * batch)
    }
  }

  /// `sums[b][c] = Σ_q words[indices[q][b]][c]`, exact in 32 bits.
  ///
  /// `words` is `[·][dimension]`, `indices` `[terms][batch]` with at most 65,536 terms, `sums`
  /// `[batch][dimension]`.
  ///
  /// Cost: `terms · batch` words read, and `dimension` additions for each.
  public func sum(
    _ words: Span<Int16>, dimension: Int, indices: Span<UInt16>, terms: Int,
    into sums: inout MutableSpan<Int32>
  ) {
    precondition(dimension > 0 && words.count % dimension == 0, "giant sum: words")
    precondition(sums.count % dimension == 0 && terms <= 65_536, "giant sum: extents")
    let batch = sums.count / dimension
    precondition(indices.count == terms * batch, "giant sum: extents")
    precondition(indices.areBelow(words.count / dimension), "giant sum: an index beyond the words")
    guard let sums = unsafe sums.address else { return }
    ThreadPool.forEachPart(of: batch, size: 64) { first, part in
      unsafe functions.sum(
        words.address, dimension, indices.address, terms, batch, first, first + part, sums)
    }
  }

  /// `result[k] = table[codes[k]]`: one row of a closed table of 256 words, held in registers where
  /// the processor permutes bytes.
  public func readClosed(
    _ table: Span<UInt8>, codes: Span<UInt8>, into result: inout MutableSpan<UInt8>
  ) {
    let count = result.count
    precondition(table.count == 256 && codes.count == count, "closed read: extents")
    guard let result = unsafe result.address, let codes = unsafe codes.address else { return }
    ThreadPool.forEachPart(of: count, size: 1 << 20) { first, part in
      unsafe functions.closed_read(table.address, codes + first, part, result + first)
    }
  }

  /// The code after `code ← table[rows[k]][code]` for each of `rows`: every read waits for the one
  /// before. A code beyond the columns ends the chain.
  public static func chain(
    _ table: Span<UInt16>, columns: Int, rows: Span<UInt32>, from code: UInt16
  ) -> UInt16 {
    let none: [UInt16] = []
    precondition(isInside(table, columns, rows, none.span), "giant chain: a row outside")
    return unsafe addend_giant_chain(table.address, columns, rows.address, rows.count, code)
  }

  /// Writes numbers below `limit`, at most 65,536, drawn from `seed` and their place alone.
  public static func fill(_ table: inout MutableSpan<UInt16>, below limit: Int, seed: UInt64) {
    precondition(1...65_536 ~= limit, "giant fill: entries have 16 bits")
    let count = table.count
    guard let table = unsafe table.address else { return }
    ThreadPool.forEachPart(of: count, size: 1 << 22) { first, part in
      unsafe addend_giant_fill(table, first, first + part, UInt32(limit), seed)
    }
  }

  private static func isInside(
    _ table: Span<UInt16>, _ columns: Int, _ rows: Span<UInt32>, _ codes: Span<UInt16>
  ) -> Bool {
    guard columns > 0, columns <= 65_536, !table.isEmpty else { return false }
    return rows.areBelow((table.count - 1) / columns) && codes.areBelow(columns)
  }
}

extension Span where Element: UnsignedInteger & FixedWidthInteger & BitwiseCopyable {
  /// Whether every element is less than `limit`.
  fileprivate func areBelow(_ limit: Int) -> Bool {
    var largest: Element = 0
    for i in indices { largest = Swift.max(largest, self[i]) }
    return isEmpty || Int(largest) < limit
  }
}

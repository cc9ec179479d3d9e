internal import CAddendKernels

/// Outputs that one piece of work sums at a time.
private let outputsPerTask = 64

/// How many rows share the tables that a piece of work builds: enough to make little of that.
private let rowsPerProductTask = 512

/// What a product's tables are made of, built or not: entry `k` of block `j` is, for output `m`,
/// `corrections[j, k, m] + Σ_i prototypes[j, k, i] · w(positions[j, i], m)`, where `w(p, m)` is
/// `weight[p, m]`, or `weight[m, p]` for a weight that is transposed.
///
/// Shapes: `corrections` `[blocks, entries, outputs]` or empty for none; `prototypes` `[blocks, entries,
/// blockSize]`; `positions` `[blocks, blockSize]`, −1 in the padding; `weight` `[inputs, outputs]`, or
/// `[outputs, inputs]` where it is transposed.
public struct LookupFactors<Scalar>: ~Escapable {
  public let corrections: Span<Scalar>
  public let prototypes: Span<Scalar>
  public let positions: Span<Int32>
  public let weight: Span<Scalar>
  public let transposesWeight: Bool

  @_lifetime(copy corrections, copy prototypes, copy positions, copy weight)
  public init(
    corrections: Span<Scalar>, prototypes: Span<Scalar>, positions: Span<Int32>,
    weight: Span<Scalar>, transposesWeight: Bool = false
  ) {
    self.corrections = corrections
    self.prototypes = prototypes
    self.positions = positions
    self.weight = weight
    self.transposesWeight = transposesWeight
  }
}

/// `y[r, :] = Σ_j tables[j, codes[j, r], :]`, blocks in order.
///
/// Shapes: `tables` `[blocks, entries, outputs]`, `codes` `[blocks, rows]`, `y` `[rows, outputs]`.
public func sumEntries(
  of tables: Span<Float>, at codes: Span<UInt8>, _ shape: LookupShape,
  into y: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(tables.count == shape.tableCount, "look-up sums: tables")
  checkSums(at: codes, shape, into: y)
  // Safe: the extents were checked above, and no pointer outlives the call.
  unsafe tables.withUnsafeBufferPointer { tables in
    let parts = unsafe addend_lookup_tables(
      corrections: tables.baseAddress, prototypes: nil, positions: nil, weight: nil, weight_row: 0,
      weight_column: 0, outputs: shape.outputs)
    unsafe sum(parts, blockSize: 0, at: codes, shape, into: &y, using: set)
  }
}

/// `sumEntries` of tables that are built a few blocks at a time, as `buildTables` would, and never
/// leave the cache.
public func sumEntries(
  of factors: borrowing LookupFactors<Float>, at codes: Span<UInt8>, _ shape: LookupShape,
  into y: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  checkSums(at: codes, shape, into: y)
  unsafe withParts(of: factors, shape) { parts in
    unsafe sum(parts, blockSize: shape.blockSize, at: codes, shape, into: &y, using: set)
  }
}

/// Checks the extents of `factors` and calls `body` with them, of which no pointer may be kept.
func withParts(
  of factors: borrowing LookupFactors<Float>, _ shape: LookupShape,
  _ body: (addend_lookup_tables) -> Void
) {
  precondition(
    (factors.corrections.count == shape.tableCount || factors.corrections.isEmpty)
      && factors.prototypes.count == shape.prototypeCount
      && factors.weight.count == shape.inputs * shape.outputs, "look-up products: extents")
  checkPositions(factors.positions, shape)
  let isTransposed = factors.transposesWeight
  // Safe: the extents were checked above, and no pointer outlives the call.
  unsafe factors.corrections.withUnsafeBufferPointer { corrections in
    unsafe factors.prototypes.withUnsafeBufferPointer { prototypes in
      unsafe factors.positions.withUnsafeBufferPointer { positions in
        unsafe factors.weight.withUnsafeBufferPointer { weight in
          unsafe body(
            addend_lookup_tables(
              corrections: corrections.count == 0 ? nil : corrections.baseAddress,
              prototypes: prototypes.baseAddress, positions: positions.baseAddress,
              weight: weight.baseAddress, weight_row: isTransposed ? 1 : shape.outputs,
              weight_column: isTransposed ? shape.inputs : 1, outputs: shape.outputs))
        }
      }
    }
  }
}

private func checkSums(
  at codes: Span<UInt8>, _ shape: LookupShape, into y: borrowing MutableSpan<Float>
) {
  precondition(
    codes.count == shape.codeCount && y.count == shape.rows * shape.outputs
      && shape.blockSize <= 64,
    "look-up sums: extents")
  checkCodes(codes, below: shape.entries)
}

/// The caller has checked all extents.
private func sum(
  _ parts: addend_lookup_tables, blockSize: Int, at codes: Span<UInt8>, _ shape: LookupShape,
  into y: inout MutableSpan<Float>, using set: InstructionSet
) {
  guard let product = unsafe lookupKernels(set).product else { return }
  let tiles = (shape.outputs + outputsPerTask - 1) / outputsPerTask
  let rowParts = (shape.rows + rowsPerProductTask - 1) / rowsPerProductTask
  // Safe: tasks write tiles of their own, and C keeps no pointer.
  unsafe codes.withUnsafeBufferPointer { codes in
    unsafe y.withUnsafeMutableBufferPointer { y in
      guard let codes = codes.baseAddress, let y = y.baseAddress else { return }
      ThreadPool.current.run(tiles * rowParts) { task in
        let first = task % tiles * outputsPerTask
        let row = task / tiles * rowsPerProductTask
        let rows = min(rowsPerProductTask, shape.rows - row)
        let scratch = AlignedBuffer<Float>(uninitializedCount: rows * outputsPerTask)
        var span = scratch.uniqueSpan
        unsafe span.withUnsafeMutableBufferPointer { scratch in
          unsafe withUnsafePointer(to: parts) { parts in
            unsafe product(
              codes + row, shape.rows, rows, parts, shape.blocks, shape.entries, blockSize, first,
              min(outputsPerTask, shape.outputs - first), scratch.baseAddress,
              y + row * shape.outputs + first, shape.outputs)
          }
        }
      }
    }
  }
}

internal import CAddendKernels

/// How many rows one thread takes at a time: enough for whole registers, few enough to share out.
private let rowsPerTask = 64

/// The kernels of an instruction set that this machine must have.
func lookupKernels(_ set: InstructionSet) -> addend_lookup_kernels {
  return addend_lookup_select(set.isa)
}

/// Walks each block's tree: `codes[j, r]` is the leaf that row `r` reaches in block `j`.
///
/// Shapes: `x` `[rows, inputs]`; `columns` `[blocks, levels]`, the input that each level compares;
/// `thresholds` `[blocks, entries]`, nodes counted from 1 as in a heap; `codes` `[blocks, rows]`.
public func encodeLookups(
  _ x: Span<Float>, _ shape: LookupShape, columns: Span<Int32>, thresholds: Span<Float>,
  into codes: inout MutableSpan<UInt8>, using set: InstructionSet = .best
) {
  precondition(
    x.count == shape.rows * shape.inputs && codes.count == shape.codeCount, "encode: rows")
  precondition(
    columns.count == shape.blocks * shape.levels
      && thresholds.count == shape.blocks * shape.entries, "encode: trees")
  for i in columns.indices {
    precondition(0..<shape.inputs ~= Int(columns[i]), "encode: a column is one of the inputs")
  }
  guard let encode = unsafe lookupKernels(set).encode else { return }
  // Safe: the extents were checked above, tasks write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe columns.withUnsafeBufferPointer { columns in
      unsafe thresholds.withUnsafeBufferPointer { thresholds in
        unsafe codes.withUnsafeMutableBufferPointer { codes in
          guard let x = x.baseAddress, let codes = codes.baseAddress else { return }
          forEachRowTask(shape.rows) { first, rows in
            let scratch = AlignedBuffer<Float>(uninitializedCount: 16 * shape.inputs)
            var span = scratch.uniqueSpan
            unsafe span.withUnsafeMutableBufferPointer { scratch in
              unsafe encode(
                x + first * shape.inputs, rows, shape.inputs, columns.baseAddress,
                thresholds.baseAddress, shape.blocks, shape.levels, scratch.baseAddress,
                codes + first, shape.rows)
            }
          }
        }
      }
    }
  }
}

/// Sums each block's inputs under `levels` patterns of signs: what a hash compares.
///
/// `h[r, j, l] = Σ_i ±x[r, positions[j, i]]`. Shapes: `positions` `[blocks, blockSize]`, −1 in the
/// padding; `signs` `[levels, blockSize]`; `h` `[rows, blocks, levels]`.
public func hashSums(
  _ x: Span<Float>, _ shape: LookupShape, positions: Span<Int32>, signs: Span<Int8>,
  into h: inout MutableSpan<Float>
) {
  precondition(
    x.count == shape.rows * shape.inputs && h.count == shape.codeCount * shape.levels, "hash: rows")
  precondition(signs.count == shape.levels * shape.blockSize, "hash: signs")
  checkPositions(positions, shape)
  // Safe: the extents were checked above, tasks write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe positions.withUnsafeBufferPointer { positions in
      unsafe signs.withUnsafeBufferPointer { signs in
        unsafe h.withUnsafeMutableBufferPointer { h in
          guard let x = x.baseAddress, let h = h.baseAddress else { return }
          forEachRowTask(shape.rows) { first, rows in
            unsafe addend_lookup_hash(
              x + first * shape.inputs, rows, shape.inputs, positions.baseAddress,
              signs.baseAddress, shape.blocks, shape.blockSize, shape.levels,
              h + first * shape.blocks * shape.levels)
          }
        }
      }
    }
  }
}

/// `y[r, m] = scales[m] · Σ_j tables[m, j, codes[j, r]] + offsets[m]`, sums exact in integers.
///
/// Shapes: `tables` `[outputs, paddedBlocks, packedEntries]`, zero past `blocks` and past `entries`; `y`
/// `[rows, outputs]`.
public func sumPackedEntries(
  of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupShape, scales: Span<Float>,
  offsets: Span<Float>, into y: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    tables.count == shape.packedCount && codes.count == shape.codeCount
      && scales.count == shape.outputs && offsets.count == shape.outputs
      && y.count == shape.rows * shape.outputs, "look-up sums: extents")
  checkCodes(codes, below: shape.packedEntries)
  let kernels = lookupKernels(set)
  guard let scan = unsafe kernels.scan, let wide = unsafe kernels.scan_wide else { return }
  // Safe: the extents were checked above, tasks write rows of their own, and C keeps no pointer.
  unsafe tables.withUnsafeBufferPointer { tables in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe scales.withUnsafeBufferPointer { scales in
        unsafe offsets.withUnsafeBufferPointer { offsets in
          unsafe y.withUnsafeMutableBufferPointer { y in
            guard let codes = codes.baseAddress, let y = y.baseAddress else { return }
            forEachRowTask(shape.rows) { first, rows in
              if shape.packedEntries == 16 {
                unsafe scan(
                  codes + first, shape.rows, rows, tables.baseAddress, shape.blocks, shape.outputs,
                  scales.baseAddress, offsets.baseAddress, y + first * shape.outputs)
              } else {
                unsafe wide(
                  codes + first, shape.rows, rows, tables.baseAddress, shape.blocks,
                  shape.packedEntries, shape.outputs, scales.baseAddress, offsets.baseAddress,
                  y + first * shape.outputs)
              }
            }
          }
        }
      }
    }
  }
}

/// Takes codes of several stages apart: `y[s, j, r]` is the part of `codes[j, r]` that stage `s` of
/// `shape` found, the first in the highest bits.
public func splitStages(
  _ codes: Span<UInt8>, _ shape: LookupShape, into y: inout MutableSpan<UInt8>
) {
  precondition(
    y.count == shape.codeCount && codes.count * shape.stages == y.count, "stages: extents")
  for stage in 0..<shape.stages {
    let shift = UInt8((shape.stages - 1 - stage) * shape.levels)
    let mask = UInt8(shape.entries - 1)
    for i in codes.indices { y[stage * codes.count + i] = codes[i] >> shift & mask }
  }
}

/// Calls `body` with the first row and the number of rows of each piece of work.
func forEachRowTask(_ rows: Int, _ body: (_ first: Int, _ rows: Int) -> Void) {
  ThreadPool.current.run((rows + rowsPerTask - 1) / rowsPerTask) { task in
    let first = task * rowsPerTask
    body(first, min(rowsPerTask, rows - first))
  }
}

func checkPositions(_ positions: Span<Int32>, _ shape: LookupShape) {
  precondition(positions.count == shape.blocks * shape.blockSize, "positions: extents")
  for i in positions.indices {
    let isPadding = positions[i] == -1 && i % shape.blockSize != 0
    precondition(isPadding || 0..<shape.inputs ~= Int(positions[i]), "a position is an input")
  }
}

/// The largest code, found in whole words' steps: a check that costs little beside the sums.
func checkCodes(_ codes: Span<UInt8>, below limit: Int) {
  var bits: UInt8 = 0
  for i in codes.indices { bits |= codes[i] }
  precondition(Int(bits) < limit, "a code names one of \(limit) entries")
}

internal import CAddendKernels

/// `dx[r, p] += α (x[r, p] − prototypes[j, codes[j, r], i])` for each input `p = positions[j, i]`.
///
/// With several stages, the prototypes of all of them are subtracted.
///
/// Shapes: `x` and `dx` `[rows, inputs]`, `prototypes` `[blocks, entries, blockSize]`, `codes`
/// `[blocks, rows]`, `positions` `[blocks, blockSize]` with −1 in the padding.
public func addDeviations(
  of x: Span<Float>, from prototypes: Span<Float>, at codes: Span<UInt8>, positions: Span<Int32>,
  _ shape: LookupShape, times alpha: Float, to dx: inout MutableSpan<Float>,
  using set: InstructionSet = .best
) {
  precondition(
    x.count == shape.rows * shape.inputs && dx.count == x.count
      && prototypes.count == shape.prototypeCount && codes.count == shape.codeCount,
    "deviations: extents")
  checkPositions(positions, shape)
  checkCodes(codes, below: shape.entries)
  guard let add = unsafe lookupKernels(set).deviations else { return }
  // Safe: the extents were checked above, tasks write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe prototypes.withUnsafeBufferPointer { prototypes in
      unsafe codes.withUnsafeBufferPointer { codes in
        unsafe positions.withUnsafeBufferPointer { positions in
          unsafe dx.withUnsafeMutableBufferPointer { dx in
            guard let x = x.baseAddress, let dx = dx.baseAddress,
              let codes = codes.baseAddress
            else { return }
            forEachRowTask(shape.rows) { first, rows in
              unsafe add(
                x + first * shape.inputs, rows, shape.inputs, prototypes.baseAddress,
                codes + first, shape.rows, positions.baseAddress, shape.blocks / shape.stages,
                shape.stages, shape.entries, shape.blockSize, alpha, dx + first * shape.inputs)
            }
          }
        }
      }
    }
  }
}

/// `tables[j, k, :]`, entry by entry what `factors` says.
///
/// Shapes: `tables` `[blocks, entries, outputs]`, the others as `LookupFactors` has them.
public func buildTables(
  of factors: borrowing LookupFactors<Float>, _ shape: LookupShape,
  into tables: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(tables.count == shape.tableCount, "tables: extents")
  guard let build = unsafe lookupKernels(set).table else { return }
  // Safe: tasks write blocks of their own, and C keeps no pointer.
  unsafe tables.withUnsafeMutableBufferPointer { tables in
    guard let tables = tables.baseAddress else { return }
    unsafe withParts(of: factors, shape) { parts in
      ThreadPool.current.run(shape.blocks) { j in
        unsafe withUnsafePointer(to: parts) { parts in
          unsafe build(
            parts, j, shape.entries, shape.blockSize, tables + j * shape.entries * shape.outputs)
        }
      }
    }
  }
}

/// Brings the largest magnitude of each row of `x` into [1/2, 1) by a power of two: `y[r, :] = x[r, :] /
/// scales[r]`. The scale of a row of zeros is 1, of one that is not finite NaN; all are from 2⁻¹²⁶
/// to 2¹²⁷.
public func scaleRowsToOne(
  _ x: Span<Float>, into y: inout MutableSpan<Float>, scales: inout MutableSpan<Float>
) {
  let rows = scales.count
  precondition(x.count == y.count && (rows == 0 ? x.isEmpty : x.count % rows == 0), "rows' scales")
  guard rows > 0 else { return }
  let width = x.count / rows
  // Safe: the extents were checked above, tasks write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe y.withUnsafeMutableBufferPointer { y in
      unsafe scales.withUnsafeMutableBufferPointer { scales in
        guard let x = x.baseAddress, let y = y.baseAddress, let scales = scales.baseAddress else {
          return
        }
        forEachRowTask(rows) { first, count in
          unsafe addend_lookup_scale_to_one(
            x + first * width, count, width, y + first * width, scales + first)
        }
      }
    }
  }
}

/// `x[r, :] *= scales[r]`.
public func scaleRows(_ x: inout MutableSpan<Float>, by scales: Span<Float>) {
  let rows = scales.count
  precondition(rows == 0 ? x.isEmpty : x.count % rows == 0, "rows' scales")
  guard rows > 0 else { return }
  let width = x.count / rows
  // Safe: the extents were checked above, tasks write rows of their own, and C keeps no pointer.
  unsafe x.withUnsafeMutableBufferPointer { x in
    unsafe scales.withUnsafeBufferPointer { scales in
      guard let x = x.baseAddress, let scales = scales.baseAddress else { return }
      forEachRowTask(rows) { first, count in
        unsafe addend_lookup_scale_rows(x + first * width, count, width, scales + first)
      }
    }
  }
}

internal import CAddendKernels

/// `y[r, :] = Σ_j tables[j, codes[j, r], :]`, blocks in order.
///
/// Shapes: `tables` `[blocks, entries, outputs]`, `codes` `[blocks, rows]`, `y` `[rows, outputs]`.
public func sumEntries(
  of tables: Span<Float>, at codes: Span<UInt8>, _ shape: LookupShape,
  into y: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    tables.count == shape.tableCount && codes.count == shape.codeCount
      && y.count == shape.rows * shape.outputs, "look-up sums: extents")
  checkCodes(codes, below: shape.entries)
  guard let sum = unsafe lookupKernels(set).sum else { return }
  // Safe: the extents were checked above, tasks write rows of their own, and C keeps no pointer.
  unsafe tables.withUnsafeBufferPointer { tables in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe y.withUnsafeMutableBufferPointer { y in
        guard let codes = codes.baseAddress, let y = y.baseAddress else { return }
        forEachRowTask(shape.rows) { first, rows in
          unsafe sum(
            codes + first, shape.rows, rows, tables.baseAddress, shape.blocks, shape.entries,
            shape.outputs, y + first * shape.outputs)
        }
      }
    }
  }
}

/// `sums[j, k, :] = Σ dy[r, :]` over the rows `r`, in order, whose code in block `j` is `k`.
///
/// Shapes: `dy` `[rows, outputs]`, `codes` `[blocks, rows]`, `sums` `[blocks, entries, outputs]`.
public func bucketSums(
  of dy: Span<Float>, by codes: Span<UInt8>, _ shape: LookupShape,
  into sums: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    sums.count == shape.tableCount && codes.count == shape.codeCount
      && dy.count == shape.rows * shape.outputs, "bucket sums: extents")
  checkCodes(codes, below: shape.entries)
  guard let bucket = unsafe lookupKernels(set).bucket else { return }
  // Safe: the extents were checked above, tasks write blocks of their own, and C keeps no pointer.
  unsafe dy.withUnsafeBufferPointer { dy in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        // Without rows there are no codes to point to, and the sums are still zero.
        let none: UInt8 = 0
        unsafe withUnsafePointer(to: none) { none in
          guard let sums = sums.baseAddress else { return }
          ThreadPool.current.run(shape.blocks) { j in
            unsafe bucket(
              codes.baseAddress.map { unsafe $0 + j * shape.rows } ?? none, shape.rows,
              dy.baseAddress, shape.entries, shape.outputs,
              sums + j * shape.entries * shape.outputs)
          }
        }
      }
    }
  }
}

/// `dx[r, p] += α (x[r, p] − prototypes[j, codes[j, r], i])` for each input `p = positions[j, i]`.
///
/// Shapes: `x` and `dx` `[rows, inputs]`, `prototypes` `[blocks, entries, blockSize]`, `codes`
/// `[blocks, rows]`, `positions` `[blocks, blockSize]` with −1 in the padding.
public func addDeviations(
  of x: Span<Float>, from prototypes: Span<Float>, at codes: Span<UInt8>, positions: Span<Int32>,
  _ shape: LookupShape, times alpha: Float, to dx: inout MutableSpan<Float>
) {
  precondition(
    x.count == shape.rows * shape.inputs && dx.count == x.count
      && prototypes.count == shape.prototypeCount && codes.count == shape.codeCount,
    "deviations: extents")
  checkPositions(positions, shape)
  checkCodes(codes, below: shape.entries)
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
              unsafe addend_lookup_deviations(
                x + first * shape.inputs, rows, shape.inputs, prototypes.baseAddress,
                codes + first, shape.rows, positions.baseAddress, shape.blocks, shape.entries,
                shape.blockSize, alpha, dx + first * shape.inputs)
            }
          }
        }
      }
    }
  }
}

/// `tables[j, k, :] = corrections[j, k, :] + Σ_i prototypes[j, k, i] · weight[positions[j, i], :]`.
///
/// Shapes: `corrections` and `tables` `[blocks, entries, outputs]`, `prototypes` `[blocks, entries,
/// blockSize]`, `positions` `[blocks, blockSize]` with −1 in the padding, `weight` `[inputs,
/// outputs]`.
public func buildTables(
  corrections: Span<Float>, prototypes: Span<Float>, positions: Span<Int32>, weight: Span<Float>,
  _ shape: LookupShape, into tables: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    corrections.count == shape.tableCount && tables.count == shape.tableCount
      && prototypes.count == shape.prototypeCount && weight.count == shape.inputs * shape.outputs,
    "tables: extents")
  checkPositions(positions, shape)
  guard let build = unsafe lookupKernels(set).table else { return }
  // Safe: the extents were checked above, tasks write blocks of their own, and C keeps no pointer.
  unsafe corrections.withUnsafeBufferPointer { corrections in
    unsafe prototypes.withUnsafeBufferPointer { prototypes in
      unsafe positions.withUnsafeBufferPointer { positions in
        unsafe weight.withUnsafeBufferPointer { weight in
          unsafe tables.withUnsafeMutableBufferPointer { tables in
            guard let corrections = corrections.baseAddress, let tables = tables.baseAddress,
              let prototypes = prototypes.baseAddress, let positions = positions.baseAddress
            else { return }
            let table = shape.entries * shape.outputs
            ThreadPool.current.run(shape.blocks) { j in
              unsafe build(
                corrections + j * table, prototypes + j * shape.entries * shape.blockSize,
                positions + j * shape.blockSize, weight.baseAddress, shape.entries,
                shape.blockSize, shape.outputs, tables + j * table)
            }
          }
        }
      }
    }
  }
}

/// The adjoints of `buildTables`, given the bucket sums `[blocks, entries, outputs]`:
/// `dweight[positions[j, i], :] = Σ_k prototypes[j, k, i] · sums[j, k, :]`, put in place of what the
/// span holds or added to it, and `dprototypes[j, k, i] = Σ_m sums[j, k, m] · weight[positions[j, i],
/// m]`, overwritten.
///
/// Every input is in one position of one block.
public func tableGradients(
  sums: Span<Float>, prototypes: Span<Float>, positions: Span<Int32>, weight: Span<Float>,
  _ shape: LookupShape, accumulates: Bool, weightGradient: inout MutableSpan<Float>,
  prototypeGradient: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  let weights = shape.inputs * shape.outputs
  precondition(
    sums.count == shape.tableCount && prototypes.count == shape.prototypeCount
      && prototypeGradient.count == shape.prototypeCount && weight.count == weights
      && weightGradient.count == weights, "table gradients: extents")
  checkPositions(positions, shape)
  guard let adjoint = unsafe lookupKernels(set).adjoint else { return }
  // Safe: the extents were checked above, each task writes its block's rows, which no other block
  // has, and C keeps no pointer.
  unsafe sums.withUnsafeBufferPointer { sums in
    unsafe prototypes.withUnsafeBufferPointer { prototypes in
      unsafe positions.withUnsafeBufferPointer { positions in
        unsafe weight.withUnsafeBufferPointer { weight in
          unsafe weightGradient.withUnsafeMutableBufferPointer { weightGradient in
            unsafe prototypeGradient.withUnsafeMutableBufferPointer { prototypeGradient in
              guard let sums = sums.baseAddress, let prototypes = prototypes.baseAddress,
                let positions = positions.baseAddress,
                let prototypeGradient = prototypeGradient.baseAddress
              else { return }
              let block = shape.entries * shape.blockSize
              ThreadPool.current.run(shape.blocks) { j in
                unsafe adjoint(
                  sums + j * shape.entries * shape.outputs, prototypes + j * block,
                  positions + j * shape.blockSize, weight.baseAddress, shape.entries,
                  shape.blockSize, shape.outputs, accumulates ? 1 : 0, weightGradient.baseAddress,
                  prototypeGradient + j * block)
              }
            }
          }
        }
      }
    }
  }
}

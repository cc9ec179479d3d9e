internal import CAddendKernels

/// The gradients of a look-up product towards what its tables are made of, codes held fixed.
///
/// With the buckets `S[j, k, :] = Σ dy[r, :]` over the rows `r`, in order, whose code in block `j` is
/// `k`: `corrections[j, k, :] = S[j, k, :]`, `weight[positions[j, i], :] = Σ_k prototypes[j, k, i] ·
/// S[j, k, :]`, both put in place of what the spans hold or added to it, and `prototypes[j, k, i] =
/// Σ_m S[j, k, m] · weight[positions[j, i], m]`, overwritten.
///
/// Every input is in one position of one block. Shapes: `dy` `[rows, outputs]`, `codes` `[blocks,
/// rows]`; the others as `LookupFactors` has them, and gradients as what they belong to.
public func lookupGradients(
  of dy: Span<Float>, at codes: Span<UInt8>, _ factors: borrowing LookupFactors<Float>,
  _ shape: LookupShape, accumulatesCorrections: Bool, accumulatesWeight: Bool,
  corrections: inout MutableSpan<Float>, weight: inout MutableSpan<Float>,
  prototypes: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    corrections.count == shape.tableCount && prototypes.count == shape.prototypeCount
      && factors.prototypes.count == prototypes.count && weight.count == factors.weight.count
      && weight.count == shape.inputs * shape.outputs && !factors.transposesWeight,
    "look-up gradients: parameters")
  precondition(
    codes.count == shape.codeCount && dy.count == shape.rows * shape.outputs
      && shape.blockSize <= 64, "look-up gradients: rows")
  checkPositions(factors.positions, shape)
  checkCodes(codes, below: shape.entries)
  // Safe: the extents were checked above, and no pointer outlives the call.
  unsafe dy.withUnsafeBufferPointer { dy in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe factors.prototypes.withUnsafeBufferPointer { p in
        unsafe factors.positions.withUnsafeBufferPointer { positions in
          unsafe factors.weight.withUnsafeBufferPointer { w in
            unsafe corrections.withUnsafeMutableBufferPointer { dr in
              unsafe weight.withUnsafeMutableBufferPointer { dw in
                unsafe prototypes.withUnsafeMutableBufferPointer { dp in
                  let operands = unsafe GradientOperands(
                    dy: dy, codes: codes, prototypes: p, positions: positions, weight: w)
                  let results = unsafe addend_lookup_gradients(
                    corrections: dr.baseAddress, weight: dw.baseAddress, prototypes: dp.baseAddress,
                    adds_corrections: accumulatesCorrections ? 1 : 0,
                    adds_weight: accumulatesWeight ? 1 : 0)
                  unsafe addGradients(operands, results, shape, using: set)
                }
              }
            }
          }
        }
      }
    }
  }
}

/// What is read; valid during one call.
@unsafe private struct GradientOperands {
  let dy: UnsafeBufferPointer<Float>
  let codes: UnsafeBufferPointer<UInt8>
  let prototypes: UnsafeBufferPointer<Float>
  let positions: UnsafeBufferPointer<Int32>
  let weight: UnsafeBufferPointer<Float>
}

/// The caller has checked all extents.
private func addGradients(
  _ operands: GradientOperands, _ results: addend_lookup_gradients, _ shape: LookupShape,
  using set: InstructionSet
) {
  guard let add = unsafe lookupKernels(set).gradients,
    let prototypes = unsafe operands.prototypes.baseAddress,
    let positions = unsafe operands.positions.baseAddress
  else { return }
  // Blocks that share what they read of dy: as many as leave work for several threads.
  let group = max(1, min(16, (shape.blocks + 7) / 8, 256 / shape.entries))
  let rowsAtOnce = min(shape.rows, Int(ADDEND_LOOKUP_ROWS_AT_ONCE))
  let block = shape.entries * shape.blockSize
  // Without rows there are no codes to point to, and the sums are still zero.
  let none: UInt8 = 0
  // Safe: each task writes the parameters of its blocks, which no other block has.
  unsafe withUnsafePointer(to: none) { none in
    ThreadPool.current.run((shape.blocks + group - 1) / group) { task in
      let j = task * group
      let blocks = min(group, shape.blocks - j)
      let scratch = AlignedBuffer<Float>(
        uninitializedCount: 64 * rowsAtOnce + group * shape.entries * (64 + 16 * shape.blockSize))
      let order = AlignedBuffer<UInt16>(uninitializedCount: group * rowsAtOnce)
      var scratchSpan = scratch.uniqueSpan
      var orderSpan = order.uniqueSpan
      var own = unsafe results
      unsafe own.corrections += j * shape.entries * shape.outputs
      unsafe own.prototypes += j * block
      unsafe scratchSpan.withUnsafeMutableBufferPointer { scratch in
        unsafe orderSpan.withUnsafeMutableBufferPointer { order in
          unsafe add(
            operands.codes.baseAddress.map { unsafe $0 + j * shape.rows } ?? none, shape.rows,
            shape.rows, operands.dy.baseAddress, prototypes + j * block,
            positions + j * shape.blockSize, operands.weight.baseAddress, blocks, shape.entries,
            shape.blockSize, shape.outputs, &own, scratch.baseAddress, order.baseAddress)
        }
      }
    }
  }
}

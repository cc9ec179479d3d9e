internal import CAddendKernels

/// The gradients of a look-up product towards what its tables are made of, codes held fixed.
///
/// With the buckets `S[j, k, :] = Σ dy[r, :]` over the rows `r`, in order, whose code in block `j` is
/// `k`: `corrections[j, k, :] = S[j, k, :]`, `weight[positions[j, i], :] = Σ_k prototypes[j, k, i] ·
/// S[j, k, :]`, both put in place of what the spans hold or added to it, and `prototypes[j, k, i] =
/// Σ_m S[j, k, m] · weight[positions[j, i], m]`, overwritten.
///
/// Every input is in one position of one block of each stage. Shapes: `dy` `[rows, outputs]`,
/// `codes` `[blocks, rows]`; the others as `LookupFactors` has them, and gradients as what they
/// belong to.
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

/// `sums[j, k, :] = Σ y[r, :]` over the rows `r`, in order, whose code in block `j` is `k`.
///
/// Shapes: `y` `[rows, outputs]`, `codes` `[blocks, rows]`, `sums` `[blocks, entries, outputs]`.
public func bucketSums(
  of y: Span<Float>, at codes: Span<UInt8>, _ shape: LookupShape,
  into sums: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    sums.count == shape.tableCount && codes.count == shape.codeCount
      && y.count == shape.rows * shape.outputs, "bucket sums: extents")
  checkCodes(codes, below: shape.entries)
  var none: Float = 0
  // Safe: the extents were checked above, and without inputs the other operands are not read.
  unsafe y.withUnsafeBufferPointer { y in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe withUnsafeMutablePointer(to: &none) { none in
          let operands = unsafe GradientOperands(
            dy: y, codes: codes, prototypes: UnsafeBufferPointer(start: none, count: 0),
            positions: UnsafeBufferPointer(start: nil, count: 0),
            weight: UnsafeBufferPointer(start: none, count: 0))
          let results = unsafe addend_lookup_gradients(
            corrections: sums.baseAddress, weight: none, prototypes: none, adds_corrections: 0,
            adds_weight: 0)
          unsafe addGradients(operands, results, shape, blockSize: 0, 0..<shape.blocks, using: set)
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
  // Each task writes the parameters of its blocks, which no other block of the stage has.
  let stage = shape.blocks / shape.stages
  for first in stride(from: 0, to: shape.blocks, by: stage) {
    var own = unsafe results
    if first > 0 { unsafe own.adds_weight = 1 }
    unsafe addGradients(
      operands, own, shape, blockSize: shape.blockSize, first..<first + stage, using: set)
  }
}

private func addGradients(
  _ operands: GradientOperands, _ results: addend_lookup_gradients, _ shape: LookupShape,
  blockSize: Int, _ range: Range<Int>, using set: InstructionSet
) {
  guard let add = unsafe lookupKernels(set).gradients,
    let prototypes = unsafe operands.prototypes.baseAddress
  else { return }
  // Blocks that share what they read of dy: as many as leave work for several threads.
  let group = max(1, min(16, (range.count + 7) / 8, 256 / shape.entries))
  let rowsAtOnce = min(shape.rows, Int(ADDEND_LOOKUP_ROWS_AT_ONCE))
  let block = shape.entries * blockSize
  // Without rows there are no codes to point to, and the sums are still zero.
  let none: UInt8 = 0
  // Safe: each task writes the parameters of its blocks, which no other block has.
  unsafe withUnsafePointer(to: none) { none in
    ThreadPool.current.run((range.count + group - 1) / group) { task in
      let j = range.lowerBound + task * group
      let blocks = min(group, range.upperBound - j)
      let scratch = AlignedBuffer<Float>(
        uninitializedCount: 64 * rowsAtOnce + group * shape.entries * (64 + 16 * blockSize))
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
            operands.positions.baseAddress.map { unsafe $0 + j * blockSize },
            operands.weight.baseAddress, blocks, shape.entries,
            blockSize, shape.outputs, &own, scratch.baseAddress, order.baseAddress)
        }
      }
    }
  }
}

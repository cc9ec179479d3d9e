internal import CAddendKernels

/// Learns each block's tree from `x`: level by level the column and the nodes' thresholds that leave
/// the least squared distance of the rows to their buckets' means, over all columns of the block.
///
/// Every threshold halfway between two different values is tried, by running sums over the rows in
/// order of the column; the published algorithm looks at the 4 columns of largest error only.
/// (Blalock & Guttag, *Multiplying Matrices Without Multiplying*, ICML 2021, §4.2, algorithms 1 to 3.)
///
/// Shapes: `x` `[rows, inputs]`; `positions` `[blocks, blockSize]`, −1 in the padding; `columns`
/// `[blocks, levels]`, positions within the block; `thresholds` `[blocks, entries]`, nodes counted from
/// 1 as in a heap, infinite where a bucket stays whole.
///
/// With `compared` given, the levels of a tree compare at most so many different columns.
///
/// Cost: a sort of the rows for each input, then `levels · blockSize²` additions and as many
/// multiplications for each row and block, in float64.
public func learnLookupTrees(
  from x: Span<Float>, _ shape: LookupShape, positions: Span<Int32>,
  comparing compared: Int = .max, columns: inout MutableSpan<Int32>,
  thresholds: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(x.count == shape.rows * shape.inputs && compared > 0, "trees: rows")
  precondition(
    columns.count == shape.blocks * shape.levels
      && thresholds.count == shape.blocks * shape.entries, "trees: extents")
  checkPositions(positions, shape)
  guard let learn = unsafe lookupKernels(set).learn else { return }
  // Safe: the extents were checked above, tasks write blocks of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe positions.withUnsafeBufferPointer { positions in
      unsafe columns.withUnsafeMutableBufferPointer { columns in
        unsafe thresholds.withUnsafeMutableBufferPointer { thresholds in
          guard let positions = positions.baseAddress, let columns = columns.baseAddress,
            let thresholds = thresholds.baseAddress
          else { return }
          ThreadPool.current.run(shape.blocks) { j in
            unsafe withRoomToLearn(shape, compared) { room in
              unsafe learn(
                x.baseAddress, shape.rows, shape.inputs, positions + j * shape.blockSize,
                shape.blockSize, shape.levels, &room, columns + j * shape.levels,
                thresholds + j * shape.entries)
            }
          }
        }
      }
    }
  }
}

/// The memory that learning one tree takes.
private func withRoomToLearn(
  _ shape: LookupShape, _ compared: Int, _ body: (inout addend_lookup_learning) -> Void
) {
  let (rows, stride, buckets) = (shape.rows, (shape.blockSize + 7) & ~7, shape.entries / 2)
  let sums = AlignedBuffer<Double>(uninitializedCount: 2 * (buckets * stride + rows))
  let block = AlignedBuffer<Float>(uninitializedCount: rows * stride)
  let orders = AlignedBuffer<UInt32>(uninitializedCount: rows * (shape.blockSize + 2))
  let codes = AlignedBuffer<UInt8>(uninitializedCount: rows)
  let state = AlignedBuffer<addend_lookup_bucket>(uninitializedCount: buckets)
  var sumSpan = sums.uniqueSpan
  var blockSpan = block.uniqueSpan
  var orderSpan = orders.uniqueSpan
  var codeSpan = codes.uniqueSpan
  var stateSpan = state.uniqueSpan
  // Safe: the parts of each buffer add up to its count, and C keeps no pointer.
  unsafe sumSpan.withUnsafeMutableBufferPointer { sums in
    unsafe blockSpan.withUnsafeMutableBufferPointer { block in
      unsafe orderSpan.withUnsafeMutableBufferPointer { orders in
        unsafe codeSpan.withUnsafeMutableBufferPointer { codes in
          unsafe stateSpan.withUnsafeMutableBufferPointer { state in
            guard let sums = sums.baseAddress, let orders = orders.baseAddress else { return }
            var room = unsafe addend_lookup_learning(
              compared: compared, block: block.baseAddress, squares: sums + 2 * buckets * stride,
              along: sums + 2 * buckets * stride + rows, keys: orders, spare: orders + rows,
              orders: orders + 2 * rows, bucket: codes.baseAddress, totals: sums,
              left: sums + buckets * stride, state: state.baseAddress)
            unsafe body(&room)
          }
        }
      }
    }
  }
}

/// The mean of each bucket's blocks of `x: [rows, inputs]`, as `[blocks, entries, blockSize]`, summed
/// in float64; zero for an empty bucket and in the padding.
public func bucketMeans(
  of x: Span<Float>, by codes: Span<UInt8>, positions: Span<Int32>, _ shape: LookupShape,
  into means: inout MutableSpan<Float>
) {
  precondition(
    x.count == shape.rows * shape.inputs && codes.count == shape.codeCount
      && means.count == shape.prototypeCount, "bucket means: extents")
  checkPositions(positions, shape)
  checkCodes(codes, below: shape.entries)
  let block = shape.entries * shape.blockSize
  // Safe: the extents were checked above, tasks write blocks of their own, and C keeps no pointer.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe positions.withUnsafeBufferPointer { positions in
        unsafe means.withUnsafeMutableBufferPointer { means in
          guard let x = x.baseAddress, let codes = codes.baseAddress,
            let positions = positions.baseAddress, let means = means.baseAddress
          else { return }
          ThreadPool.current.run(shape.blocks) { j in
            let sums = AlignedBuffer<Double>(uninitializedCount: block)
            var span = sums.uniqueSpan
            unsafe span.withUnsafeMutableBufferPointer { sums in
              unsafe addend_lookup_means(
                x, shape.rows, shape.inputs, codes + j * shape.rows,
                positions + j * shape.blockSize, shape.entries, shape.blockSize, sums.baseAddress,
                means + j * block)
            }
          }
        }
      }
    }
  }
}

/// What each bucket's rows had on average under their `old` codes, of `values: [blocks, entries,
/// outputs]`; zero for an empty bucket.
public func mixEntries(
  of values: Span<Float>, from old: Span<UInt8>, to codes: Span<UInt8>, _ shape: LookupShape,
  into mixed: inout MutableSpan<Float>
) {
  precondition(
    values.count == shape.tableCount && mixed.count == values.count
      && codes.count == shape.codeCount && old.count == codes.count, "mixed entries: extents")
  checkCodes(codes, below: shape.entries)
  checkCodes(old, below: shape.entries)
  let table = shape.entries * shape.outputs
  // Safe: the extents were checked above, tasks write blocks of their own, and C keeps no pointer.
  unsafe values.withUnsafeBufferPointer { values in
    unsafe codes.withUnsafeBufferPointer { codes in
      unsafe old.withUnsafeBufferPointer { old in
        unsafe mixed.withUnsafeMutableBufferPointer { mixed in
          guard let values = values.baseAddress, let codes = codes.baseAddress,
            let old = old.baseAddress, let mixed = mixed.baseAddress
          else { return }
          ThreadPool.current.run(shape.blocks) { j in
            let shared = AlignedBuffer<UInt32>(uninitializedCount: shape.entries * shape.entries)
            var span = shared.uniqueSpan
            unsafe span.withUnsafeMutableBufferPointer { shared in
              unsafe addend_lookup_mix(
                codes + j * shape.rows, old + j * shape.rows, shape.rows, values + j * table,
                shape.entries, shape.outputs, shared.baseAddress, mixed + j * table)
            }
          }
        }
      }
    }
  }
}

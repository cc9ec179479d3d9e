internal import CAddendKernels

/// How many rows one thread takes at a time.
private let rowsPerTask = 256
/// Into how many parts bucket sums are cut; each reads all of `dy`.
private let bucketParts = 4

/// The kernels of an instruction set that this machine must have.
private func imageKernels(_ set: InstructionSet) -> addend_lookup_image_kernels {
  return addend_lookup_image_select(set.isa)
}

/// Puts `zeros: [groups]`, the codes of a pixel of zeros, around the images of `codes: [groups,
/// batch, height, width]`: `padded` is `[groups, batch, paddedHeight, paddedWidth]`.
public func padLookupCodes(
  _ codes: Span<UInt8>, zeros: Span<UInt8>, _ shape: LookupImageShape,
  into padded: inout MutableSpan<UInt8>
) {
  precondition(
    codes.count == shape.bareCodeCount && zeros.count == shape.groups
      && padded.count == shape.codeCount, "padding of codes: extents")
  guard let from = unsafe codes.address, let to = unsafe padded.address else {
    for i in padded.indices { padded[i] = zeros[i / max(1, shape.plane)] }
    return
  }
  let geometry = shape.geometry
  unsafe addend_lookup_pad(
    from, zeros.address, shape.groups, geometry.batch, geometry.height, geometry.width,
    geometry.padding, to)
}

/// `y[r, :] = Σ_v tables[v, code(v, r), :]`, blocks in order.
///
/// Shapes: `tables` `[blocks, entries, outputs]`, `codes` as `LookupImageShape` has them, `y`
/// `[rows, outputs]`.
public func sumImageEntries(
  of tables: Span<Float>, at codes: Span<UInt8>, _ shape: LookupImageShape,
  into y: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    tables.count == shape.tableCount && codes.count == shape.codeCount
      && y.count == shape.rows * shape.outputs, "look-up sums of an image: extents")
  checkCodes(codes, below: shape.entries)
  guard let sum = unsafe imageKernels(set).sum else { return }
  let (offsets, positions) = (shape.blockOffsets, shape.positions(images: shape.geometry.batch))
  let (offsetSpan, positionSpan) = (offsets.span, positions.span)
  guard let y = unsafe y.address, let tables = unsafe tables.address,
    let codes = unsafe codes.address, let positions = unsafe positionSpan.address,
    let offsets = unsafe offsetSpan.address
  else { return }
  // Safe: the extents were checked above, positions and offsets are the shape's own, tasks write
  // rows of their own, and C keeps no pointer.
  ThreadPool.forEachPart(of: shape.rows, size: rowsPerTask) { first, count in
    unsafe sum(
      codes, offsets, shape.blocks, positions + first, count, tables, shape.entries, shape.outputs,
      y + first * shape.outputs)
  }
}

/// `sums[v, k, :] = Σ dy[r, :]` over the rows `r`, in order, whose code in block `v` is `k`.
///
/// Shapes: `dy` `[rows, outputs]`, `codes` as `LookupImageShape` has them, `sums` `[blocks, entries,
/// outputs]`.
public func imageBucketSums(
  of dy: Span<Float>, by codes: Span<UInt8>, _ shape: LookupImageShape,
  into sums: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    sums.count == shape.tableCount && codes.count == shape.codeCount
      && dy.count == shape.rows * shape.outputs, "bucket sums of an image: extents")
  checkCodes(codes, below: shape.entries)
  guard let bucket = unsafe imageKernels(set).bucket else { return }
  guard shape.rows > 0 else { return sums.update(repeating: 0) }
  let (offsets, positions) = (shape.blockOffsets, shape.positions(images: shape.geometry.batch))
  let (offsetSpan, positionSpan) = (offsets.span, positions.span)
  guard let sums = unsafe sums.address, let dy = unsafe dy.address,
    let codes = unsafe codes.address, let positions = unsafe positionSpan.address,
    let offsets = unsafe offsetSpan.address
  else { return }
  // Whole registers' worth of blocks; how many there are changes no sum.
  let part = ((shape.blocks + bucketParts - 1) / bucketParts + 7) & ~7
  // Safe: the extents were checked above, positions and offsets are the shape's own, tasks write
  // blocks of their own, and C keeps no pointer.
  ThreadPool.forEachPart(of: shape.blocks, size: part) { first, count in
    unsafe bucket(
      codes, offsets + first, count, positions, shape.rows, dy, shape.entries, shape.outputs,
      sums + first * shape.entries * shape.outputs)
  }
}

/// `y[r, m] = scales[m] · Σ_v tables[m, v, code(v, r)] + offsets[m]`, sums exact in integers.
///
/// Shapes: `tables` `[outputs, taps, paddedGroups, 16]`, zero past `groups` and past `entries`;
/// `codes` as `LookupImageShape` has them; `y` `[rows, outputs]`.
public func sumPackedImageEntries(
  of tables: Span<Int8>, at codes: Span<UInt8>, _ shape: LookupImageShape, scales: Span<Float>,
  offsets: Span<Float>, into y: inout MutableSpan<Float>, using set: InstructionSet = .best
) {
  precondition(
    tables.count == shape.packedCount && codes.count == shape.codeCount
      && scales.count == shape.outputs && offsets.count == shape.outputs
      && y.count == shape.rows * shape.outputs, "look-up sums of an image: extents")
  checkCodes(codes, below: 16)
  guard let scan = unsafe imageKernels(set).scan, shape.rows > 0 else { return }
  // Images small enough to leave lanes empty are taken several at a time.
  let batch = shape.geometry.batch
  let images = min(batch, (64 + shape.imageRows - 1) / shape.imageRows)
  let (taps, positions) = (shape.tapOffsets, shape.positions(images: images))
  let (tapSpan, positionSpan) = (taps.span, positions.span)
  let scratchBytes = addend_lookup_image_scratch(
    images * shape.imagePixels, shape.groups, shape.taps)
  guard let codes = unsafe codes.address, let y = unsafe y.address,
    let tables = unsafe tables.address, let scales = unsafe scales.address,
    let offsets = unsafe offsets.address, let taps = unsafe tapSpan.address,
    let positions = unsafe positionSpan.address
  else { return }
  // Safe: the extents were checked above, positions and taps are the shape's own, tasks write images
  // of their own, and C keeps no pointer.
  ThreadPool.forEachPart(of: batch, size: images) { first, count in
    let scratch = AlignedBuffer<UInt8>(uninitializedCount: scratchBytes)
    var span = scratch.uniqueSpan
    unsafe scan(
      codes + first * shape.imagePixels, shape.plane, count * shape.imagePixels, shape.groups, taps,
      shape.taps, positions, count * shape.imageRows, tables, shape.outputs, scales, offsets,
      span.address, y + first * shape.imageRows * shape.outputs)
    withExtendedLifetime(scratch) {}
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
  guard let adjoint = unsafe imageKernels(set).adjoint else { return }
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

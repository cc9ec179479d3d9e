internal import CAddendKernels

/// A convolution in one direction, as pieces that are each one convolution of the same source and write
/// different positions of the result.
// Invariant behind @unchecked: set once, and the kernels that plans point to are constants.
@safe struct DirectPass: @unchecked Sendable {
  private let plans: [addend_direct_plan]
  private let isDepthwise: Bool
  /// Where a piece's filter begins, and where the last one ends.
  private let packedStarts: [Int]
  /// Zeros for the padding, then every part's own.
  private let zeroCount: Int
  let scratchCount: Int

  @unsafe init(
    _ pieces: [addend_direct_piece], _ kernels: UnsafePointer<addend_brgemm_kernels>,
    isDepthwise: Bool
  ) {
    self.isDepthwise = isDepthwise
    unsafe plans = pieces.map { piece in
      unsafe withUnsafePointer(to: piece) { unsafe addend_direct_prepare(kernels, $0) }
    }
    var starts = [0]
    var (zeros, scratch) = (0, 0)
    for index in unsafe plans.indices {
      var plan = unsafe plans[index]
      let count =
        unsafe isDepthwise
        ? plan.piece.down.taps * plan.piece.across.taps * plan.piece.groups
        : addend_direct_packed_count(&plan)
      starts.append(starts[starts.count - 1] + count)
      guard !isDepthwise else { continue }
      zeros = unsafe max(zeros, addend_direct_zero_count(&plan))
      scratch = unsafe max(
        scratch, addend_direct_part_count(&plan) * addend_direct_part_scratch(&plan))
    }
    packedStarts = starts
    zeroCount = (zeros + 15) / 16 * 16
    scratchCount = zeroCount + scratch
  }

  var packedCount: Int { packedStarts[packedStarts.count - 1] }

  /// Whether there are positions of the input that no piece writes.
  func leavesPositions(of geometry: ConvolutionGeometry) -> Bool {
    let pieces = min(geometry.stride, geometry.height) * min(geometry.stride, geometry.width)
    return unsafe plans.count < pieces
  }

  func pack(
    _ filter: Span<Float>, _ window: addend_window, _ outputs: Int,
    into packed: inout MutableSpan<Float>
  ) {
    precondition(packed.count == packedCount, "pack: extents")
    guard let filter = unsafe filter.address, let packed = unsafe packed.address else { return }
    unsafe withUnsafePointer(to: window) { window in
      for index in unsafe plans.indices {
        let part = unsafe packed + packedStarts[index]
        unsafe withUnsafePointer(to: plans[index]) { plan in
          if isDepthwise {
            var piece = unsafe plan.pointee.piece
            return unsafe addend_depthwise_pack(&piece, window, filter, part)
          }
          let units = unsafe plan.pointee.piece.groups * plan.pointee.panels
          ThreadPool.forEachPart(of: units, size: 1) { unit, _ in
            unsafe addend_direct_pack(plan, window, outputs, filter, unit, part)
          }
        }
      }
    }
  }

  /// Computes all pieces; the operands' filter is theirs one after another.
  // Safe when the operands have the extents of the pieces.
  @unsafe func run(
    _ operands: addend_direct_operands, _ packedCount: Int, scratch: inout MutableSpan<Float>,
    _ depthwise: UnsafePointer<addend_depthwise_kernels>? = nil
  ) {
    precondition(
      packedCount == self.packedCount && scratch.count >= scratchCount, "convolution: extents")
    for index in unsafe plans.indices {
      var operands = unsafe operands
      unsafe operands.packed = operands.packed.map { unsafe $0 + packedStarts[index] }
      if isDepthwise, let depthwise = unsafe depthwise {
        unsafe runDepthwise(plans[index].piece, operands, depthwise)
      } else {
        unsafe run(plans[index], operands, scratch: &scratch)
      }
    }
  }

  @unsafe private func run(
    _ plan: addend_direct_plan, _ operands: addend_direct_operands,
    scratch: inout MutableSpan<Float>
  ) {
    guard let scratch = unsafe scratch.address else { return }
    unsafe scratch.update(repeating: 0, count: zeroCount)
    var operands = unsafe operands
    unsafe operands.zeros = UnsafePointer(scratch)
    let parts = unsafe scratch + zeroCount
    unsafe withUnsafePointer(to: plan) { plan in
      unsafe withUnsafePointer(to: operands) { operands in
        let each = unsafe addend_direct_part_scratch(plan)
        ThreadPool.forEachPart(of: unsafe addend_direct_part_count(plan), size: 1) { part, _ in
          unsafe addend_bf16_direct_run(plan, operands, part, parts + part * each)
        }
      }
    }
  }

  /// Lines of results are shared out, in parts of some hundred thousand products.
  @unsafe private func runDepthwise(
    _ piece: addend_direct_piece, _ operands: addend_direct_operands,
    _ depthwise: UnsafePointer<addend_depthwise_kernels>
  ) {
    let products =
      piece.across.results * piece.groups * piece.down.taps * piece.across.taps
    let lines = piece.batch * piece.down.results
    unsafe withUnsafePointer(to: piece) { piece in
      unsafe withUnsafePointer(to: operands) { operands in
        ThreadPool.forEachPart(of: lines, size: max(1, 200_000 / max(1, products))) {
          first, count in
          for line in first..<first + count {
            unsafe depthwise.pointee.line(piece, operands, line, 0, piece.pointee.groups)
          }
        }
      }
    }
  }
}

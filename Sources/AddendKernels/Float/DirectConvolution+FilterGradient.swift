internal import CAddendKernels

extension DirectConvolution {
  /// `dW[g, r, s, c, k] = Σ x[n, p · stride + r · dilation − padding, …, c] · dy[n, p, q, k]` over all
  /// images and positions, added to what `gradient` holds or put in its place.
  public func filterGradient(
    _ x: Span<Float>, _ dy: Span<Float>, accumulates: Bool, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == imageCount && dy.count == resultCount && gradient.count == filterCount
        && scratch.count >= filterGradientScratchCount, "filterGradient: extents")
    guard let to = unsafe gradient.address else { return }
    guard resultCount > 0, let x = unsafe x.address, let dy = unsafe dy.address,
      let scratch = unsafe scratch.address
    else {
      // Sums without terms.
      if !accumulates { gradient.update(repeating: 0) }
      return
    }
    // Safe: the extents were checked, and C keeps no pointer.
    if isDepthwise {
      unsafe depthwiseGradient(x, dy, accumulates, scratch, to)
    } else {
      unsafe directGradient(x, dy, accumulates, scratch, to)
    }
  }

  /// Floats of scratch memory that `filterGradient` needs.
  public var filterGradientScratchCount: Int {
    guard !isDepthwise else { return filterCount }
    var plan = unsafe filterGradientPlan
    return unsafe sumCount
      + addend_direct_gradient_part_count(&plan) * addend_direct_gradient_part_scratch(&plan)
  }

  /// Floats of the parts' sums, where they are apart.
  private var sumCount: Int {
    let parts = unsafe filterGradientPlan.line_parts
    return parts > 1 ? (parts * filterCount + 15) / 16 * 16 : 0
  }

  @unsafe private func directGradient(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ accumulates: Bool,
    _ scratch: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let sums = sumCount
    let filterCount = filterCount
    unsafe withUnsafePointer(to: filterGradientPlan) { plan in
      let each = unsafe addend_direct_gradient_part_scratch(plan)
      ThreadPool.forEachPart(of: unsafe addend_direct_gradient_part_count(plan), size: 1) {
        part, _ in
        unsafe addend_direct_gradient_run(
          plan, x, dy, sums == 0 && accumulates, part, scratch + sums + part * each,
          sums == 0 ? gradient : scratch)
      }
      guard sums > 0 else { return }
      ThreadPool.forEachPart(of: filterCount, size: FloatKernels.partSize) { first, count in
        unsafe addend_direct_gradient_total(plan, scratch, accumulates, first, count, gradient)
      }
    }
  }

  /// Blocks of channels are shared out, and filter rows where those are few.
  @unsafe private func depthwiseGradient(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ accumulates: Bool,
    _ scratch: UnsafeMutablePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let (blockSize, channels, geometry) = (64, groups, geometry)
    let blocks = (channels + blockSize - 1) / blockSize
    let rows = blocks < 4 ? 1 : geometry.filterHeight
    let depthwise = unsafe depthwise
    unsafe withUnsafePointer(to: window) { window in
      ThreadPool.forEachPart(of: geometry.filterHeight / rows * blocks, size: 1) { part, _ in
        let first = part % blocks * blockSize
        let row = part / blocks * rows
        unsafe depthwise.pointee.gradient(
          geometry.batch, window, channels, x, dy, row, row + rows, first,
          min(first + blockSize, channels), scratch)
      }
      unsafe addend_depthwise_unpack(window, channels, scratch, accumulates, gradient)
    }
  }
}

internal import CAddendKernels

/// Float32 convolutions computed directly on images `[batch, height, width, groups · channels]`: nothing
/// is laid out as patches, and images keep their order.
///
/// ```
/// y[n, p, q, k] = max(Σ x[n, p·stride + r·dilation − padding, q·stride + s·dilation − padding, c] ·
///                     filter[r, s, c, k] + bias[k] + residual[n, p, q, k], 0)
/// ```
///
/// with what is asked for of the last three. A filter is `[groups, filterHeight, filterWidth, channels,
/// outputs]`, results `[batch, outputHeight, outputWidth, groups · outputs]`. Padding is not multiplied
/// where the image is large enough for whole tiles without it.
///
/// A pass is cut into parts whose number depends on the extents alone, and sums are taken in a fixed
/// order: results do not depend on the thread count. Nothing is allocated after `init`.
///
/// Source: Georganas et al., "Anatomy of High-Performance Deep Learning Convolutions on SIMD
/// Architectures", SC 2018, with tiles that reach pixels through pointers instead of blocked layouts.
@safe public final class DirectConvolution: @unchecked Sendable {
  // Invariant behind @unchecked: all members are set once, and the kernels they point to are constants.

  let geometry: ConvolutionGeometry
  let outputs: Int
  let groups: Int
  let window: addend_window
  /// Every group has one channel and one output.
  let isDepthwise: Bool
  let forward: DirectPass
  let inputGradient: DirectPass
  let filterGradientPlan: addend_direct_gradient_plan
  let depthwise: UnsafePointer<addend_depthwise_kernels>

  /// - Parameters:
  ///   - geometry: The extents, with the channels of one group.
  ///   - outputs: Those of one group.
  ///   - instructionSet: One that this machine runs.
  /// - Returns: `nil` where the filter has more taps than pointers to their pixels would pay for.
  public init?(
    _ geometry: ConvolutionGeometry, outputs: Int, groups: Int = 1,
    instructionSet: InstructionSet = .best
  ) {
    precondition(
      InstructionSet.available.contains(instructionSet), "\(instructionSet) is not available here")
    precondition(outputs >= 0 && groups > 0, "a convolution's extents are positive")
    guard geometry.filterHeight * geometry.filterWidth <= Self.tapLimit else { return nil }
    self.geometry = geometry
    self.outputs = outputs
    self.groups = groups
    window = addend_window(geometry)
    isDepthwise = groups > 1 && geometry.channels == 1 && outputs == 1
    let isa = instructionSet.isa
    guard let kernels = unsafe addend_brgemm_select(isa),
      let depthwise = unsafe addend_depthwise_select(isa)
    else { return nil }
    unsafe self.depthwise = depthwise
    var window = window
    forward = unsafe DirectPass(
      [addend_direct_output(geometry.batch, &window, outputs, groups)], kernels,
      isDepthwise: isDepthwise)
    inputGradient = unsafe DirectPass(
      Self.gradientPieces(geometry, &window, outputs, groups), kernels, isDepthwise: isDepthwise)
    unsafe filterGradientPlan = addend_direct_gradient_prepare(
      kernels, geometry.batch, &window, outputs, groups)
  }

  private static let tapLimit = 4096

  /// Those input positions whose gradients are not always zero: fewer than there are taps, and than
  /// `stride²`.
  @unsafe static func gradientPieces(
    _ geometry: ConvolutionGeometry, _ window: UnsafePointer<addend_window>, _ outputs: Int,
    _ groups: Int
  ) -> [addend_direct_piece] {
    func residues(_ taps: Int, _ extent: Int) -> [Int] {
      let reached = (0..<taps).map { tap in
        let distance = tap * geometry.dilation - geometry.padding
        return (distance % geometry.stride + geometry.stride) % geometry.stride
      }
      return Set(reached).filter { $0 < extent }.sorted()
    }
    let columns = residues(geometry.filterWidth, geometry.width)
    return residues(geometry.filterHeight, geometry.height).flatMap { row in
      columns.map { column in
        unsafe addend_direct_input_gradient(
          geometry.batch, window, outputs, groups, row, column)
      }
    }
  }

  /// Numbers of x, of y and of the filter.
  var imageCount: Int { geometry.imageCount * groups }
  var resultCount: Int { geometry.patchCount * outputs * groups }
  var filterCount: Int { groups * geometry.patchSize * outputs }

  /// Floats of the filter as `convolve` reads it.
  public var packedCount: Int { forward.packedCount }

  /// Floats of the filter as `inputGradient` reads it.
  public var gradientPackedCount: Int { inputGradient.packedCount }

  /// Floats of scratch memory that `convolve` needs.
  public var scratchCount: Int { forward.scratchCount }
  /// The same of `inputGradient`.
  public var inputGradientScratchCount: Int { inputGradient.scratchCount }

  /// Puts a filter into the order of `convolve`.
  public func pack(_ filter: Span<Float>, into packed: inout MutableSpan<Float>) {
    precondition(filter.count == filterCount, "pack: extents")
    forward.pack(filter, window, outputs, into: &packed)
  }

  /// Puts a filter into the order of `inputGradient`.
  public func packForInputGradient(
    _ filter: Span<Float>, into packed: inout MutableSpan<Float>
  ) {
    precondition(filter.count == filterCount, "pack: extents")
    inputGradient.pack(filter, window, outputs, into: &packed)
  }

  /// Convolves `x` with a packed filter; `residual` lies as `y` does.
  public func convolve(
    _ x: Span<Float>, _ packed: Span<Float>, bias: Span<Float>? = nil,
    residual: Span<Float>? = nil, rectifies: Bool = false, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    precondition(x.count == imageCount && y.count == resultCount, "convolve: extents")
    if let bias { precondition(bias.count == groups * outputs, "convolve: bias") }
    if let residual { precondition(residual.count == resultCount, "convolve: residual") }
    guard let result = unsafe y.address else { return }
    // Safe: the extents were checked, and C keeps no pointer.
    let operands = unsafe addend_direct_operands(
      source: x.address, packed: packed.address, bias: bias?.address, residual: residual?.address,
      rectifies: rectifies, result: result, zeros: nil, scale: nil)
    unsafe forward.run(operands, packed.count, scratch: &scratch, depthwise)
  }

  /// `dx[n, i, j, c] = Σ dy[n, p, q, k] · filter[r, s, c, k]` over all taps and outputs with
  /// `i = p · stride + r · dilation − padding`, `j` likewise; overwritten.
  public func inputGradient(
    _ dy: Span<Float>, _ packed: Span<Float>, scratch: inout MutableSpan<Float>,
    into dx: inout MutableSpan<Float>
  ) {
    precondition(dy.count == resultCount && dx.count == imageCount, "inputGradient: extents")
    guard let result = unsafe dx.address else { return }
    if inputGradient.leavesPositions(of: geometry) {
      let image = imageCount / geometry.batch
      let parts = min(image, 16)
      ThreadPool.forEachPart(
        of: imageCount, size: max(1 << 14, (imageCount + parts - 1) / parts)
      ) { first, count in unsafe (result + first).update(repeating: 0, count: count) }
    }
    let operands = unsafe addend_direct_operands(
      source: dy.address, packed: packed.address, bias: nil, residual: nil, rectifies: false,
      result: result, zeros: nil, scale: nil)
    unsafe inputGradient.run(operands, packed.count, scratch: &scratch, depthwise)
  }
}

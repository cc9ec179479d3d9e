internal import CAddendKernels

/// A float32 convolution by 3×3 filters with stride 1, and both its gradients, in fewer multiplications
/// than the definition has.
///
/// `y = Aᵀ [Σ_c (G g_c Gᵀ) ⊙ (Bᵀ x_c B)] A` on tiles of `y` (Lavin & Gray, 2016, [Fast Algorithms for
/// Convolutional Neural Networks](https://arxiv.org/abs/1509.09308), section 4). Deviations from the paper:
/// the tiles of 4×4 interpolate at 0, ±5/8, ±3/2 and ∞ in place of 0, ±1, ±2 and ∞, which halves
/// the error at the same cost; and where an image does not divide, tiles one row or column smaller
/// that leave out one of the points fill it, so that an extent of 7 costs 11 products in place of
/// 12.
///
/// Shapes: `x` and `dx` `[batch, height, width, channels]`, `filter` and its gradient `[3, 3, channels,
/// outputs]`, `y`, `dy` and `residual` `[batch, outputHeight, outputWidth, outputs]`, `bias` `[outputs]`.
///
/// Cost: a 4×4 tile takes `36 · channels · outputs` multiplications where the definition takes 144, a 2×2
/// tile 16 where it takes 36; the transforms of tiles, linear in channels and in outputs, come on top: a
/// tenth to a quarter of the time at 64 to 256 channels, half of it at 16. Nothing is allocated.
/// Results are the same bits on any number of threads; other instruction sets round differently,
/// within the bound that `errorFactor(_:)` states. An infinite input makes NaN of its tiles'
/// results.
@safe public final class WinogradConvolution: @unchecked Sendable {
  // Invariant behind @unchecked: all members are set once; the kernels that they point to are constants.

  /// The greater of the two kinds of tiles that cover an image.
  public enum Tile: Int, CaseIterable, Sendable {
    /// 2×2 outputs, and 1: 2.25 times fewer multiplications, errors as in the definition.
    case two = 2
    /// 4×4 outputs, and 3: 4 times fewer multiplications, filters that take 4 times the memory.
    case four = 4
  }

  /// Which tensor is computed from the two others.
  public enum Pass: Hashable, Sendable { case output, inputGradient, filterGradient }

  public let geometry: ConvolutionGeometry
  public let outputs: Int
  public let tile: Tile
  private let forward: addend_winograd_pass
  private let backward: addend_winograd_pass
  private let filter: addend_winograd_pass

  /// `nil` where the filter is not 3×3, steps by more than one pixel or has holes, where the padding is
  /// more than 2, and where there is nothing to compute.
  ///
  /// - Precondition: this machine runs `set`.
  public init?(
    _ geometry: ConvolutionGeometry, outputs: Int, tile: Tile = .four,
    using set: InstructionSet = .best
  ) {
    precondition(InstructionSet.available.contains(set), "\(set) is not available here")
    guard geometry.filterHeight == 3, geometry.filterWidth == 3, geometry.stride == 1,
      geometry.dilation == 1, 0...2 ~= geometry.padding, geometry.batch > 0, geometry.channels > 0,
      outputs > 0, geometry.height > 0, geometry.width > 0, geometry.outputHeight > 0,
      geometry.outputWidth > 0,
      // Tiles are numbered in 32 bits.
      geometry.patchCount <= Int32.max
    else { return nil }
    self.geometry = geometry
    self.outputs = outputs
    self.tile = tile
    let isa = set.isa
    var plan = addend_winograd_plan()
    plan.batch = geometry.batch
    plan.height = geometry.height
    plan.width = geometry.width
    plan.channels = geometry.channels
    plan.outputs = outputs
    plan.padding = geometry.padding
    plan.size = tile.rawValue
    unsafe forward = addend_winograd_convolution(plan, isa)
    unsafe filter = addend_winograd_filter_gradient(plan, isa)
    // The input's gradient is a convolution of dy by the filter turned around.
    plan.height = geometry.outputHeight
    plan.width = geometry.outputWidth
    plan.channels = outputs
    plan.outputs = geometry.channels
    plan.padding = 2 - geometry.padding
    unsafe backward = addend_winograd_convolution(plan, isa)
  }

  /// The number of floats that `pack` writes.
  public var packedCount: Int { unsafe forward.packed_count }
  /// The number of floats that `packForInputGradient` writes.
  public var gradientPackedCount: Int { unsafe backward.packed_count }
  /// Floats of scratch memory that `convolve` needs, for all threads.
  public var scratchCount: Int { unsafe forward.scratch_count }
  /// The same of `inputGradient`.
  public var inputGradientScratchCount: Int { unsafe backward.scratch_count }
  /// The same of `filterGradient`.
  public var filterGradientScratchCount: Int { unsafe filter.scratch_count }

  /// How far a result may be from the exact one: for every input that does not overflow, by at most this
  /// factor times
  ///
  /// - `max|x| · Σ_c max|g_c|`, where `g_c` are the 3×3 filters of an output, of `convolve`;
  /// - `max|dy| · Σ_k max|g_k|`, where `g_k` are the filters of an input channel, of `inputGradient`;
  /// - `max|x| · max|dy|`, of `filterGradient`;
  ///
  /// one rounding each of a bias, a residual and what is added to not counted. The derivation stands
  /// in `addend_winograd.h`. Errors of unit-normal data are far smaller. As fractions of the results'
  /// root mean square, for 64, 256 and 512 channels: root mean square 8e-7, 1.4e-6 and 2.2e-6 with tiles
  /// of 4, greatest of some thousand 8e-6, 1e-5 and 1.4e-5; with tiles of 2, 2.7e-7, 5.1e-7 and 7.5e-7,
  /// and 1.2e-6, 2.4e-6 and 3.3e-6.
  public func errorFactor(_ pass: Pass) -> Double {
    switch pass {
    case .output: unsafe forward.error_factor
    case .inputGradient: unsafe backward.error_factor
    case .filterGradient: unsafe filter.error_factor
    }
  }

  /// `U = G g Gᵀ` of all filters, in the order in which `convolve` reads it.
  public func pack(_ filter: Span<Float>, into packed: inout MutableSpan<Float>) {
    unsafe pack(filter, turned: false, forward, into: &packed)
  }

  /// The same of the filters turned around, in the order in which `inputGradient` reads it.
  public func packForInputGradient(_ filter: Span<Float>, into packed: inout MutableSpan<Float>) {
    unsafe pack(filter, turned: true, backward, into: &packed)
  }

  /// `y = max(x * filter + bias + residual, 0)`, with the parts that are asked for.
  ///
  /// `packed` is what `pack` made; scratch memory is `scratchCount` floats of any content. The residual
  /// may not be `y`.
  public func convolve(
    _ x: Span<Float>, _ packed: Span<Float>, bias: Span<Float>? = nil,
    residual: Span<Float>? = nil, rectifies: Bool = false, scratch: inout MutableSpan<Float>,
    into y: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == geometry.imageCount && packed.count == packedCount && y.count == resultCount
        && bias?.count ?? outputs == outputs && residual?.count ?? resultCount == resultCount
        && scratch.count >= scratchCount, "Winograd convolution: extents")
    var data = unsafe addend_winograd_data()
    unsafe data.x = x.address
    unsafe data.packed = packed.address
    unsafe data.bias = bias?.address
    unsafe data.residual = residual?.address
    unsafe data.rectifies = rectifies
    unsafe data.scratch = scratch.address
    unsafe data.result = y.address
    unsafe run(forward, data)
  }

  /// `dx`, overwritten, from `dy` and what `packForInputGradient` made of the filter.
  public func inputGradient(
    _ dy: Span<Float>, _ packed: Span<Float>, scratch: inout MutableSpan<Float>,
    into dx: inout MutableSpan<Float>
  ) {
    precondition(
      dy.count == resultCount && packed.count == gradientPackedCount
        && dx.count == geometry.imageCount
        && scratch.count >= inputGradientScratchCount, "gradient of Winograd's input: extents")
    var data = unsafe addend_winograd_data()
    unsafe data.x = dy.address
    unsafe data.packed = packed.address
    unsafe data.scratch = scratch.address
    unsafe data.result = dx.address
    unsafe run(backward, data)
  }

  /// The gradient of the filter, added to what `gradient` holds or put in its place.
  public func filterGradient(
    _ x: Span<Float>, _ dy: Span<Float>, accumulates: Bool, scratch: inout MutableSpan<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    precondition(
      x.count == geometry.imageCount && dy.count == resultCount
        && gradient.count == geometry.patchSize * outputs
        && scratch.count >= filterGradientScratchCount, "gradient of Winograd's filter: extents")
    var data = unsafe addend_winograd_data()
    unsafe data.x = x.address
    unsafe data.dy = dy.address
    unsafe data.accumulates = accumulates
    unsafe data.scratch = scratch.address
    unsafe data.result = gradient.address
    unsafe run(filter, data)
  }

  private var resultCount: Int { geometry.patchCount * outputs }

  /// Channels that one thread packs at a time.
  private static let packedChannels = 16

  @unsafe private func pack(
    _ filter: Span<Float>, turned: Bool, _ pass: addend_winograd_pass,
    into packed: inout MutableSpan<Float>
  ) {
    precondition(
      unsafe filter.count == geometry.patchSize * outputs && packed.count == pass.packed_count,
      "packing of Winograd's filter: extents")
    guard let from = unsafe filter.address, let to = unsafe packed.address else { return }
    unsafe withUnsafePointer(to: pass) { pass in
      // Safe: the extents were checked above, and every call writes channels of its own.
      unsafe ThreadPool.forEachPart(
        of: Int(pass.pointee.plan.channels), size: Self.packedChannels
      ) { first, count in
        unsafe addend_winograd_pack(pass, from, turned, first, first + count, to)
      }
    }
  }

  /// All parts of all steps. The caller has checked extents.
  @unsafe private func run(_ pass: addend_winograd_pass, _ data: addend_winograd_data) {
    unsafe withUnsafePointer(to: pass) { pass in
      unsafe withUnsafePointer(to: data) { data in
        unsafe addend_winograd_begin(pass, data)
        for step in unsafe 0..<addend_winograd_step_count(pass) {
          // Safe: the parts of a step write memory of their own, and C keeps no pointer.
          unsafe ThreadPool.forEachPart(of: addend_winograd_part_count(pass, step), size: 1) {
            part, _ in
            unsafe addend_winograd_run(pass, data, step, part)
          }
        }
      }
    }
  }
}

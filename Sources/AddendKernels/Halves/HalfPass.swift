internal import CAddendKernels

/// One direction of a convolution as a direct convolution of words, two channels each.
///
/// Where results have few channels and neighbours lie two by two, two neighbours are computed at
/// once, with a filter that is one column wider and zero where a result does not reach: a vector of
/// the result's channels alone would wait for its own additions, and for numbers of the image. (An
/// infinity or NaN then spreads to the neighbour.)
// Invariant behind @unchecked: all members are set once, and the kernels that plans point to are
// constants.
@safe struct HalfPass: @unchecked Sendable {
  private let pass: DirectPass
  private let window: addend_window
  /// Results of a position as the pass sees them.
  private let results: Int
  /// How the filter's words are widened; `nil` where they are taken as they are.
  private let widening: Widening?

  private struct Widening {
    let height, width, depth, results: Int
    let isGradient: Bool
  }

  /// Channels up to which results are computed two by two.
  private static let fewChannels = 16

  /// The layer's outputs.
  @unsafe init(
    outputOf geometry: ConvolutionGeometry, outputs: Int,
    _ kernels: UnsafePointer<addend_brgemm_kernels>
  ) {
    var window = addend_window(geometry)
    window.channels = (geometry.channels + 1) / 2
    guard Self.computesPairs(geometry, channels: outputs, width: geometry.outputWidth) else {
      self.window = window
      results = outputs
      widening = nil
      pass = unsafe DirectPass(
        [addend_direct_output(geometry.batch, &window, outputs, 1)], kernels, isDepthwise: false)
      return
    }
    let widening = Widening(
      height: geometry.filterHeight, width: geometry.filterWidth, depth: window.channels,
      results: outputs, isGradient: false)
    (self.window, results, pass) = unsafe Self.pairs(
      &window, geometry.batch, widening, (-geometry.padding, -geometry.padding), kernels)
    self.widening = widening
  }

  /// The input's gradients.
  @unsafe init(
    gradientOf geometry: ConvolutionGeometry, outputs: Int,
    _ kernels: UnsafePointer<addend_brgemm_kernels>
  ) {
    var window = addend_window(geometry)
    let pairs = (outputs + 1) / 2
    guard Self.computesPairs(geometry, channels: geometry.channels, width: geometry.width) else {
      self.window = window
      results = pairs
      widening = nil
      pass = unsafe DirectPass(
        DirectConvolution.gradientPieces(geometry, &window, pairs, 1), kernels, isDepthwise: false)
      return
    }
    // A convolution of dy with the filter turned round.
    let widening = Widening(
      height: geometry.filterHeight, width: geometry.filterWidth, depth: pairs,
      results: geometry.channels, isGradient: true)
    var turned = window
    turned.channels = pairs
    (turned.height, turned.width) = (window.output_height, window.output_width)
    (turned.output_height, turned.output_width) = (window.height, window.width)
    let first = (
      geometry.padding + 1 - geometry.filterHeight, geometry.padding + 1 - geometry.filterWidth
    )
    (self.window, results, pass) = unsafe Self.pairs(
      &turned, geometry.batch, widening, first, kernels)
    self.widening = widening
  }

  private static func computesPairs(
    _ geometry: ConvolutionGeometry, channels: Int, width: Int
  ) -> Bool {
    geometry.stride == 1 && geometry.dilation == 1 && geometry.filterWidth > 1
      && channels <= fewChannels && width % 2 == 0
  }

  /// A pass whose results are two neighbours each.
  ///
  /// - Parameter first: The pixel under the first tap of the first result, down and across.
  @unsafe private static func pairs(
    _ window: inout addend_window, _ batch: Int, _ widening: Widening, _ first: (Int, Int),
    _ kernels: UnsafePointer<addend_brgemm_kernels>
  ) -> (addend_window, results: Int, DirectPass) {
    window.filter_width += 1
    window.output_width /= 2
    let results = 2 * widening.results
    var piece = unsafe addend_direct_output(batch, &window, results, 1)
    piece.across.step = 2
    (piece.down.first, piece.across.first) = first
    return unsafe (window, results, DirectPass([piece], kernels, isDepthwise: false))
  }

  /// Whether there are positions of the input that no piece writes.
  func leavesPositions(of geometry: ConvolutionGeometry) -> Bool {
    widening == nil && pass.leavesPositions(of: geometry)
  }

  /// One pass over words.
  func run(
    _ source: AlignedBuffer<Float>, _ filter: AlignedBuffer<Float>,
    _ factors: AlignedBuffer<Float>, into result: inout MutableSpan<Float>
  ) {
    let wide = widening.map { widened(filter, $0) } ?? filter
    let packed = AlignedBuffer<Float>(uninitializedCount: pass.packedCount)
    let memory = AlignedBuffer<Float>(uninitializedCount: pass.scratchCount)
    var order = packed.uniqueSpan
    var scratch = memory.uniqueSpan
    pass.pack(wide.span, window, results, into: &order)
    let (from, by, scale) = (source.span, packed.span, factors.span)
    guard let to = unsafe result.address else { return }
    // Safe: the callers checked the extents, and C keeps no pointer.
    let operands = unsafe addend_direct_operands(
      source: from.address, packed: by.address, bias: nil, residual: nil, rectifies: false,
      result: to, zeros: nil, scale: scale.address)
    unsafe pass.run(operands, packed.count, scratch: &scratch)
  }

  private func widened(
    _ filter: AlignedBuffer<Float>, _ widening: Widening
  ) -> AlignedBuffer<Float> {
    let size = widening.height * (widening.width + 1) * widening.depth * 2 * widening.results
    let wide = AlignedBuffer<Float>(uninitializedCount: size)
    let words = filter.span
    var span = wide.uniqueSpan
    guard let from = unsafe words.address, let to = unsafe span.address else { return wide }
    // Safe: the filter's words are these, and both are numbers of 32 bits.
    unsafe addend_halves_widen(
      widening.height, widening.width, widening.depth, widening.results, widening.isGradient,
      UnsafeRawPointer(from).assumingMemoryBound(to: UInt32.self), to.bits)
    return wide
  }
}

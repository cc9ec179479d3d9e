internal import CAddendKernels
internal import Synchronization

/// A convolution of fixed extents and its two gradients in products of 16-bit numbers, on images as they
/// lie; see `DirectConvolution`, whose passes see words of two channels as if they were numbers.
///
/// The filter's gradient sums over pixels, so its words are made of two neighbouring pixels: see
/// addend_halves_gradient.h.
// Invariant behind @unchecked: all members are set once, and the kernels that plans point to are
// constants.
@safe final class HalfConvolution: @unchecked Sendable {
  private let geometry: ConvolutionGeometry
  private let outputs: Int
  private let kernels: HalfKernels
  private let window: addend_window
  private let forward: HalfPass
  private let backward: HalfPass

  private init(_ geometry: ConvolutionGeometry, outputs: Int, _ products: HalfProducts) {
    self.geometry = geometry
    self.outputs = outputs
    kernels = HalfKernels(products.format, products.instructionSet)
    window = addend_window(geometry)
    forward = unsafe HalfPass(outputOf: geometry, outputs: outputs, kernels.products)
    backward = unsafe HalfPass(gradientOf: geometry, outputs: outputs, kernels.products)
  }

  private struct Key: Hashable {
    let geometry: ConvolutionGeometry
    let outputs: Int
    let format: HalfFormat
    let set: InstructionSet
  }

  /// Plans, of which making one costs about as much as a small convolution.
  private static let cache = Mutex<[Key: HalfConvolution]>([:])
  private static let cacheLimit = 512

  static func cached(
    _ geometry: ConvolutionGeometry, outputs: Int, _ products: HalfProducts
  ) -> HalfConvolution {
    let key = Key(
      geometry: geometry, outputs: outputs, format: products.format, set: products.instructionSet)
    return cache.withLock { cache in
      if let known = cache[key] { return known }
      if cache.count >= cacheLimit { cache.removeAll() }
      let made = HalfConvolution(geometry, outputs: outputs, products)
      cache[key] = made
      return made
    }
  }

  private var filterCount: Int { geometry.patchSize * outputs }
  private var resultCount: Int { geometry.patchCount * outputs }

  /// Pairs of channels of an image's or a filter's numbers.
  private func pairChannels(
    _ x: Span<Float>, channels: Int, _ rounding: HalfRounding
  ) -> AlignedBuffer<Float> {
    let pixels = x.count / channels
    let pairs = (channels + 1) / 2
    let words = AlignedBuffer<Float>(uninitializedCount: pixels * pairs)
    var span = words.uniqueSpan
    guard let x = unsafe x.address, let to = unsafe span.address else { return words }
    let kernels = kernels
    // Safe: every part writes its own pixels' words.
    unsafe withUnsafePointer(to: rounding.rounding) { rounding in
      ThreadPool.forEachPart(of: pixels, size: max(1, HalfKernels.partSize / channels)) {
        first, count in
        unsafe addend_halves_pair_channels(
          kernels.roundings, rounding, count, channels, x + first * channels,
          to.bits + first * pairs)
      }
    }
    return words
  }

  /// The filter's pairs of channels, `[tap, ⌈channels / 2⌉, outputs]`.
  private func pairFilterRows(_ filter: Span<Float>, _ rounding: HalfRounding) -> AlignedBuffer<
    Float
  > {
    let taps = geometry.filterHeight * geometry.filterWidth
    let (channels, outputs) = (geometry.channels, outputs)
    let size = (channels + 1) / 2 * outputs
    let words = AlignedBuffer<Float>(uninitializedCount: taps * size)
    var span = words.uniqueSpan
    guard let filter = unsafe filter.address, let to = unsafe span.address else { return words }
    let kernels = kernels
    // Safe: every part writes its own taps' words.
    unsafe withUnsafePointer(to: rounding.rounding) { rounding in
      ThreadPool.forEachPart(of: taps, size: max(1, HalfKernels.partSize / (channels * outputs))) {
        first, count in
        for tap in first..<first + count {
          unsafe addend_halves_pair_rows(
            kernels.roundings, rounding, channels, outputs, filter + tap * channels * outputs,
            outputs, outputs, to.bits + tap * size)
        }
      }
    }
    return words
  }

  func convolve(_ x: Span<Float>, _ filter: Span<Float>, into y: inout MutableSpan<Float>) {
    precondition(
      x.count == geometry.imageCount && filter.count == filterCount && y.count == resultCount,
      "convolve: extents")
    let (left, right) = (kernels.left(x), kernels.right(filter))
    forward.run(
      pairChannels(x, channels: geometry.channels, left), pairFilterRows(filter, right),
      left.factors(with: right), into: &y)
  }

  func inputGradient(_ dy: Span<Float>, _ filter: Span<Float>, into dx: inout MutableSpan<Float>) {
    precondition(
      dx.count == geometry.imageCount && filter.count == filterCount && dy.count == resultCount,
      "inputGradient: extents")
    if backward.leavesPositions(of: geometry) { dx.update(repeating: 0) }
    let (left, right) = (kernels.left(dy), kernels.right(filter))
    backward.run(
      pairChannels(dy, channels: outputs, left), pairChannels(filter, channels: outputs, right),
      left.factors(with: right), into: &dx)
  }

  func filterGradient(
    _ x: Span<Float>, _ dy: Span<Float>, accumulates: Bool,
    into gradient: inout MutableSpan<Float>
  ) {
    let size = filterCount
    precondition(
      x.count == geometry.imageCount && gradient.count == size && dy.count == resultCount,
      "filterGradient: extents")
    let (left, right) = (kernels.left(x), kernels.right(dy))
    let factors = left.factors(with: right).span
    var plan = unsafe addend_halves_gradient_plan(
      kernels: kernels.products, halves: kernels.roundings, image: left.rounding,
      gradient: right.rounding, scale: (factors[0], factors[1]), window: window,
      batch: geometry.batch, outputs: outputs, group: 0, part: 0)
    unsafe addend_halves_gradient_prepare(&plan)
    let parts = unsafe addend_halves_gradient_part_count(&plan)
    let each = unsafe addend_halves_gradient_part_scratch(&plan)
    let memory = AlignedBuffer<Float>(uninitializedCount: parts * each)
    let partial = AlignedBuffer<Float>(uninitializedCount: parts > 1 ? parts * size : 0)
    var scratch = memory.uniqueSpan
    var sums = partial.uniqueSpan
    guard let x = unsafe x.address, let dy = unsafe dy.address, let to = unsafe gradient.address,
      let scratch = unsafe scratch.address
    else { return }
    let apart = unsafe parts > 1 ? sums.address : nil
    // Safe: the extents were checked, parts write apart, and C keeps no pointer.
    unsafe withUnsafePointer(to: plan) { plan in
      ThreadPool.forEachPart(of: parts, size: 1) { part, _ in
        unsafe addend_halves_gradient_run(
          plan, x, dy, apart == nil && accumulates, part, scratch + part * each,
          apart.map { unsafe $0 + part * size } ?? to)
      }
    }
    guard let apart = unsafe apart else { return }
    ThreadPool.forEachPart(of: size, size: FloatKernels.partSize) { first, count in
      unsafe addend_halves_gradient_total(parts, size, apart, accumulates, first, count, to)
    }
  }
}

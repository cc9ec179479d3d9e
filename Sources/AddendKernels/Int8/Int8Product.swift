internal import CAddendKernels

/// `y = x W` of bytes and packed int8 weights, summed in 32-bit integers: a product, or a
/// convolution of an image `[batch, height, width, channels]`, which is read as it lies.
///
/// With `x = s (q − z)` and `W[p, j] = t[j] w[p, j]`:
///
///     n[i, j] = Σ_p q[i, p] w[p, j] − z Σ_p w[p, j]
///     y[i, j] = s t[j] n[i, j] + bias[j] + residual[i, j], rectified where asked
///
/// `n` is exact (modulo 2³²; nothing is lost up to 65,000 terms). The rest is float32, `n` rounded to it
/// first, each product fused with its addition. As bytes of another quantisation, `y / scale +
/// zeroPoint` is computed with these factors multiplied out beforehand, clamped and rounded to the
/// nearest integer, ties to even. All instruction sets compute the same bits.
public struct Int8Product: Sendable {
  /// Terms of a sum, and columns.
  public let inputs, outputs: Int
  /// What the bytes of `x` stand for.
  public let input: AffineQuantization
  /// `t`, one for each column.
  public let scales: [Float]
  private let filterHeight, filterWidth, dilation: Int
  private let set: InstructionSet
  private let packed: AlignedBuffer<Int8>
  /// `−z Σ w`, of whole strips of columns.
  private let corrections: [Int32]

  /// - Parameters:
  ///   - weights: `[inputs, outputs]`, −127…127; of a convolution `[filterHeight, filterWidth, channels,
  ///     outputs]`.
  ///   - geometry: that of the convolution, whatever its batch and image; `nil` for a product.
  public init(
    _ weights: Span<Int8>, scales: [Float], input: AffineQuantization,
    geometry: ConvolutionGeometry? = nil, using set: InstructionSet = .best
  ) {
    let outputs = scales.count
    let inputs = geometry?.patchSize ?? weights.count / max(1, outputs)
    precondition(weights.count == inputs * outputs, "an integer product's extents")
    self.inputs = inputs
    self.outputs = outputs
    self.input = input
    self.scales = scales
    self.set = set
    filterHeight = geometry?.filterHeight ?? 1
    filterWidth = geometry?.filterWidth ?? 1
    dilation = geometry?.dilation ?? 1
    let shape = geometry ?? Self.rowGeometry(1, inputs: inputs)
    var plan = unsafe Self.plan(shape, outputs: outputs)
    let count = unsafe Int(addend_int8_packed_count(&plan))
    let packed = AlignedBuffer<Int8>(uninitializedCount: count)
    var sums = unsafe [Int32](repeating: 0, count: Int(addend_int8_padded(&plan)))
    var span = packed.uniqueSpan
    // An empty filter's address may be nil, and is not read.
    if let weights = unsafe weights.address, let to = unsafe span.address {
      var first = sums.mutableSpan
      if let sums = unsafe first.address { unsafe addend_int8_pack(&plan, weights, to, sums) }
    }
    self.packed = packed
    let zero = Int32(input.zeroPoint)
    corrections = sums.map { -zero &* $0 }
  }

  /// `[inputs, outputs]`, as they were given.
  public var weights: [Int8] {
    var weights = [Int8](repeating: 0, count: inputs * outputs)
    guard !weights.isEmpty else { return weights }
    let shape = geometry(for: 1, height: filterHeight * dilation, width: filterWidth * dilation)
    var plan = unsafe Self.plan(shape, outputs: outputs)
    var span = weights.mutableSpan
    let from = packed.span
    if let from = unsafe from.address, let to = unsafe span.address {
      unsafe addend_int8_unpack(&plan, from, to)
    }
    return weights
  }

  /// The same weights under other scales.
  public func scaled(by factors: [Float]) -> Int8Product {
    precondition(factors.count == outputs, "a factor for each output")
    return Int8Product(self, scales: zip(scales, factors).map { $0 * $1 })
  }

  private init(_ other: Int8Product, scales: [Float]) {
    (inputs, outputs, input) = (other.inputs, other.outputs, other.input)
    (filterHeight, filterWidth, dilation) = (other.filterHeight, other.filterWidth, other.dilation)
    (set, packed, corrections) = (other.set, other.packed, other.corrections)
    self.scales = scales
  }

  /// The rows of a product as an image.
  public static func rowGeometry(_ rows: Int, inputs: Int) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: 1, height: rows, width: 1, channels: inputs, filterHeight: 1, filterWidth: 1)
  }

  private func geometry(for batch: Int, height: Int, width: Int) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch, height: height, width: width,
      channels: inputs / max(1, filterHeight * filterWidth), filterHeight: filterHeight,
      filterWidth: filterWidth, dilation: dilation)
  }

  @unsafe private static func plan(
    _ geometry: ConvolutionGeometry, outputs: Int
  ) -> addend_int8_plan {
    var window = addend_window(geometry)
    return unsafe addend_int8_prepare(geometry.batch, &window, outputs, 1)
  }

  /// What is added to a result, in its place.
  public enum Residual: Hashable, Sendable {
    case none
    /// Bytes of some quantisation.
    case bytes(AffineQuantization)
    case floats
  }

  /// What becomes of the sums, laid out for the kernels; made once for many passes.
  public struct Finish: Sendable {
    /// `nil` for float32.
    public let output: AffineQuantization?
    public let residual: Residual
    fileprivate let multipliers, offsets: [Float]
    fileprivate let lowest, highest, residualScale: Float
  }

  /// `y = s t n + bias + residual`, as float32 or as bytes of `output`.
  public func finish(
    bias: Span<Float>? = nil, residual: Residual = .none, rectifies: Bool = false,
    output: AffineQuantization? = nil
  ) -> Finish {
    precondition((bias?.count ?? outputs) == outputs, "a bias for each output")
    let unit = output.map { 1 / $0.scale } ?? 1
    let zero = output.map { Float($0.zeroPoint) } ?? 0
    var residualScale: Float = 0
    var start = zero
    switch residual {
    case .none: break
    case .floats: residualScale = unit
    case .bytes(let quantization):
      residualScale = quantization.scale * unit
      start -= Float(quantization.zeroPoint) * residualScale
    }
    var multipliers = [Float](repeating: 0, count: corrections.count)
    var offsets = multipliers
    for j in 0..<outputs {
      multipliers[j] = input.scale * scales[j] * unit
      offsets[j] = start
    }
    if let bias { for j in bias.indices { offsets[j] += bias[j] * unit } }
    let lowest: Float = rectifies ? zero : output == nil ? -.infinity : 0
    return Finish(
      output: output, residual: residual, multipliers: multipliers, offsets: offsets,
      lowest: lowest, highest: output == nil ? .infinity : 255, residualScale: residualScale)
  }

  /// Bytes of memory that a pass needs for itself.
  public func scratchCount(_ geometry: ConvolutionGeometry) -> Int {
    var plan = unsafe Self.plan(geometry, outputs: outputs)
    return unsafe Int(addend_int8_part_count(&plan) * Self.partScratch(&plan))
  }

  /// Of one part, on a border of 64.
  @unsafe private static func partScratch(_ plan: inout addend_int8_plan) -> Int {
    unsafe (Int(addend_int8_part_scratch(&plan)) + 63) / 64 * 64
  }

  private func check(
    _ x: Int, _ geometry: ConvolutionGeometry, result: Int, scratch: Int
  ) {
    precondition(
      x == geometry.imageCount && geometry.patchSize == inputs
        && geometry.filterHeight == filterHeight && geometry.filterWidth == filterWidth
        && geometry.dilation == dilation && result == geometry.patchCount * outputs
        && scratch >= scratchCount(geometry), "an integer product's extents")
  }

  /// `n`.
  public func sums(
    _ x: Span<UInt8>, _ geometry: ConvolutionGeometry, scratch: inout MutableSpan<UInt8>,
    into y: inout MutableSpan<Int32>
  ) {
    check(x.count, geometry, result: y.count, scratch: scratch.count)
    let result = unsafe y.address.map { UnsafeMutableRawPointer($0) }
    unsafe run(
      x, geometry, addend_int8_finish(kind: ADDEND_INT8_SUMS), nil, &scratch, into: result)
  }

  /// `y` in float32. `residual` is what `finish` names, bytes or floats, shaped as `y`.
  public func floats(
    _ x: Span<UInt8>, _ geometry: ConvolutionGeometry, _ finish: Finish,
    addingBytes bytes: Span<UInt8>? = nil, addingFloats floats: Span<Float>? = nil,
    scratch: inout MutableSpan<UInt8>, into y: inout MutableSpan<Float>
  ) {
    check(x.count, geometry, result: y.count, scratch: scratch.count)
    precondition(finish.output == nil, "results in float32")
    let result = unsafe y.address.map { UnsafeMutableRawPointer($0) }
    let count = y.count
    unsafe run(
      x, geometry,
      Self.operands(finish, ADDEND_INT8_FLOATS, bytes: bytes, floats: floats, count: count),
      finish, &scratch, into: result)
  }

  /// `y` in bytes of the quantisation that `finish` names.
  public func bytes(
    _ x: Span<UInt8>, _ geometry: ConvolutionGeometry, _ finish: Finish,
    addingBytes bytes: Span<UInt8>? = nil, addingFloats floats: Span<Float>? = nil,
    scratch: inout MutableSpan<UInt8>, into y: inout MutableSpan<UInt8>
  ) {
    check(x.count, geometry, result: y.count, scratch: scratch.count)
    precondition(finish.output != nil, "results in bytes")
    let result = unsafe y.address.map { UnsafeMutableRawPointer($0) }
    let count = y.count
    unsafe run(
      x, geometry,
      Self.operands(finish, ADDEND_INT8_BYTES, bytes: bytes, floats: floats, count: count),
      finish, &scratch, into: result)
  }

  /// Safe: residuals are used while the spans are borrowed.
  @unsafe private static func operands(
    _ finish: Finish, _ kind: addend_int8_result, bytes: Span<UInt8>?, floats: Span<Float>?,
    count: Int
  ) -> addend_int8_finish {
    var c = unsafe addend_int8_finish(kind: kind)
    unsafe c.lowest = finish.lowest
    unsafe c.highest = finish.highest
    unsafe c.residual_scale = finish.residualScale
    switch finish.residual {
    case .none: precondition(bytes == nil && floats == nil, "nothing is added")
    case .bytes:
      precondition(bytes?.count == count && floats == nil, "bytes are added")
      unsafe c.residual_bytes = bytes?.address
    case .floats:
      precondition(floats?.count == count && bytes == nil, "float32 is added")
      unsafe c.residual_floats = floats?.address
    }
    return unsafe c
  }

  /// Safe when the operands were checked.
  @unsafe private func run(
    _ x: Span<UInt8>, _ geometry: ConvolutionGeometry, _ kind: addend_int8_finish,
    _ finish: Finish?, _ scratch: inout MutableSpan<UInt8>,
    into y: UnsafeMutableRawPointer?
  ) {
    let filter = packed.span
    guard let x = unsafe x.address, let y = unsafe y, let filter = unsafe filter.address,
      let memory = unsafe scratch.address
    else { return }
    let plan = unsafe Self.plan(geometry, outputs: outputs)
    let zeroPoint = input.zeroPoint
    unsafe corrections.withUnsafeBufferPointer { bias in
      unsafe Self.withNumbers(finish) { multipliers, offsets in
        var c = unsafe kind
        unsafe c.bias = bias.baseAddress
        unsafe c.multiplier = multipliers
        unsafe c.offset = offsets
        let operands = unsafe addend_int8_operands(
          image: x, zero_point: zeroPoint, packed: filter, finish: c, y: y)
        unsafe withUnsafePointer(to: plan) { plan in
          unsafe withUnsafePointer(to: operands) { operands in
            let kernels = unsafe addend_int8_select(set.isa)
            var copy = unsafe plan.pointee
            let each = unsafe Self.partScratch(&copy)
            ThreadPool.forEachPart(of: unsafe Int(addend_int8_part_count(plan)), size: 1) {
              part, _ in
              unsafe addend_int8_run(kernels, plan, operands, part, memory + part * each)
            }
          }
        }
      }
    }
  }

  @unsafe private static func withNumbers(
    _ finish: Finish?, _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void
  ) {
    guard let finish else { return body(nil, nil) }
    unsafe finish.multipliers.withUnsafeBufferPointer { multipliers in
      unsafe finish.offsets.withUnsafeBufferPointer { offsets in
        unsafe body(multipliers.baseAddress, offsets.baseAddress)
      }
    }
  }
}

extension addend_int8_finish {
  @unsafe fileprivate init(kind: addend_int8_result) {
    unsafe self.init(
      kind: kind, bias: nil, multiplier: nil, offset: nil, lowest: 0, highest: 0,
      residual_bytes: nil, residual_floats: nil, residual_scale: 0)
  }
}

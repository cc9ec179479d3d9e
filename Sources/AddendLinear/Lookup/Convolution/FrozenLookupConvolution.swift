internal import AddendKernels
internal import AddendTensors

/// A look-up convolution as it is stored and run: the pixels' encoder and every tap's int8 tables.
///
/// `y[r, m] = scales[m] · Σ_v q[m, v, c(v, r)] + offsets[m]`, the sum in integers; rounded as
/// `FrozenLookup` is, every tap's groups as blocks of their own.
struct FrozenLookupConvolution<Scalar: TensorScalar>: Sendable {
  private(set) var encoder: LookupEncoder<Scalar>
  private let filter: LookupFilter
  /// `[outputs, taps, paddedGroups, 16]`, as kernels read it.
  private var packed: AlignedBuffer<Int8>
  /// `[outputs]`.
  private(set) var scales: Tensor<Scalar>
  private(set) var offsets: Tensor<Scalar>

  private var outputs: Int { scales.count }

  /// Tables of zeros, to be visited.
  init(_ encoder: LookupEncoder<Scalar>, _ filter: LookupFilter, outputs: Int) {
    self.encoder = encoder
    self.filter = filter
    scales = Tensor([outputs])
    offsets = Tensor([outputs])
    packed = Self.packed([], encoder.shape(filter.patches(count: 1), outputs: outputs))
  }

  /// `tables` `[blocks, entries, outputs]`, rounded.
  init(_ encoder: LookupEncoder<Scalar>, _ filter: LookupFilter, tables: Tensor<Scalar>) {
    let rounded = RoundedTables(
      Tensor<Double>(tables).elements, blocks: filter.blocks, entries: encoder.entries)
    let outputs = tables.shape[2]
    self.encoder = encoder
    self.filter = filter
    scales = Tensor([outputs], rounded.scales.map { Scalar($0) })
    offsets = Tensor([outputs], rounded.offsets.map { Scalar($0) })
    packed = Self.packed(
      rounded.entries, encoder.shape(filter.patches(count: 1), outputs: outputs))
  }

  /// Where an entry of `[outputs, blocks, entries]` lies among the packed ones.
  private static func place(of entry: Int, _ shape: LookupImageShape) -> Int {
    let (row, k) = (entry / shape.entries, entry % shape.entries)
    return (row / shape.groups * shape.paddedGroups + row % shape.groups) * 16 + k
  }

  /// `entries` `[outputs, blocks, entries]` in the kernels' order; what is missing is zero.
  private static func packed(_ entries: [Int], _ shape: LookupImageShape) -> AlignedBuffer<Int8> {
    let buffer = AlignedBuffer<Int8>(uninitializedCount: shape.packedCount)
    var span = buffer.uniqueSpan
    span.update(repeating: 0)
    for i in 0..<min(entries.count, shape.tableCount) {
      span[place(of: i, shape)] = Int8(clamping: entries[i])
    }
    return buffer
  }

  /// `[outputs, blocks, entries]`.
  var entries: [Int] {
    let shape = encoder.shape(filter.patches(count: 1), outputs: outputs)
    let span = packed.span
    return (0..<shape.tableCount).map { Int(span[Self.place(of: $0, shape)]) }
  }

  func forward(_ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry) -> Tensor<Scalar> {
    let codes = CodeImage(image, geometry, by: encoder, outputs: outputs)
    let (tables, span, scales, offsets) = (packed.span, codes.span, scales.span, offsets.span)
    return Tensor(geometry.outputShape(channels: outputs)) {
      Scalar.sumPackedImageEntries(
        of: tables, at: span, codes.shape, scales: scales, offsets: offsets, into: &$0)
    }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    encoder.visit(&visitor)
    let shape = encoder.shape(filter.patches(count: 1), outputs: outputs)
    var tables = IntegerState(.int8, [outputs, shape.blocks, shape.entries], entries)
    visitor.visit(&tables, named: "tables")
    visitor.afterReplacing { () throws(TensorError) in
      packed = Self.packed(tables.values, shape)
    }
    visitor.visit(&scales, named: "scales")
    visitor.visit(&offsets, named: "offsets")
  }

  /// The matrix that explains the tables best, tap by tap as `FrozenLookup.effectiveWeight`.
  var effectiveWeight: Tensor<Scalar> {
    let quantized = entries
    // Entries of one output, and of those the ones under one tap.
    let (all, some) = (filter.blocks * encoder.entries, filter.layout.count * encoder.entries)
    var weight = Tensor<Scalar>([filter.taps * filter.channels, outputs])
    var span = weight.mutableSpan
    for tap in 0..<filter.taps {
      let part = (0..<outputs).flatMap { (m: Int) -> ArraySlice<Int> in
        let first = m * all + tap * some
        return quantized[first..<first + some]
      }
      let rows = FrozenLookup.effectiveWeight(encoder, entries: part, scales: scales)
      let source = rows.span
      for i in source.indices { span[tap * source.count + i] = source[i] }
    }
    return weight
  }
}

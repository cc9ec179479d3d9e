internal import AddendKernels
internal import AddendTensors

/// A look-up map as it is stored and run: encoder and int8 tables.
///
/// `y[r, m] = scales[m] · Σ_j q[m, j, c(j, r)] + offsets[m]`, the sum in integers. Each block's
/// entries for one output are centred between their extremes before rounding, which costs nothing:
/// the centres add up to the offset. One scale serves an output's blocks: `scales[m] = max_j
/// (max_k T − min_k T) / 2 / 63`, so that an entry is off by half of it at most.
struct FrozenLookup<Scalar: TensorScalar>: Sendable {
  private(set) var encoder: LookupEncoder<Scalar>
  /// `[outputs, paddedBlocks, packedEntries]`, as kernels read it.
  private var packed: AlignedBuffer<Int8>
  /// `[outputs]`.
  private(set) var scales: Tensor<Scalar>
  private(set) var offsets: Tensor<Scalar>

  private var outputs: Int { scales.count }

  /// Tables of zeros, to be visited.
  init(_ encoder: LookupEncoder<Scalar>, outputs: Int) {
    self.encoder = encoder
    scales = Tensor([outputs])
    offsets = Tensor([outputs])
    packed = Self.packed([], encoder.shape(rows: 0, outputs: outputs))
  }

  /// `tables` `[blocks, entries, outputs]`, rounded.
  init(_ encoder: LookupEncoder<Scalar>, tables: Tensor<Scalar>) {
    let shape = encoder.shape(rows: 0, outputs: tables.shape[2])
    let rounded = RoundedTables(
      Tensor<Double>(tables).elements, blocks: shape.blocks, entries: shape.entries)
    self.encoder = encoder
    scales = Tensor([shape.outputs], rounded.scales.map { Scalar($0) })
    offsets = Tensor([shape.outputs], rounded.offsets.map { Scalar($0) })
    packed = Self.packed(rounded.entries, shape)
  }

  /// `entries` `[outputs, blocks, entries]` in the kernels' order; what is missing is zero.
  private static func packed(_ entries: [Int], _ shape: LookupShape) -> AlignedBuffer<Int8> {
    let buffer = AlignedBuffer<Int8>(uninitializedCount: shape.packedCount)
    var span = buffer.uniqueSpan
    span.update(repeating: 0)
    for (i, entry) in entries.enumerated() {
      let (row, k) = (i / shape.entries, i % shape.entries)
      let (m, j) = (row / shape.blocks, row % shape.blocks)
      guard m < shape.outputs else { break }
      span[(m * shape.paddedBlocks + j) * shape.packedEntries + k] = Int8(clamping: entry)
    }
    return buffer
  }

  /// `[outputs, blocks, entries]`.
  var entries: [Int] {
    let shape = encoder.shape(rows: 0, outputs: outputs)
    let span = packed.span
    return (0..<outputs * shape.blocks).flatMap { row in
      let first =
        (row / shape.blocks * shape.paddedBlocks + row % shape.blocks)
        * shape.packedEntries
      return (0..<shape.entries).map { Int(span[first + $0]) }
    }
  }

  /// The number of entries, `outputs · blocks · entries`.
  var entryCount: Int {
    let shape = encoder.shape(rows: 0, outputs: outputs)
    return outputs * shape.blocks * shape.entries
  }

  /// Adds to entries, numbered as in `entries`; sums stay within ±127.
  mutating func change(_ changes: [(entry: Int, difference: Int)]) {
    let shape = encoder.shape(rows: 0, outputs: outputs)
    packed = packed.copy()
    var span = packed.uniqueSpan
    for (entry, difference) in changes {
      let (row, k) = (entry / shape.entries, entry % shape.entries)
      let (m, j) = (row / shape.blocks, row % shape.blocks)
      let place = (m * shape.paddedBlocks + j) * shape.packedEntries + k
      span[place] = Int8(min(max(Int(span[place]) + difference, -127), 127))
    }
  }

  func forward(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = encoder.shape(rows: x.shape[0], outputs: outputs)
    let codes = encoder.encode(x)
    let (scales, offsets) = (scales.span, offsets.span)
    return Tensor([shape.rows, outputs]) {
      Scalar.sumPackedEntries(
        of: packed.span, at: codes.span, shape, scales: scales, offsets: offsets, into: &$0)
    }
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    encoder.visit(&visitor)
    let shape = encoder.shape(rows: 0, outputs: outputs)
    var tables = IntegerState(.int8, [outputs, shape.blocks, shape.entries], entries)
    visitor.visit(&tables, named: "tables")
    visitor.afterReplacing { () throws(TensorError) in
      packed = Self.packed(tables.values, shape)
    }
    visitor.visit(&scales, named: "scales")
    visitor.visit(&offsets, named: "offsets")
  }
}

/// Tables as int8 with a scale and an offset per output.
struct RoundedTables {
  /// `[outputs, blocks, entries]`.
  private(set) var entries: [Int]
  private(set) var scales: [Double]
  private(set) var offsets: [Double]

  /// Two entries add up within a byte, which the fastest kernels do.
  private static let largest = 63.0

  /// `tables` is `[blocks, entries, outputs]`.
  init(_ tables: [Double], blocks: Int, entries: Int) {
    let outputs = tables.count / (blocks * entries)
    self.entries = [Int](repeating: 0, count: tables.count)
    scales = [Double](repeating: 0, count: outputs)
    offsets = [Double](repeating: 0, count: outputs)
    // Rows of the tables as they lie: a walk along each output's column would miss the cache.
    var middles = [Double](repeating: 0, count: blocks * outputs)
    for j in 0..<blocks {
      var (least, most) = (
        Array(tables[j * entries * outputs..<(j * entries + 1) * outputs]),
        Array(tables[j * entries * outputs..<(j * entries + 1) * outputs])
      )
      for row in j * entries..<(j + 1) * entries {
        for m in 0..<outputs {
          least[m] = min(least[m], tables[row * outputs + m])
          most[m] = max(most[m], tables[row * outputs + m])
        }
      }
      for m in 0..<outputs {
        middles[j * outputs + m] = (least[m] + most[m]) / 2
        offsets[m] += middles[j * outputs + m]
        scales[m] = max(scales[m], (most[m] - least[m]) / (2 * Self.largest))
      }
    }
    for row in 0..<blocks * entries {
      let (j, k) = (row / entries, row % entries)
      for m in 0..<outputs where scales[m] > 0 {
        let value = (tables[row * outputs + m] - middles[j * outputs + m]) / scales[m]
        // A table that has met NaN or infinity has nothing to save.
        let rounded = value.isFinite ? Int(value.rounded(.toNearestOrEven)) : 0
        self.entries[(m * blocks + j) * entries + k] = min(
          max(rounded, -Int(Self.largest)), Int(Self.largest))
      }
    }
  }
}

internal import AddendKernels
internal import AddendTensors

/// Turns rows into codes without a multiplication.
struct LookupEncoder<Scalar: TensorScalar>: Sendable {
  let kind: LookupConfiguration.Encoder
  let layout: BlockLayout
  let levels: Int
  /// Different inputs that a tree's levels may compare.
  private let compared: Int
  /// `[blocks, levels]`: positions within the block (tree), or the level's own number (hash).
  private(set) var columns: IntegerState
  /// `[blocks, entries]`: nodes counted from 1 as in a heap; entry 0 is not read.
  private(set) var thresholds: Tensor<Scalar>
  // What the columns come to in a row of inputs, or of sums.
  private(set) var absoluteColumns: [Int32]

  var entries: Int { 1 << levels }

  init(
    _ kind: LookupConfiguration.Encoder, _ layout: BlockLayout, levels: Int,
    comparing compared: Int = .max
  ) {
    self.compared = compared
    self.kind = kind
    self.layout = layout
    self.levels = levels
    columns = IntegerState(
      .uint8, [layout.count, levels],
      (0..<layout.count * levels).map { kind == .hash ? $0 % levels : 0 })
    thresholds = Tensor([layout.count, 1 << levels])
    absoluteColumns = []
    absoluteColumns = resolvedColumns
  }

  func shape(rows: Int, outputs: Int) -> LookupShape {
    LookupShape(
      rows: rows, inputs: layout.inputSize, blocks: layout.count, blockSize: layout.blockSize,
      levels: levels, outputs: outputs)
  }

  /// The codes `[blocks, rows]` of `x: [rows, inputSize]`.
  func encode(_ x: Tensor<Scalar>) -> LookupCodes {
    var shape = shape(rows: x.shape[0], outputs: 1)
    let codes = AlignedBuffer<UInt8>(uninitializedCount: shape.codeCount)
    var span = codes.uniqueSpan
    let compared = kind == .hash ? sums(of: x) : x
    shape.inputs = compared.shape[1]
    Scalar.encodeLookups(
      compared.span, shape, columns: absoluteColumns.span, thresholds: thresholds.span, into: &span)
    return LookupCodes(rows: x.shape[0], buffer: codes)
  }

  /// What a hash compares: `[rows, blocks · levels]`.
  private func sums(of x: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = shape(rows: x.shape[0], outputs: 1)
    let (rows, signs) = (x.span, signs)
    return Tensor([shape.rows, layout.count * levels]) {
      Scalar.hashSums(
        rows, shape, positions: layout.positions.span, signs: signs.span, into: &$0)
    }
  }

  /// Comparisons, and a hash's additions, for one row.
  var cost: OperationCount {
    let inputs = layout.inputSize - layout.count
    return OperationCount(
      additions: kind == .hash ? inputs * levels : 0, comparisons: layout.count * levels)
  }

  /// Learns from `x: [rows, inputSize]`.
  mutating func learn(from x: Tensor<Scalar>) {
    let (chosen, limits) =
      switch kind {
      case .tree: trees(from: Tensor<Float>(x))
      case .hash: medians(from: Tensor<Float>(sums(of: x)))
      }
    columns.values = chosen
    thresholds = Tensor(thresholds.shape, limits.map { Scalar(Double($0)) })
    absoluteColumns = resolvedColumns
  }

  private func trees(from x: Tensor<Float>) -> (columns: [Int], thresholds: [Float]) {
    let shape = shape(rows: x.shape[0], outputs: 1)
    var columns = [Int32](repeating: 0, count: layout.count * levels)
    var thresholds = [Float](repeating: .infinity, count: layout.count * entries)
    var columnSpan = columns.mutableSpan
    var thresholdSpan = thresholds.mutableSpan
    learnLookupTrees(
      from: x.span, shape, positions: layout.positions.span, comparing: compared,
      columns: &columnSpan,
      thresholds: &thresholdSpan)
    return (columns.map(Int.init), thresholds)
  }

  /// A hash's level compares a sum of its own with one threshold.
  private func medians(from sums: Tensor<Float>) -> (columns: [Int], thresholds: [Float]) {
    let (rows, width) = (sums.shape[0], layout.count * levels)
    let span = sums.span
    var limits: [Float] = []
    for j in 0..<layout.count {
      limits.append(.infinity)
      for level in 0..<levels {
        let values = (0..<rows).map { span[$0 * width + j * levels + level] }
        limits += [Float](repeating: Self.median(of: values), count: 1 << level)
      }
    }
    return ((0..<width).map { $0 % levels }, limits)
  }

  /// Between two rows, on neither: as many lie above as below.
  private static func median(of values: [Float]) -> Float {
    let (sorted, count) = (values.sorted(), values.count)
    return count < 2 ? 0 : sorted[count / 2 - 1] / 2 + sorted[count / 2] / 2
  }

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    visitor.visit(&columns, named: "columns")
    visitor.visit(&thresholds, named: "thresholds")
    visitor.afterReplacing { () throws(TensorError) in
      let columns = columns.values
      let stranger = columns.indices.first { !isComparable(columns[$0], at: $0) }
      if let stranger {
        throw .invalidValue(
          operation: "lookup map", argument: "column \(stranger)",
          expected: "an input of its block", found: "\(columns[stranger])")
      }
      absoluteColumns = resolvedColumns
    }
  }

  /// Whether the level numbered `index` may compare `column`.
  private func isComparable(_ column: Int, at index: Int) -> Bool {
    switch kind {
    case .tree:
      0..<layout.blockSize ~= column
        && layout.positions[index / levels * layout.blockSize + column] >= 0
    case .hash: column == index % levels
    }
  }

  private var resolvedColumns: [Int32] {
    (0..<layout.count * levels).map { index in
      let (block, level) = (index / levels, index % levels)
      switch kind {
      case .tree:
        return layout.positions[block * layout.blockSize + columns.values[index]]
      case .hash: return Int32(block * levels + level)
      }
    }
  }

  /// `[levels, blockSize]` of ±1: the first rows of Hadamard's matrix (Sylvester's order) that
  /// differ on a block — the sum, the halves' differences, then the rest.
  var signs: [Int8] {
    Self.patterns(blockSize: layout.blockSize).prefix(levels).flatMap { pattern in
      (0..<layout.blockSize).map { ($0 & pattern).nonzeroBitCount % 2 == 0 ? 1 : -1 }
    }
  }

  /// Rows of the matrix, in the order in which levels take them.
  static func patterns(blockSize: Int) -> [Int] {
    var order = 1
    while order < blockSize { order *= 2 }
    let rows = Array(0..<order)
    return rows.filter { $0.nonzeroBitCount < 2 } + rows.filter { $0.nonzeroBitCount >= 2 }
  }
}

/// The codes `[blocks, rows]` of some rows.
struct LookupCodes: Sendable {
  let rows: Int
  fileprivate let buffer: AlignedBuffer<UInt8>

  fileprivate init(rows: Int, buffer: AlignedBuffer<UInt8>) {
    self.rows = rows
    self.buffer = buffer
  }

  var span: Span<UInt8> {
    @_lifetime(borrow self) get { buffer.span }
  }

  var elements: [UInt8] {
    let span = span
    return span.indices.map { span[$0] }
  }
}

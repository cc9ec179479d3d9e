internal import AddendKernels
internal import AddendTensors

/// Turns rows into codes without a multiplication.
struct LookupEncoder<Scalar: TensorScalar>: Sendable {
  let kind: LookupConfiguration.Encoder
  let layout: BlockLayout
  let levels: Int
  /// `[blocks, levels]`: positions within the block (tree), or the level's own number (hash).
  private(set) var columns: IntegerState
  /// `[blocks, entries]`: nodes counted from 1 as in a heap; entry 0 is not read.
  private(set) var thresholds: Tensor<Scalar>
  // What the columns come to in a row of inputs, or of sums.
  private(set) var absoluteColumns: [Int32]

  var entries: Int { 1 << levels }

  init(_ kind: LookupConfiguration.Encoder, _ layout: BlockLayout, levels: Int) {
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
    let samples = x.floats
    let sums = kind == .hash ? sums(of: x).floats : []
    let (rows, size) = (x.shape[0], layout.blockSize)
    var chosen: [Int] = []
    var limits: [Float] = []
    for j in 0..<layout.count {
      let tree: SplitTree
      switch kind {
      case .tree:
        let positions = layout.positions[j * size..<(j + 1) * size]
        let block = (0..<rows).flatMap { r in
          positions.map { $0 < 0 ? 0 : samples[r * layout.inputSize + Int($0)] }
        }
        tree = SplitTree.learned(
          from: block, size: size,
          columns: positions.indices.filter { positions[$0] >= 0 }.map {
            $0 - positions.startIndex
          },
          levels: levels)
      case .hash:
        let width = layout.count * levels
        tree = SplitTree.medians(
          of: (0..<rows).flatMap { (r: Int) -> ArraySlice<Float> in
            let first = r * width + j * levels
            return sums[first..<first + levels]
          },
          levels: levels)
      }
      chosen += tree.columns
      limits += tree.thresholds
    }
    columns.values = chosen
    thresholds = Tensor(thresholds.shape, limits.map { Scalar(Double($0)) })
    absoluteColumns = resolvedColumns
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

extension Tensor {
  /// The elements in float32, in which encoders are learned.
  fileprivate var floats: [Float] {
    let same = Tensor<Float>(self)
    return same.elements
  }
}

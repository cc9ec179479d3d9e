internal import AddendKernels
internal import AddendTensors

/// Turns rows into codes without a multiplication.
struct LookupEncoder<Scalar: TensorScalar>: Sendable {
  let kind: LookupConfiguration.Encoder
  let layout: BlockLayout
  /// Comparisons that find the code of one stage.
  let levels: Int
  /// Different inputs that the levels of a stage's tree may compare.
  private let compared: Int
  /// Codes of a block: the second one stands for what the first has left of it. Since what is left is
  /// compared with a threshold, the first code's prototype can be added to that beforehand: the stages
  /// make one tree, and nothing is subtracted.
  let stages: Int
  /// `[blocks, depth]`: positions within the block (tree), or the level's own number (hash).
  private(set) var columns: IntegerState
  /// `[blocks, 2^depth]`: nodes counted from 1 as in a heap; entry 0 is not read.
  private(set) var thresholds: Tensor<Scalar>
  // What the columns come to in a row of inputs, or of sums.
  private(set) var absoluteColumns: [Int32]

  var entries: Int { 1 << levels }
  /// Levels of a block's tree, those of all stages.
  var depth: Int { levels * stages }

  init(
    _ kind: LookupConfiguration.Encoder, _ layout: BlockLayout, levels: Int, stages: Int = 1,
    comparing compared: Int = .max
  ) {
    self.compared = compared
    self.kind = kind
    self.stages = stages
    self.layout = layout
    self.levels = levels
    columns = IntegerState(
      .uint8, [layout.count, levels * stages],
      (0..<layout.count * levels * stages).map { kind == .hash ? $0 % levels : 0 })
    thresholds = Tensor([layout.count, 1 << (levels * stages)])
    absoluteColumns = []
    absoluteColumns = resolvedColumns
  }

  func shape(rows: Int, outputs: Int) -> LookupShape {
    LookupShape(
      rows: rows, inputs: layout.inputSize, blocks: layout.count * stages,
      blockSize: layout.blockSize, levels: levels, outputs: outputs, stages: stages)
  }

  /// The tree's, for whom a block has one code.
  private func treeShape(rows: Int) -> LookupShape {
    LookupShape(
      rows: rows, inputs: layout.inputSize, blocks: layout.count, blockSize: layout.blockSize,
      levels: depth, outputs: 1)
  }

  /// `[blocks, blockSize]`, once for each stage.
  var positions: [Int32] { (0..<stages).flatMap { _ in layout.positions } }

  /// The codes `[stages · blocks, rows]` of `x: [rows, inputSize]`.
  func encode(_ x: Tensor<Scalar>) -> LookupCodes {
    var shape = treeShape(rows: x.shape[0])
    let codes = AlignedBuffer<UInt8>(uninitializedCount: shape.codeCount)
    var span = codes.uniqueSpan
    let compared = kind == .hash ? sums(of: x) : x
    shape.inputs = compared.shape[1]
    Scalar.encodeLookups(
      compared.span, shape, columns: absoluteColumns.span, thresholds: thresholds.span, into: &span)
    guard stages > 1 else { return LookupCodes(rows: x.shape[0], buffer: codes) }
    let apart = AlignedBuffer<UInt8>(uninitializedCount: stages * codes.count)
    var apartSpan = apart.uniqueSpan
    splitStages(codes.span, self.shape(rows: x.shape[0], outputs: 1), into: &apartSpan)
    return LookupCodes(rows: x.shape[0], buffer: apart)
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
      additions: kind == .hash ? inputs * levels : 0, comparisons: layout.count * depth)
  }

  /// Learns from `x: [rows, inputSize]`.
  mutating func learn(from x: Tensor<Scalar>) {
    switch kind {
    case .tree where stages == 1: take(trees(from: Tensor<Float>(x)))
    case .tree: take(joined(from: x))
    case .hash: take(medians(from: Tensor<Float>(sums(of: x))))
    }
  }

  private typealias Trees = (columns: [Int], thresholds: [Float])

  private mutating func take(_ trees: Trees) {
    columns.values = trees.columns
    thresholds = Tensor(thresholds.shape, trees.thresholds.map { Scalar(Double($0)) })
    absoluteColumns = resolvedColumns
  }

  private func trees(from x: Tensor<Float>) -> Trees {
    let shape = treeShape(rows: x.shape[0])
    var columns = [Int32](repeating: 0, count: layout.count * depth)
    var thresholds = [Float](repeating: .infinity, count: layout.count << depth)
    var columnSpan = columns.mutableSpan
    var thresholdSpan = thresholds.mutableSpan
    learnLookupTrees(
      from: x.span, shape, positions: layout.positions.span, comparing: compared,
      columns: &columnSpan, thresholds: &thresholdSpan)
    return (columns.map(Int.init), thresholds)
  }

  /// The trees of two stages as one: below leaf `c` of the first, the second's thresholds with what the
  /// prototype of `c` has in the column that they are compared with.
  private func joined(from x: Tensor<Scalar>) -> Trees {
    var stage = LookupEncoder(.tree, layout, levels: levels, comparing: compared)
    let first = stage.trees(from: Tensor<Float>(x))
    stage.take(first)
    let codes = stage.encode(x)
    let means = stage.means(of: x, by: codes.span)
    let left = stage.remainder(of: x, from: means, by: codes.span)
    let second = stage.trees(from: Tensor<Float>(left))
    var (columns, thresholds): ([Int], [Float]) = ([], [])
    let (prototypes, size) = (means.span, layout.blockSize)
    for j in 0..<layout.count {
      let own = second.columns[j * levels..<(j + 1) * levels]
      columns += first.columns[j * levels..<(j + 1) * levels] + own
      thresholds += first.thresholds[j * entries..<(j + 1) * entries]
      for (level, column) in own.enumerated() {
        for code in 0..<entries {
          let prototype = Float(prototypes[(j * entries + code) * size + column].double)
          thresholds += (1 << level..<2 << level).map {
            second.thresholds[j * entries + $0] + prototype
          }
        }
      }
    }
    return (columns, thresholds)
  }

  /// The means `[blocks, entries, blockSize]` of `x`'s blocks under the `codes: [blocks, rows]` of one
  /// stage.
  func means(of x: Tensor<Scalar>, by codes: Span<UInt8>) -> Tensor<Scalar> {
    var shape = shape(rows: x.shape[0], outputs: 1)
    (shape.blocks, shape.stages) = (layout.count, 1)
    return Tensor([layout.count, entries, layout.blockSize]) {
      Scalar.bucketMeans(of: x.span, by: codes, positions: layout.positions.span, shape, into: &$0)
    }
  }

  /// What the prototypes of one stage leave of `x`.
  func remainder(
    of x: Tensor<Scalar>, from prototypes: Tensor<Scalar>, by codes: Span<UInt8>
  ) -> Tensor<Scalar> {
    var shape = shape(rows: x.shape[0], outputs: 1)
    (shape.blocks, shape.stages) = (layout.count, 1)
    var left = Tensor<Scalar>(x.shape)
    var span = left.mutableSpan
    Scalar.addDeviations(
      of: x.span, from: prototypes.span, at: codes, positions: layout.positions.span, shape,
      times: Scalar(constant: 1), to: &span)
    return left
  }

  /// A hash's level compares a sum of its own with one threshold.
  private func medians(from sums: Tensor<Float>) -> Trees {
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
        && layout.positions[index / depth * layout.blockSize + column] >= 0
    case .hash: column == index % levels
    }
  }

  private var resolvedColumns: [Int32] {
    (0..<layout.count * depth).map { index in
      let (block, level) = (index / depth, index % depth)
      switch kind {
      case .tree:
        return layout.positions[block * layout.blockSize + columns.values[index]]
      case .hash: return Int32(block * depth + level)
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

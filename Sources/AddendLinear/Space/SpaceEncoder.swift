internal import AddendKernels
internal import AddendTensors

/// Turns blocks of numbers into codes by comparing, without a multiplication.
///
/// - `cells`: a binary search of thresholds finds each coordinate's level; the levels of a block name
///   a cell, and a table holds the word that is nearest to the cell's centre.
/// - `tree`: each node compares one coordinate with a threshold; each leaf holds the word that is
///   nearest to the mean of the blocks that came to it.
struct SpaceEncoder<Scalar: TensorScalar>: Sendable {
  typealias Kind = SpaceConfiguration.Encoder

  let kind: Kind
  let dimension: Int
  /// Of a coordinate's level; a tree's depth.
  let bits: Int
  /// Cells: the number that stands for each level, ascending, `[2^bits]`. Tree: the nodes' thresholds,
  /// entry 0 unused.
  private(set) var levels: Tensor<Scalar>
  /// Tree: the nodes' columns.
  private(set) var columns: [Int32]
  /// Cells: midpoints between levels, `[2^bits − 1]`.
  private var thresholds: Tensor<Scalar>
  /// The code of each cell (the first coordinate's level in the lowest bits) or leaf.
  private(set) var leaves: AlignedBuffer<UInt8>

  /// A kind that suits blocks of `dimension` numbers: single numbers have levels, which make their
  /// coding exact; more than 8 numbers would have a bit each at most, and get a tree.
  static func kind(_ wanted: Kind, dimension: Int) -> Kind {
    dimension == 1 ? .cells : dimension > 8 ? .tree : wanted
  }

  /// Few enough cells that their table stays in a core's cache; 16 leaves a word, 4096 at most.
  static func bits(_ kind: Kind, dimension: Int, words: Int) -> Int {
    switch kind {
    case .cells: min(8, 16 / dimension)
    case .tree: min(12, Int.bitWidth - (words - 1).leadingZeroBitCount + 4)
    }
  }

  /// An encoder that knows nothing yet.
  init(_ wanted: Kind, dimension: Int, words: Int) {
    kind = Self.kind(wanted, dimension: dimension)
    self.dimension = dimension
    bits = Self.bits(kind, dimension: dimension, words: words)
    let count = 1 << bits
    levels = Tensor([count])
    columns = kind == .tree ? Array(repeating: 0, count: count) : []
    thresholds = Tensor([0])
    leaves = AlignedBuffer(uninitializedCount: 0)
  }

  /// Learns from blocks where to compare, then which word each cell or leaf stands for.
  mutating func learn(
    from points: SpacePoints, words: Tensor<Float>, using random: inout RandomSource
  ) {
    switch kind {
    case .cells:
      levels = Tensor(Self.levels(bits: bits, points, words, using: &random))
      followLevels(words)
    case .tree:
      let tree = SpaceTree(points.thinned(to: 8192, using: &random), depth: bits)
      columns = tree.columns
      levels = Tensor(Tensor<Float>([1 << bits], tree.thresholds))
      leaves = SpacePoints(tree.centres, dimension: dimension).nearest(in: words)
    }
  }

  /// Takes up words that have moved: cells are coded anew, and a tree's leaves, by their blocks'
  /// means.
  mutating func follow(words: Tensor<Float>, points: SpacePoints) {
    switch kind {
    case .cells: followLevels(words)
    case .tree:
      let centres = SpaceTree(
        columns: columns, thresholds: Tensor<Float>(levels).elements, depth: bits
      ).centres(of: points)
      leaves = SpacePoints(centres, dimension: dimension).nearest(in: words)
    }
  }

  /// Takes up what a file holds.
  mutating func replace(
    levels: Tensor<Scalar>, columns: [Int], leaves: [Int], words: Tensor<Float>
  ) {
    self.levels = levels
    switch kind {
    case .cells: followLevels(words)
    case .tree:
      self.columns = columns.map(Int32.init)
      self.leaves = AlignedBuffer(uninitializedCount: leaves.count)
      var span = self.leaves.uniqueSpan
      for i in leaves.indices { span[i] = UInt8(leaves[i]) }
    }
  }

  private mutating func followLevels(_ words: Tensor<Float>) {
    let level = levels.elements.map(\.double)
    thresholds = Tensor(
      [level.count - 1], (1..<level.count).map { Scalar((level[$0 - 1] + level[$0]) / 2) })
    let (bits, dimension) = (bits, dimension)
    let count = 1 << (bits * dimension)
    let centres = Tensor<Float>([dimension, count]) { span in
      for b in 0..<dimension {
        for cell in 0..<count {
          span[b * count + cell] = Float(level[(cell >> (bits * b)) & (level.count - 1)])
        }
      }
    }
    leaves = AlignedBuffer(uninitializedCount: count)
    var span = leaves.uniqueSpan
    SpaceKernels.best.nearest(
      points: centres.span, dimension: dimension, words: words.span, into: &span)
  }

  /// Levels of single numbers are the words themselves; those of larger blocks' coordinates come from
  /// k-means.
  private static func levels(
    bits: Int, _ points: SpacePoints, _ words: Tensor<Float>, using random: inout RandomSource
  ) -> Tensor<Float> {
    let count = 1 << bits
    var levels = words.elements
    if points.dimension > 1 {
      let coordinates = points.thinned(to: 8192, using: &random).coordinates
      levels = SpaceWords.lloyd(coordinates, words: count, rounds: 12, using: &random).elements
    }
    levels.sort()
    levels += Array(repeating: levels.last ?? 0, count: count - levels.count)
    return Tensor([count], levels)
  }

  func shape(rows: Int, size: Int) -> SpaceEncodingShape {
    SpaceEncodingShape(rows: rows, size: size, dimension: dimension, bits: bits)
  }

  /// Comparisons for a block.
  var comparisons: Int { kind == .cells ? bits * dimension : bits }

  /// The codes of `x · 2^−exponents`, row by row, rows padded as scans want them.
  func encode(_ x: Tensor<Scalar>, exponents: [Int32] = []) -> AlignedBuffer<UInt8> {
    let shape = shape(rows: x.shape[0], size: x.shape[1])
    let codes = AlignedBuffer<UInt8>(uninitializedCount: shape.rows * shape.codeStride)
    var span = codes.uniqueSpan
    if Scalar.self == Float.self {
      let x = Tensor<Float>(x)
      switch kind {
      case .cells:
        let thresholds = Tensor<Float>(thresholds)
        SpaceKernels.best.encode(
          shape, x.span, thresholds: thresholds.span, cells: leaves.span,
          exponents: exponents.span, into: &span)
      case .tree:
        let thresholds = Tensor<Float>(levels)
        SpaceKernels.best.encode(
          shape, x.span, columns: columns.span, thresholds: thresholds.span, leaves: leaves.span,
          exponents: exponents.span, into: &span)
      }
      return codes
    }
    span.update(repeating: 0)
    for i in 0..<shape.rows {
      for s in 0..<shape.blocks {
        let leaf = leaf { b in
          let j = s * dimension + b
          let number = j < shape.size ? x.span[i * shape.size + j] : .zero
          return exponents.isEmpty ? number : number.shifted(by: -Int(exponents[i]))
        }
        span[i * shape.codeStride + s] = UInt8(
          Scalar.lookUp(Scalar(Double(leaves.span[leaf]))).double)
      }
    }
    return codes
  }

  /// The cell or leaf of a block: the definition.
  private func leaf(of block: (Int) -> Scalar) -> Int {
    switch kind {
    case .cells:
      return (0..<dimension).reduce(0) { $0 | level(of: block($1)) << (bits * $1) }
    case .tree:
      var node = 1
      for _ in 0..<bits {
        let goesRight = block(Int(columns[node])) >= levels.span[node]
        node = 2 * node + (goesRight ? 1 : 0)
      }
      return node - (1 << bits)
    }
  }

  /// The number of thresholds ≤ `number`.
  private func level(of number: Scalar) -> Int {
    var level = 0
    var step = 1 << (bits - 1)
    while step > 0 {
      if number >= thresholds.span[level + step - 1] { level += step }
      step >>= 1
    }
    return level
  }
}

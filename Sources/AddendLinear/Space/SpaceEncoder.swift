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

  /// Takes up words that have moved with their blocks: each level goes to the mean of the coordinates
  /// that it stands for, a tree's leaf to the mean of the blocks that come to it.
  mutating func follow(words: Tensor<Float>, points: SpacePoints) {
    switch kind {
    case .cells:
      levels = Tensor(
        dimension == 1 ? Self.levels(of: words, bits: bits) : movedLevels(points))
      followLevels(words)
    case .tree:
      let centres = SpaceTree(
        columns: columns, thresholds: Tensor<Float>(levels).elements, depth: bits
      ).centres(of: points)
      leaves = SpacePoints(centres, dimension: dimension).nearest(in: words)
    }
  }

  /// Takes up other words without any blocks: a tree's leaves go from the word that they had to the
  /// one nearest to that.
  mutating func follow(words: Tensor<Float>, wordsBefore: Tensor<Float>) {
    switch kind {
    case .cells:
      if dimension == 1 { levels = Tensor(Self.levels(of: words, bits: bits)) }
      followLevels(words)
    case .tree:
      let heirs = SpacePoints(wordsBefore).nearest(in: words)
      leaves = Self.renamed(leaves, by: heirs)
    }
  }

  private static func renamed(
    _ codes: AlignedBuffer<UInt8>, by heirs: AlignedBuffer<UInt8>
  ) -> AlignedBuffer<UInt8> {
    let (old, heir) = (codes.span, heirs.span)
    let new = AlignedBuffer<UInt8>(uninitializedCount: old.count)
    var span = new.uniqueSpan
    for i in old.indices { span[i] = heir[Int(old[i])] }
    return new
  }

  /// Levels after a round of Lloyd's algorithm on the coordinates of some 4096 of `points`.
  private func movedLevels(_ points: SpacePoints) -> Tensor<Float> {
    let old = Tensor<Float>(levels).elements
    let borders = Tensor<Float>(thresholds).elements
    var sums = [Double](repeating: 0, count: old.count)
    var sizes = [Double](repeating: 0, count: old.count)
    let numbers = points.blocks.span
    let stride = max(1, points.count / 4096)
    for point in Swift.stride(from: 0, to: points.count, by: stride) {
      for i in point * dimension..<(point + 1) * dimension {
        var level = 0
        var step = old.count / 2
        while step > 0 {
          if numbers[i] >= borders[level + step - 1] { level += step }
          step /= 2
        }
        sums[level] += Double(numbers[i])
        sizes[level] += 1
      }
    }
    // Means of intervals ascend as the intervals do; an empty one's level lies in it.
    return Tensor(
      [old.count],
      old.indices.map { sizes[$0] > 0 ? Float(sums[$0] / sizes[$0]) : old[$0] }.sorted())
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
    // The first coordinates, whose levels are a cell's lowest bits, and the others apart: their parts
    // of the distances are added, where the search would square each difference anew.
    let first = (dimension + 1) / 2
    let lower = Self.distances(0..<first, bits: bits, level, words)
    let upper = Self.distances(first..<dimension, bits: bits, level, words)
    let (count, lowers) = (words.shape[0], lower.shape[0])
    let columns = lower.span
    let transposed = Tensor<Float>([count, lowers]) { span in
      for b in 0..<lowers { for k in 0..<count { span[k * lowers + b] = columns[b * count + k] } }
    }
    leaves = AlignedBuffer(uninitializedCount: 1 << (bits * dimension))
    var span = leaves.uniqueSpan
    SpaceKernels.best.fillCells(
      upper: upper.span, lower: transposed.span, words: count, into: &span)
  }

  /// For each combination of levels of some coordinates, the first one's lowest, and each word the sum
  /// of these coordinates' squared differences, `[combinations, words]`.
  private static func distances(
    _ coordinates: Range<Int>, bits: Int, _ level: [Double], _ words: Tensor<Float>
  ) -> Tensor<Float> {
    let (book, count, dimension) = (words.span, words.shape[0], words.shape[1])
    return Tensor<Float>([1 << (bits * coordinates.count), count]) { span in
      span.update(repeating: 0)
      for i in 0..<span.count / count {
        for (place, c) in coordinates.enumerated() {
          let centre = Float(level[(i >> (bits * place)) & (level.count - 1)])
          for k in 0..<count {
            let difference = centre - book[k * dimension + c]
            span[i * count + k] += difference * difference
          }
        }
      }
    }
  }

  /// Levels of single numbers are the words themselves; those of larger blocks' coordinates come from
  /// k-means.
  private static func levels(
    bits: Int, _ points: SpacePoints, _ words: Tensor<Float>, using random: inout RandomSource
  ) -> Tensor<Float> {
    guard points.dimension > 1 else { return levels(of: words, bits: bits) }
    let coordinates = points.thinned(to: 8192, using: &random).coordinates
    let made = SpaceWordMaking.lloyd(coordinates, words: 1 << bits, rounds: 12, using: &random)
    return levels(of: made, bits: bits)
  }

  /// Numbers as levels: ascending, the last one filling the places left.
  private static func levels(of numbers: Tensor<Float>, bits: Int) -> Tensor<Float> {
    var levels = numbers.elements.sorted()
    levels += Array(repeating: levels.last ?? 0, count: (1 << bits) - levels.count)
    return Tensor([1 << bits], levels)
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

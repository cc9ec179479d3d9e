internal import AddendKernels
internal import AddendTensors

/// Words, and the comparisons that lead to them.
struct SpaceCodebook<Scalar: TensorScalar>: Sendable {
  /// `[words, dimension]`.
  private(set) var words: Tensor<Scalar>
  private(set) var encoder: SpaceEncoder<Scalar>
  /// Whether zero is among the words, as it must be where a zero is to have no effect.
  let holdsZero: Bool

  /// Room for a codebook that a file holds.
  init(
    words: Int, dimension: Int, encoder kind: SpaceConfiguration.Encoder, holdsZero: Bool = false
  ) {
    self.words = Tensor([words, dimension])
    encoder = SpaceEncoder(kind, dimension: dimension, words: words)
    self.holdsZero = holdsZero
  }

  /// Makes words by the scheme of that name, and the encoder.
  mutating func make(
    _ scheme: String, from points: SpacePoints, using random: inout RandomSource
  ) {
    var made = SpaceWordMaking.make(scheme, count: words.shape[0], from: points, using: &random)
    if holdsZero { SpaceWordMaking.putZero(into: &made) }
    words = Tensor(made)
    encoder.learn(from: points, words: made, using: &random)
  }

  /// Words follow the blocks that are coded as them, two rounds of Lloyd's algorithm with the
  /// encoder's codes; then the encoder learns anew.
  mutating func refit(to points: SpacePoints, using random: inout RandomSource) {
    var moved = Tensor<Float>(words)
    for _ in 0..<2 {
      let codes = encoder.encode(Tensor<Scalar>(points.blocks.reshaped([1, points.blocks.count])))
      let span = codes.span
      SpaceWordMaking.moveToMeans(&moved, of: points, code: { Int(span[$0]) }, using: &random)
      if holdsZero { SpaceWordMaking.putZero(into: &moved) }
      encoder.learn(from: points, words: moved, using: &random)
    }
    words = Tensor(moved)
  }

  /// One such round for blocks that have their codes; the encoder keeps its comparisons.
  /// - Parameter code: of block `i`.
  mutating func follow(
    _ points: SpacePoints, code: (Int) -> Int, using random: inout RandomSource
  ) {
    var moved = Tensor<Float>(words)
    SpaceWordMaking.moveToMeans(&moved, of: points, code: code, using: &random)
    words = Tensor(moved)
    encoder.follow(words: moved, points: points)
  }

  /// Takes up other words; the comparisons stay, but those of single numbers, which are the words.
  mutating func replaceWords(_ words: Tensor<Scalar>) {
    let other = Tensor<Float>(words)
    encoder.follow(words: other, wordsBefore: Tensor<Float>(self.words))
    self.words = words
  }

  /// `Σ ‖x − v‖² / Σ ‖x‖²` over blocks, `v` the word that each is coded as; 0 where all are zero.
  func relativeError(on points: SpacePoints) -> Double {
    let codes = encoder.encode(Tensor<Scalar>(points.blocks.reshaped([1, points.blocks.count])))
    let (numbers, dimension) = (points.blocks.span, points.dimension)
    var (error, energy) = (0.0, 0.0)
    for i in numbers.indices {
      let word = Int(codes.span[i / dimension])
      let number = Double(numbers[i])
      let difference = number - words.span[word * dimension + i % dimension].double
      error += difference * difference
      energy += number * number
    }
    return energy > 0 ? error / energy : 0
  }

  /// As stored: words, levels or thresholds, and a tree's columns and leaves.
  var byteCount: Int {
    let numbers = (words.count + encoder.levels.count) * MemoryLayout<Scalar>.size
    return encoder.kind == .cells
      ? numbers : numbers + columnState.byteCount + encoder.levels.count
  }

  private var columnState: IntegerState {
    let width = IntegerState.Width.narrowest(for: encoder.dimension)
    return IntegerState(width, [encoder.columns.count], encoder.columns.map(Int.init))
  }

  private var leafState: IntegerState {
    let leaves =
      encoder.leaves.count == 0
      ? [Int](repeating: 0, count: encoder.columns.count)
      : encoder.leaves.span.indices.map { Int(encoder.leaves.span[$0]) }
    return IntegerState(.uint8, [leaves.count], leaves)
  }

  /// Visits words and comparisons; what follows from them is derived in `afterReplacing`.
  mutating func visit(_ visitor: inout some StateVisitor<Scalar>, named name: String) {
    var levels = encoder.levels
    visitor.enter(name)
    visitor.visit(&words, named: "words")
    if encoder.kind == .cells {
      visitor.visit(&levels, named: "levels")
      visitor.leave()
      visitor.afterReplacing { () throws(TensorError) in
        try replace(name, levels: levels, columns: [], leaves: [])
      }
    } else {
      var (columns, leaves) = (columnState, leafState)
      visitor.visit(&columns, named: "columns")
      visitor.visit(&levels, named: "thresholds")
      visitor.visit(&leaves, named: "leaves")
      visitor.leave()
      visitor.afterReplacing { () throws(TensorError) in
        try replace(name, levels: levels, columns: columns.values, leaves: leaves.values)
      }
    }
  }

  /// - Throws: `TensorError.invalidValue` for what no training leaves behind.
  private mutating func replace(
    _ name: String, levels: Tensor<Scalar>, columns: [Int], leaves: [Int]
  ) throws(TensorError) {
    let numbers = levels.elements
    let isTree = encoder.kind == .tree
    let (dimension, count) = (encoder.dimension, words.shape[0])
    guard words.elements.allSatisfy({ $0.double.isFinite }),
      isTree || numbers.allSatisfy({ $0.double.isFinite }),
      isTree || zip(numbers, numbers.dropFirst()).allSatisfy({ $0 <= $1 }),
      numbers.allSatisfy({ !$0.double.isNaN }),
      columns.allSatisfy({ 0..<dimension ~= $0 }), leaves.allSatisfy({ 0..<count ~= $0 })
    else {
      throw .invalidValue(
        operation: "space map", argument: name,
        expected: "finite words, and comparisons that lead to them", found: "others")
    }
    encoder.replace(levels: levels, columns: columns, leaves: leaves, words: Tensor<Float>(words))
  }
}

extension IntegerState.Width {
  /// The fewest bits that hold codes of `words` words.
  static func narrowest(for words: Int) -> Self {
    words <= 2 ? .uint1 : words <= 4 ? .uint2 : words <= 16 ? .uint4 : .uint8
  }
}

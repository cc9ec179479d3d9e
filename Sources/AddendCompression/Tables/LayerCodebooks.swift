public import AddendCatalogue
public import AddendCodebooks
internal import AddendKernels
public import AddendTables
public import AddendTensors

/// How codebooks for a layer are made.
public struct LayerCodebookPlan: Sendable {
  /// Of vectors, matrices, gradients or results: a scheme, and a number of words.
  public struct Part: Sendable {
    public var scheme: any CodebookScheme
    /// `nil`: 256, or as many as there are blocks where there are fewer.
    public var words: Int?

    public init(_ scheme: any CodebookScheme = KMeansScheme(), words: Int? = nil) {
      self.scheme = scheme
      self.words = words
    }

    /// How many words there will be for so many blocks, at most.
    func wordCount(blocks: Int) -> Int { words ?? max(1, min(256, blocks)) }

    /// Making words for so many blocks of `dimension` numbers, and coding the blocks.
    func work(blocks: Int, dimension: Int) -> [CodebookWork] {
      let (blocks, words) = (max(1, blocks), wordCount(blocks: blocks))
      return scheme.work(words: words, blocks: blocks, dimension: dimension)
        + [CodebookWork(.coding, points: blocks, dimension: dimension, words: words)]
    }

    func codebook(
      _ blocks: Tensor<Float>, using random: inout RandomSource
    ) throws(CodebookError) -> Codebook {
      let source = try CodebookSource(samples: blocks)
      return try scheme.makeCodebook(
        words: wordCount(blocks: blocks.shape[0]), from: source, using: &random)
    }
  }

  public var block: TableBlock
  public var vectors: Part
  public var matrices: Part
  public var gradients: Part
  public var results: Part

  public init(
    block: TableBlock, vectors: Part = Part(), matrices: Part = Part(), gradients: Part = Part(),
    results: Part = Part()
  ) {
    self.block = block
    self.vectors = vectors
    self.matrices = matrices
    self.gradients = gradients
    self.results = results
  }
}

extension LayerCodebookPlan {
  /// The extents of a layer's table of `operation`, before there are codebooks: for its forecast.
  ///
  /// - Parameter format: Of entries that are numbers; `nil` for indices.
  public func extents(
    of operation: TableOperation, for layer: LayerSurvey.Layer, format: TableEntryFormat?
  ) -> TableExtents {
    let cut = LayerBlocks(
      inputSize: layer.weight.shape[0], outputSize: layer.weight.shape[1], block: block)
    let vectors = vectors.wordCount(blocks: layer.inputs.shape[0] * cut.inputBlocks)
    let matrices = matrices.wordCount(blocks: cut.matrixBlocks)
    let gradients = gradients.wordCount(blocks: layer.gradients.shape[0] * cut.outputBlocks)
    let (left, right) =
      switch operation {
      case .product: (matrices, vectors)
      case .transposedProduct: (matrices, gradients)
      case .outerProduct: (gradients, vectors)
      case .sum: (vectors, vectors)
      }
    let results = operation == .sum ? vectors : results.wordCount(blocks: .max)
    return TableExtents(
      operation, operation == .sum ? cut.sumBlock : block, leftCount: left, rightCount: right,
      format: format ?? .index(words: results))
  }
}

extension LayerCodebookPlan {
  /// What the time of making a layer's codebooks goes into: words for inputs, the matrix and gradients,
  /// and for the results of `operations`, which are those whose entries are indices.
  public func work(
    for layer: LayerSurvey.Layer, resultsOf operations: [TableOperation] = []
  ) -> [CodebookWork] {
    let cut = LayerBlocks(
      inputSize: layer.weight.shape[0], outputSize: layer.weight.shape[1], block: block)
    let (inputs, slopes) = (
      layer.inputs.shape[0] * cut.inputBlocks, layer.gradients.shape[0] * cut.outputBlocks
    )
    var work = vectors.work(blocks: inputs, dimension: block.dimension)
    work += matrices.work(blocks: cut.matrixBlocks, dimension: block.rows * block.dimension)
    work += gradients.work(blocks: slopes, dimension: block.rows)
    for operation in operations where operation != .sum {
      // Results are drawn for this, and not coded.
      let words = results.wordCount(blocks: resultSamples)
      work += results.scheme.work(
        words: words, blocks: resultSamples,
        dimension: extents(of: operation, for: layer, format: nil).resultSize)
    }
    return work
  }

  /// Results that words for them are made from.
  var resultSamples: Int { max(8192, 16 * (results.words ?? 256)) }
}

/// A layer's codebooks, and what coding by them loses.
public struct LayerCodebooks: Sendable {
  /// A codebook and its relative squared error on what it was made from.
  public struct Coded: Sendable {
    public let codebook: Codebook
    public let relativeError: Double
    /// Words that nothing is coded as.
    public let deadWords: Int
    let codes: [UInt32]

    init(_ codebook: Codebook, _ blocks: Tensor<Float>) throws(CodebookError) {
      self.codebook = codebook
      codes = try codebook.encode(blocks)
      relativeError = try codebook.decode(codes).relativeError(from: blocks)
      deadWords = try codebook.usage(of: codes).count { $0 == 0 }
    }
  }

  public let name: String
  public let blocks: LayerBlocks
  public let vectors: Coded
  public let matrices: Coded
  public let gradients: Coded
  /// `Σ ‖x̂ Ŵ − x W‖² / Σ ‖x W‖²` over the surveyed inputs, both operands coded.
  public let outputError: Double
  private let plan: LayerCodebookPlan

  /// - Throws: `CodebookError`, also where a codebook is larger than what it is learned from.
  public init(
    _ layer: LayerSurvey.Layer, _ plan: LayerCodebookPlan, using random: inout RandomSource
  ) throws(CodebookError) {
    let blocks = LayerBlocks(
      inputSize: layer.weight.shape[0], outputSize: layer.weight.shape[1], block: plan.block)
    let inputs = LayerBlocks.blocks(layer.inputs, width: plan.block.dimension)
    let weights = blocks.blocks(ofWeight: layer.weight)
    let slopes = LayerBlocks.blocks(layer.gradients, width: plan.block.rows)
    vectors = try Coded(plan.vectors.codebook(inputs, using: &random), inputs)
    matrices = try Coded(plan.matrices.codebook(weights, using: &random), weights)
    gradients = try Coded(plan.gradients.codebook(slopes, using: &random), slopes)
    let x = LayerBlocks.rows(try vectors.codebook.decode(vectors.codes), size: blocks.inputSize)
    let weight = blocks.weight(try matrices.codebook.decode(matrices.codes))
    outputError = x.times(weight).relativeError(from: layer.inputs.times(layer.weight))
    name = layer.name
    self.blocks = blocks
    self.plan = plan
  }

  /// Bits for each number of the weight: the indices, and the words in float32.
  public var bitsPerWeight: Double {
    let words = 32 * matrices.codebook.words.count
    let indices = blocks.matrixBlocks * matrices.codebook.bitsPerIndex
    return Double(words + indices) / Double(blocks.inputSize * blocks.outputSize)
  }

  /// Left and right words of a table of `operation`.
  public func words(of operation: TableOperation) -> (left: Codebook, right: Codebook) {
    switch operation {
    case .product: (matrices.codebook, vectors.codebook)
    case .transposedProduct: (matrices.codebook, gradients.codebook)
    case .outerProduct: (gradients.codebook, vectors.codebook)
    case .sum: (vectors.codebook, vectors.codebook)
    }
  }

  /// A codebook for the results of `operation`, from results of words as often as data are coded as
  /// them. Sums go by the vectors' own codebook, which makes them a closed addition.
  ///
  /// - Throws: `CodebookError`.
  public func resultCodebook(
    of operation: TableOperation, using random: inout RandomSource
  ) throws(CodebookError) -> Codebook {
    if operation == .sum { return vectors.codebook }
    let (left, right) = words(of: operation)
    let (leftCodes, rightCodes) =
      switch operation {
      case .product: (matrices.codes, vectors.codes)
      case .transposedProduct: (matrices.codes, gradients.codes)
      case .outerProduct: (gradients.codes, vectors.codes)
      case .sum: (vectors.codes, vectors.codes)
      }
    let (block, count) = (blocks.block, plan.resultSamples)
    var results: [Float] = []
    for _ in 0..<count {
      let i = Int(leftCodes[Int(random.next() % UInt64(leftCodes.count))])
      let j = Int(rightCodes[Int(random.next() % UInt64(rightCodes.count))])
      results += operation.apply(left[i], right[j], block)
    }
    return try plan.results.codebook(
      Tensor([count, results.count / count], results), using: &random)
  }

  /// A builder of the layer's table of `operation`, with `entries` for results.
  ///
  /// - Throws: `TableError`.
  public func builder(
    _ operation: TableOperation, entries: TableEntries, notes: JSONValue
  ) throws(TableError) -> TableBuilder {
    let (left, right) = words(of: operation)
    return try TableBuilder(
      operation, operation == .sum ? blocks.sumBlock : blocks.block, left: left, right: right,
      entries: entries, notes: notes)
  }
}

extension LayerBlocks {
  /// The block of a table of sums, which has one row.
  var sumBlock: TableBlock { TableBlock(rows: 1, dimension: block.dimension) }
}

extension Tensor<Float> {
  /// The product of two matrices.
  fileprivate func times(_ other: Tensor) -> Tensor {
    let shape = GEMMShape(m: self.shape[0], n: other.shape[1], k: self.shape[1])
    let (a, b) = (self, other)
    return Tensor([shape.m, shape.n]) { gemm(shape, a.span, b.span, &$0) }
  }
}

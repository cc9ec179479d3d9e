import AddendCatalogue
import AddendCodebooks
import AddendCompression
import AddendData
import AddendNetworks
import AddendTables
import AddendTensors
import Testing

/// What is collected of a network's layers, and the codebooks that are made from it.
struct LayerCodebooksTests {
  private static func survey(_ model: Specification, examples: Int = 100) throws -> (
    LayerSurvey, Model<Float>
  ) {
    let digits = try Datasets.load(Specification("digits")).training
    let network = try Zoo.network(model, input: digits.inputShape, classes: 10)
    let trained = try Model<Float>(network, seed: 3)
    return (
      try LayerSurvey(
        of: trained, on: digits, loss: SoftmaxCrossEntropy(), examples: examples, rows: 500),
      trained
    )
  }

  @Test func surveyedInputsAreTheExamplesAndGradientsAddUpToZero() throws {
    let (survey, _) = try Self.survey(Specification(parsing: "mlp:hidden=12"))
    #expect(survey.layers.map { $0.name } == ["dense1/map", "dense2/map", "dense3/map"])
    let first = survey.layers[0]
    // 100 examples lie within two batches of 64.
    #expect(first.inputs.shape == [128, 64] && first.gradients.shape == [128, 12])
    let digits = try Datasets.load(Specification("digits")).training
    let all = digits.batch(Array(0..<digits.count)).input
    let known = Set((0..<digits.count).map { i in (0..<64).map { all.span[i * 64 + $0] } })
    let inputs = first.inputs.span
    for i in 0..<128 { #expect(known.contains((0..<64).map { inputs[i * 64 + $0] })) }
    // The gradient of a cross-entropy towards logits: probabilities less one.
    let last = survey.layers[2].gradients
    for i in 0..<last.shape[0] {
      let sum = (0..<10).reduce(Float(0)) { $0 + last.span[i * 10 + $1] }
      #expect(abs(sum) < 1e-6)
    }
  }

  /// Of 1408 rows that pass, the kept ones come from early and late batches alike.
  @Test func rowsAreKeptFromTheWholePass() throws {
    let digits = try Datasets.load(Specification("digits")).training
    var places: [[Float]: Int] = [:]
    for batch in try BatchLoader(digits, batchSize: 64, seed: 1, remainder: .kept)
      .batches(inEpoch: 0).prefix(22)
    {
      for i in 0..<64 { places[(0..<64).map { batch.input.span[i * 64 + $0] }] = places.count }
    }
    let network = Network("small", input: digits.inputShape) {
      Flatten()
      Dense(10)
    }
    let inputs = try LayerSurvey(
      of: try Model<Float>(network, seed: 3), on: digits, loss: SoftmaxCrossEntropy(),
      examples: 1408, rows: 100
    ).layers[0].inputs
    let kept = try (0..<100).map { i in
      try #require(places[(0..<64).map { inputs.span[i * 64 + $0] }])
    }
    // The mean of 100 even draws deviates by 1408 / √1200 = 41.
    let mean = kept.reduce(0, +) / 100
    #expect(abs(mean - 704) < 4 * 41)
  }

  /// A convolution's inputs are its patches; rows are drawn evenly where there are more than are kept.
  @Test func convolutionsArePatches() throws {
    let digits = try Datasets.load(Specification("digits")).training
    let network = Network("small", input: digits.inputShape) {
      Convolution(3, size: 3)
      Flatten()
      Dense(10)
    }
    let survey = try LayerSurvey(
      of: try Model<Float>(network, seed: 3), on: digits, loss: SoftmaxCrossEntropy(),
      examples: 64, rows: 500)
    #expect(survey.layers[0].inputs.shape == [500, 9])
    #expect(survey.layers[0].gradients.shape == [500, 3])
    #expect(survey.layers[0].weight.shape == [9, 3])
  }

  @Test func blocksAreCutAndPutBack() throws {
    var random = RandomSource(seed: 2)
    let weight = Tensor<Float>([7, 5]) { span in
      for i in span.indices { span[i] = Float(random.normal()) }
    }
    let layer = LayerSurvey.Layer(
      name: "layer", weight: weight, inputs: weight.reshaped([5, 7]),
      gradients: weight)
    // As many words as blocks: coding loses nothing, padding included.
    let block = TableBlock(rows: 2, dimension: 3)
    let plan = LayerCodebookPlan(
      block: block, vectors: .init(SampleScheme()), matrices: .init(SampleScheme()),
      gradients: .init(SampleScheme()))
    let books = try LayerCodebooks(layer, plan, using: &random)
    #expect(books.vectors.codebook.count == 15 && books.matrices.codebook.count == 9)
    #expect(books.gradients.codebook.count == 21)
    #expect(books.vectors.relativeError == 0 && books.matrices.relativeError == 0)
    #expect(books.outputError == 0)
    #expect(books.blocks.inputPadding == 2 && books.blocks.outputPadding == 1)
    // 9 words of 6 numbers, and 9 indices of 4 bits, for 35 weights.
    #expect(books.bitsPerWeight == Double(9 * 6 * 32 + 9 * 4) / 35)
  }

  @Test func moreWordsLoseLess() throws {
    let (survey, _) = try Self.survey(Specification(parsing: "mlp:hidden=12"))
    func error(_ words: Int) throws -> Double {
      var random = RandomSource(seed: 1)
      let plan = LayerCodebookPlan(
        block: TableBlock(rows: 1, dimension: 4), vectors: .init(words: words),
        matrices: .init(words: words))
      return try LayerCodebooks(survey.layers[0], plan, using: &random).outputError
    }
    #expect(try error(64) < error(4))
  }

  /// What is forecast before there are codebooks is what the builder then has.
  @Test(arguments: TableOperation.allCases)
  func plannedExtentsAreTheBuilders(operation: TableOperation) throws {
    let (survey, _) = try Self.survey(Specification(parsing: "mlp:hidden=12"))
    var random = RandomSource(seed: 1)
    let plan = LayerCodebookPlan(
      block: TableBlock(rows: 2, dimension: 4), vectors: .init(words: 40),
      results: .init(words: 30))
    for layer in survey.layers {
      let books = try LayerCodebooks(layer, plan, using: &random)
      let closed = TableEntries.index(try books.resultCodebook(of: operation, using: &random))
      for (entries, format) in [(TableEntries.int8, TableEntryFormat?.some(.int8)), (closed, nil)] {
        let builder = try books.builder(operation, entries: entries, notes: .null)
        #expect(plan.extents(of: operation, for: layer, format: format) == builder.extents)
      }
    }
  }

  @Test func moreWordsThanBlocksAreRefused() throws {
    let (survey, _) = try Self.survey(Specification(parsing: "mlp:hidden=12"))
    var random = RandomSource(seed: 1)
    let plan = LayerCodebookPlan(
      block: TableBlock(rows: 1, dimension: 4), matrices: .init(words: 193))
    #expect(throws: CodebookError.moreWordsThanSamples(words: 193, samples: 192)) {
      try LayerCodebooks(survey.layers[0], plan, using: &random)
    }
  }
}

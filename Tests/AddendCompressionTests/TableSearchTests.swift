import AddendCatalogue
import AddendCompression
import AddendData
import AddendLinear
import AddendNetworks
import AddendSearch
import AddendTensors
import AddendTraining
import Testing

/// Searches for better tables of a small trained network.
struct TableSearchTests {
  private static let splits = Result {
    try Datasets.load(Specification("digits"), from: DataStore())
      .splittingOffValidation(count: 200, seed: 1)
  }
  private static let trained = Result {
    let network = Network("mlp", input: [8, 8, 1]) {
      Flatten()
      Dense(32)
      ReLU()
      Dense(10)
    }
    var trainer = Trainer(
      try Model<Float>(network, seed: 3), plan: TrainingPlan(epochs: 10, batchSize: 32, seed: 3))
    try trainer.run(on: splits.get())
    return trainer.model
  }

  private func converted(_ map: String) throws -> Model<Float> {
    try MapConversion(to: Specification(parsing: map)).transformed(
      Self.trained.get(), calibration: Self.splits.get().training)
  }

  /// Few and poor codebooks, so that there is something to gain.
  private func codebooks(
    mutation: CodebookSpace.Mutation = .data, source: CodebookSpace.Source = .samples,
    coding: MatrixCoding = .kept
  ) throws -> CodebookSpace {
    let examples = try Self.splits.get().training.batch(Array(0..<256)).input
    return try CodebookSpace(
      converted("space:dimension=4,vectors=12,matrices=12"), showing: examples,
      mutation: mutation, source: source, coding: coding, seed: 1)
  }

  private func examples() throws -> HeldOutExamples {
    let splits = try Self.splits.get()
    return try HeldOutExamples(
      #require(splits.validation), against: .targets(SoftmaxCrossEntropy()))
  }

  private func bits(_ model: Model<Float>) throws -> [UInt32] {
    let batch = try Self.splits.get().test.batch(Array(0..<40))
    return try model.forward(batch.input).elements.map(\.bitPattern)
  }

  /// What was not changed computes the same bits, and stored words come back.
  @Test func theGivenGenomeIsTheModel() throws {
    let space = try codebooks()
    let frozen = try converted("space:dimension=4,vectors=12,matrices=12").frozen()
    #expect(try bits(space.model(of: space.given)) == bits(frozen))
    #expect(space.genome(from: space.bytes(of: space.given)) == space.given)
    #expect(space.genome(from: [1, 2, 3]) == nil)
  }

  /// With the codes found anew, the weights that they stand for are as near as these words allow.
  @Test func nearestCodesAreNearer() throws {
    var exact = Weights()
    var trained = try Self.trained.get()
    trained.visitMaps(&exact)
    func error(_ coding: MatrixCoding) throws -> Float {
      let space = try codebooks(coding: coding)
      var genome = space.given
      // Words that have changed places: codes that were kept are wrong.
      genome.books[1].replaceSubrange(0..<8, with: genome.books[1][4..<8] + genome.books[1][0..<4])
      var (weights, model) = (Weights(), try space.model(of: genome))
      model.visitMaps(&weights)
      return zip(weights.numbers, exact.numbers).reduce(0) { sum, pair in
        sum + (pair.0 - pair.1) * (pair.0 - pair.1)
      }
    }
    #expect(try error(.nearest) < error(.kept))
  }

  /// The weights of all maps, or those that codes stand for.
  private struct Weights: MapVisitor {
    var numbers: [Float] = []

    mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
      numbers += map.exactTwin.weight.value.elements
    }
  }

  @Test(arguments: CodebookSpace.Mutation.allCases)
  func mutationsTouchOneCodebook(_ mutation: CodebookSpace.Mutation) throws {
    let space = try codebooks(mutation: mutation)
    var random = RandomSource(seed: 4)
    for _ in 0..<20 {
      let mutant = space.mutated(space.given, strength: 1, using: &random)
      let changed = zip(mutant.books, space.given.books).count { $0 != $1 }
      #expect(changed <= 1)
    }
    let mutants = (0..<20).map { _ in space.mutated(space.given, strength: 1, using: &random) }
    #expect(Set(mutants).count >= 19)
  }

  /// However strong, a mutation of entries is a whole number within their reach.
  @Test func strongMutationsOfEntriesStayInReach() throws {
    let space = try EntrySpace(converted("lookup").frozen(), changedEntries: 50)
    var random = RandomSource(seed: 4)
    for strength in [0, 1e3, 1e300] {
      let mutant = space.mutated(space.given, strength: strength, using: &random)
      #expect(!mutant.differences.isEmpty)
      #expect(mutant.differences.values.allSatisfy { -2000...2000 ~= $0 })
    }
  }

  /// Other tables of the same shape are another space.
  @Test func tablesOfAnotherNetworkAreAnotherSpace() throws {
    let model = try converted("lookup").frozen()
    let space = try EntrySpace(model)
    let changed = try space.model(of: EntrySpace.Genome(differences: [100: 5]))
    #expect(try EntrySpace(model).identity == space.identity)
    #expect(try EntrySpace(changed).identity != space.identity)
  }

  @Test func codebooksHoldNoWordTwice() throws {
    let space = try codebooks()
    var random = RandomSource(seed: 4)
    var genome = space.given
    genome.books[1].replaceSubrange(4..<8, with: genome.books[1][0..<4])
    genome.books[2][0] = .nan
    let repaired = space.repaired(genome, using: &random)
    for book in repaired.books {
      let words = stride(from: 0, to: book.count, by: 4).map { Array(book[$0..<$0 + 4]) }
      #expect(Set(words).count == words.count)
    }
    let numbers = repaired.books.flatMap(\.self)
    #expect(numbers.allSatisfy { $0.isFinite })
    #expect(Array(repaired.books[1][..<4]) == Array(genome.books[1][..<4]))
  }

  @Test func aCrossedGenomeHasWordsOfBothParents() throws {
    let space = try codebooks()
    var random = RandomSource(seed: 9)
    let (a, b) = (space.random(using: &random), space.random(using: &random))
    for _ in 0..<10 {
      let child = space.crossed(a, b, using: &random)
      for (number, book) in child.books.enumerated() {
        #expect(
          zip(book, zip(a.books[number], b.books[number])).allSatisfy { $0 == $1.0 || $0 == $1.1 })
      }
    }
  }

  /// Judging with the first layers' outputs remembered is judging.
  @Test func sharedBeginningsChangeNoFigure() throws {
    let (space, examples) = (try codebooks(), try examples())
    var random = RandomSource(seed: 2)
    var genome = space.given
    for _ in 0..<12 {
      let model = try space.model(of: genome)
      let alone = try examples.evaluation(of: model)
      #expect(try examples.evaluation(of: model, sharing: space.beginnings(of: genome)) == alone)
      let whole = try model.evaluation(
        on: #require(Self.splits.get().validation), loss: SoftmaxCrossEntropy())
      #expect(alone.accuracy == whole.accuracy)
      #expect((alone.loss - whole.loss).magnitude < 1e-5)
      genome = space.mutated(genome, strength: 1, using: &random)
    }
  }

  @Test func aTeacherIsItsOwnBestStudent() throws {
    let teacher = try Self.trained.get()
    let heldOut = try #require(Self.splits.get().validation)
    let examples = try HeldOutExamples(heldOut, against: .model(teacher))
    let own = try examples.evaluation(of: teacher)
    #expect(own.loss.magnitude < 1e-6)
    #expect(try own.accuracy == self.examples().evaluation(of: teacher).accuracy)
    let coded = try converted("space:dimension=4,vectors=12,matrices=12").frozen()
    // Σ p log (p / q) for each example.
    let batch = heldOut.batch(Array(0..<heldOut.count)).input
    let p = try teacher.forward(batch).softmax().elements.map { Double($0) }
    let q = try coded.forward(batch).softmax().elements.map { Double(max($0, 1e-30)) }
    var divergence = 0.0
    for (p, q) in zip(p, q) where p > 0 { divergence += p * Math.log(p / q) }
    let loss = try examples.evaluation(of: coded).loss
    let ratio: Double = loss * Double(heldOut.count) / divergence
    #expect(loss > 0.01)
    #expect(abs(ratio - 1) < 1e-4)
    let stranger = try Model<Float>(
      Network("stranger", input: [8, 8, 1]) {
        Flatten()
        Dense(3)
      }, seed: 1)
    #expect(throws: CompressionError.self) { try examples.evaluation(of: stranger) }
  }

  /// Order 2 takes −5 for more probable than 0.5, and no margin is measured.
  @Test func examplesAreJudgedAsTheLossIsEvaluated() throws {
    let model = try Model<Float>(Network("identity", input: [2]) { Flatten() }, seed: 1)
    let data = try TensorDataset(
      name: "two", path: "two", inputs: Tensor([2, 2], [-5, 0.5, 1, 2]),
      targets: .classes([0, 1]), classNames: ["a", "b"])
    let loss = TaylorSoftmax(order: 2, margin: 1)
    let found = try HeldOutExamples(data, against: .targets(loss)).evaluation(of: model)
    let expected = try model.evaluation(on: data, loss: TaylorSoftmax(order: 2))
    #expect((found.loss - expected.loss).magnitude < 1e-6)
    #expect(found.accuracy == 1)
  }

  /// A search ends better than it began, on the examples that judge it.
  @Test(arguments: [CodebookSpace.Mutation.data, .gaussian])
  func searchBettersCodebooks(_ mutation: CodebookSpace.Mutation) throws {
    let (space, examples) = (try codebooks(mutation: mutation), try examples())
    var search = Search(
      space, by: try SearchMethods.configuration(Specification("evolution-strategy")),
      startingFrom: [space.given], seed: 1)
    let before = try space.fitness(of: space.given, TableFitness(.loss), on: examples)
    try search.run(within: .evaluations(300)) {
      try space.fitness(of: $0, TableFitness(.loss), on: examples)
    }
    let best = try #require(search.best)
    #expect(best.fitness > before)
    // What was judged is what the genome makes.
    #expect(try space.fitness(of: best.genome, TableFitness(.loss), on: examples) == best.fitness)
  }

  /// Words by k-means are worth more than blocks drawn at random, and each draw is another.
  @Test func kMeansDrawsBetterWords() throws {
    let examples = try examples()
    func loss(_ source: CodebookSpace.Source) throws -> Double {
      let space = try codebooks(source: source, coding: .nearest)
      var random = RandomSource(seed: 1)
      let genomes = (0..<3).map { _ in
        space.repaired(space.random(using: &random), using: &random)
      }
      #expect(Set(genomes).count == 3)
      return try genomes.reduce(0) { sum, genome in
        try sum + examples.evaluation(of: space.model(of: genome)).loss
      }
    }
    #expect(try loss(.kMeans) < loss(.samples))
  }

  @Test func entriesChangeAndComeBack() throws {
    let model = try converted("lookup").frozen()
    let space = try EntrySpace(model)
    #expect(try bits(space.model(of: space.given)) == bits(model))
    var random = RandomSource(seed: 3)
    var genome = space.given
    for _ in 0..<50 {
      genome = space.repaired(
        space.mutated(genome, strength: 1, using: &random), using: &random)
    }
    #expect(try bits(space.model(of: genome)) != bits(model))
    #expect(space.genome(from: space.bytes(of: genome)) == genome)
    // Adding the opposites, where no entry met its limits, gives the tables back.
    let changed = try EntrySpace(space.model(of: .init(differences: [5: 1, 700: -1])))
    #expect(try bits(changed.model(of: .init(differences: [5: -1, 700: 1]))) == bits(model))
  }

  @Test func layoutsWeighBytesAgainstAccuracy() throws {
    let space = try LayoutSpace(
      Self.trained.get(), calibration: Self.splits.get().training, seed: 1)
    var small = space.given
    small.layers[0] = .init(dimension: 4, isSquare: true, vectors: 16, matrices: 16)
    let examples = try examples()
    func fitness(_ genome: LayoutSpace.Genome, byte: Double, energy: Double) throws -> Double {
      try space.fitness(
        of: genome, TableFitness(byteWeight: byte, energyWeight: energy), on: examples)
    }
    #expect(try fitness(space.given, byte: 0, energy: 0) > fitness(small, byte: 0, energy: 0))
    #expect(try fitness(space.given, byte: 1, energy: 0) < fitness(small, byte: 1, energy: 0))
    #expect(try fitness(space.given, byte: 0, energy: 1) < fitness(small, byte: 0, energy: 1))
    #expect(space.genome(from: space.bytes(of: small)) == small)
    #expect(space.genome(from: [3, 0, 15, 15, 3, 0, 15, 15]) == nil)
    let model = try space.model(of: small)
    #expect("\(model.network.layers)".contains("vectors"))
    #expect(try bits(model) == bits(space.model(of: small)))
  }

  @Test func unsuitableModelsAreRefused() throws {
    let model = try Self.trained.get()
    let batch = try Self.splits.get().training.batch([0, 1]).input
    #expect(throws: CompressionError.self) { try CodebookSpace(model, showing: batch, seed: 1) }
    #expect(throws: CompressionError.self) { try EntrySpace(model) }
  }
}

import AddendArchives
import AddendCatalogue
import AddendData
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

/// Training in narrower formats than float32, by rounding and in earnest.
struct PrecisionTests {
  private let network = Network("mlp", input: [8, 8, 1]) {
    Flatten()
    Dense(64)
    ReLU()
    Dense(10)
  }

  private func digits() throws -> DatasetSplits {
    try Datasets.load(Specification("digits"), from: DataStore())
  }

  private func accuracy(
    _ precision: Precision, epochs: Int = 8, learningRate: Double = 1e-3
  ) throws -> Double {
    var trainer = Trainer(
      try Model<Float>(network, precision: precision, seed: 2),
      plan: TrainingPlan(epochs: epochs, batchSize: 32, learningRate: learningRate, seed: 2))
    try trainer.run(on: digits())
    return try #require(trainer.history.last?.validation?.accuracy)
  }

  @Test func bfloat16ProductsTrainAsWell() throws {
    let (exact, narrow) = (try accuracy(.own), try accuracy(.bfloat16))
    #expect(exact > 0.9)
    #expect(narrow >= exact - 0.01, "\(narrow) with bfloat16 products, \(exact) with float32")
    #expect(try accuracy(.float32, epochs: 1) == accuracy(.own, epochs: 1))
  }

  @Test func compensationRescuesStepsThatRoundingLoses() throws {
    // Steps of 10⁻⁵ beside weights of 0.1, whose last place in bfloat16 is 5 · 10⁻⁴.
    let lost = try accuracy(.bfloat16Updates, learningRate: 1e-5)
    let rescued = try accuracy(.bfloat16Compensated, learningRate: 1e-5)
    let exact = try accuracy(.bfloat16, learningRate: 1e-5)
    #expect((rescued - exact).magnitude < 0.05, "\(rescued) compensated, \(exact) exact")
    #expect(lost < rescued, "\(lost) rounded, \(rescued) compensated")
  }

  @Test(arguments: [Precision.bfloat16, .bfloat16Updates, .bfloat16Compensated])
  func archivesAndCheckpointsKeepThePrecision(precision: Precision) throws {
    let splits = try digits()
    var trainer = Trainer(
      try Model<Float>(network, precision: precision, seed: 2),
      plan: TrainingPlan(epochs: 1, batchSize: 200, seed: 2))
    try trainer.run(on: splits)
    try withTemporaryDirectory { directory in
      try ModelArchive(trainer.model).save(to: "\(directory)/m.addend")
      let loaded = try ModelArchive<Float>(contentsOf: "\(directory)/m.addend").model
      #expect(loaded.precision == precision)
      let x = splits.test.batch(Array(0..<20)).input
      #expect(try loaded.forward(x) == trainer.model.forward(x))

      let checkpoints = try CheckpointDirectory(at: "\(directory)/checkpoints")
      try trainer.save(to: checkpoints, trainedOn: splits.training)
      let archive = try #require(try checkpoints.newest()).archive
      let plan = TrainingPlan(epochs: 2, batchSize: 200, seed: 2)
      var straight = try self.trainer(precision, plan)
      try straight.run(on: splits)
      var resumed = try self.trainer(precision, plan)
      try resumed.restore(archive, trainedOn: splits.training)
      try resumed.run(on: splits)
      #expect(try resumed.model.forward(x) == straight.model.forward(x))

      var other = try self.trainer(.own, plan)
      #expect(throws: TrainingError.self) {
        try other.restore(archive, trainedOn: splits.training)
      }
    }
  }

  private func trainer(_ precision: Precision, _ plan: TrainingPlan) throws -> Trainer<Float> {
    Trainer(try Model<Float>(network, precision: precision, seed: 2), plan: plan)
  }

  @Test func wholeModelsRunInBFloat16() throws {
    let splits = try digits()
    let network = Network("varied", input: [8, 8, 1]) {
      Convolution(4, size: 3)
      BatchNorm()
      ReLU()
      Residual {
        Convolution(4, size: 3, padding: .same)
        GELU()
      }
      MaxPool(2)
      Flatten()
      LayerNorm()
      Dense(16)
      Tanh()
      Dropout(0.1)
      Dense(10)
    }
    for optimizer: any Optimizer in [SGD(), Adam(), AdamW(), AdaMax()] {
      var trainer = Trainer(
        try Model<BFloat16>(network, seed: 5),
        plan: TrainingPlan(
          epochs: 1, batchSize: 24, optimizer: optimizer, learningRate: 0.01, seed: 5))
      let batch = splits.training.batch(Array(0..<24))
      let first = try trainer.step(batch, stepsPerEpoch: 10)
      for _ in 0..<6 { _ = try trainer.step(batch, stepsPerEpoch: 10) }
      let last = try trainer.step(batch, stepsPerEpoch: 10)
      #expect(first.loss.isFinite && last.loss < first.loss, "\(optimizer.specification)")
    }
    let recurrent = Network("recurrent", input: [6]) {
      Embedding(8, vocabulary: 50)
      LSTM(8)
      GRU(8, returns: .last)
      Dense(3)
    }
    var model = try Model<BFloat16>(recurrent, seed: 1)
    let tokens = Tensor<BFloat16>([4, 6], (0..<24).map { BFloat16(Double($0)) })
    var context = PassContext<BFloat16>()
    let y = try model.trainingForward(tokens, &context)
    model.backward(y)
    #expect(y.elements.allSatisfy { $0.double.isFinite })
  }

  @Test func bfloat16CannotNumberLargeVocabularies() throws {
    #expect(throws: NetworkError.self) {
      try Model<BFloat16>(
        Network("words", input: [6]) { Embedding(8, vocabulary: 1000) }, seed: 1)
    }
  }
}

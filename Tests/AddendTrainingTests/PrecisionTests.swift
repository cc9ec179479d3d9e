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

  /// Products of eight and sixteen bits, and sums in levels, all the way through a training.
  @Test(arguments: [Precision.float16, .float8, .dfp16, .logarithmicProducts])
  func narrowProductsTrain(precision: Precision) throws {
    #expect(try accuracy(precision, epochs: 4) > 0.85)
  }

  /// How far 100 equal steps of a thousandth of it move a single weight, in shares of the weight.
  private func movement(_ precision: Precision) throws -> Double {
    let network = Network("weight", input: [1]) { Dense(1, bias: false) }
    var model = try Model<Float>(network, precision: precision, seed: 4)
    let one = Tensor<Float>([1, 1], [1])
    let before = Double(try model.forward(one).elements[0])
    // The gradient of a squared error this far off is constant to four digits: −2 · 10⁴ |w|.
    let target = Float(1e4 * abs(before))
    let plan = TrainingPlan(
      epochs: 1, batchSize: 1, optimizer: SGD(momentum: 0), learningRate: 5e-8,
      loss: MeanSquaredError(), seed: 4)
    var trainer = Trainer(model, plan: plan)
    let batch = Batch(input: one, targets: .values(Tensor([1, 1], [target])))
    for _ in 0..<100 { _ = try trainer.step(batch, stepsPerEpoch: 100) }
    model = trainer.model
    return (Double(try model.forward(one).elements[0]) - before) / abs(before)
  }

  /// A thousandth of a weight is less than half of bfloat16's last place: rounding loses each step,
  /// compensation keeps what was lost, up to two last places (2⁻⁷ each) in the end.
  @Test func compensationRescuesStepsThatRoundingLoses() throws {
    #expect(abs(try movement(.bfloat16) - 0.1) < 0.02)
    #expect(abs(try movement(.bfloat16Updates)) < 0.008)
    #expect(abs(try movement(.bfloat16Compensated) - 0.1) < 0.02)
    // 100 draws, each a step of 2⁻⁷ or 2⁻⁸ of the weight with probability 0.13 to 0.26: three deviations.
    let drawn = Precision(products: .bfloat16, updates: .stochastic(.bfloat16))
    #expect(abs(try movement(drawn) - 0.1) < 3 * 0x1p-7 * (100 * 0.13 * 0.87).squareRoot())
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

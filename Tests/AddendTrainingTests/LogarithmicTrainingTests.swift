import AddendArchives
import AddendCatalogue
import AddendData
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

/// Training with logarithms everywhere: products, sums, functions, loss and updates.
struct LogarithmicTrainingTests {
  /// Sixteen pixels a digit are plenty to learn from.
  private static let network = Network("mlp", input: [8, 8, 1]) {
    Flatten()
    Dense(32)
    LeakyReLU()
    Dense(10)
  }

  private static func plan(
    _ optimizer: SGD = SGD(momentum: 0.9), epochs: Int = 6
  ) -> TrainingPlan {
    TrainingPlan(epochs: epochs, batchSize: 32, optimizer: optimizer, learningRate: 0.05, seed: 2)
  }

  private static func digits() throws -> DatasetSplits {
    try Datasets.load(Specification("digits"), from: DataStore())
  }

  private static func accuracy<Scalar: TensorScalar>(
    _ scalar: Scalar.Type, network: Network = network, plan: TrainingPlan = plan()
  ) throws -> Double {
    var trainer = Trainer(try Model<Scalar>(network, seed: 2), plan: plan)
    try trainer.run(on: digits())
    return try #require(trainer.history.last?.validation?.accuracy)
  }

  @Test func logarithmsTrainAsFloatsDo() throws {
    let exact = try Self.accuracy(Float.self)
    #expect(exact > 0.9)
    #expect(try Self.accuracy(LNS16.self) > exact - 0.02)
    let kahan = SGD(momentum: 0.9, compensation: .kahan)
    #expect(try Self.accuracy(LNS16.self, plan: Self.plan(kahan)) > exact - 0.02)
    typealias Compensated = LogNumber<6, 9, 2, KahanSum>
    #expect(try Self.accuracy(Compensated.self, plan: Self.plan(kahan)) > exact - 0.02)
  }

  /// Squares of small gradients vanish; the gradients do not, and Adam divides them by no less than
  /// what would.
  @Test(arguments: [Adam() as any Optimizer, AdamW(decay: 0), AdaMax()])
  func stepsAreBoundedWhereSquaresVanish(_ optimizer: any Optimizer) {
    func moved<Scalar: TensorScalar>(_ scalar: Scalar.Type, gradient: Double) -> Double {
      var weight = Tensor<Scalar>([1], [Scalar(1)])
      var state = optimizer.stateNames.map { _ in Tensor<Scalar>([1]) }
      optimizer.update(
        &weight, gradient: Tensor([1], [Scalar(gradient)]), state: &state,
        UpdateMoment(learningRate: 0.125, step: 1))
      return weight[0].double
    }
    #expect((0.87...0.99) ~= moved(LNS16.self, gradient: 0x1p-17))
    #expect((0.87...0.99) ~= moved(LogNumber<5, 10, 64, BlockSum>.self, gradient: 0x1p-9))
    #expect((0.87...0.99) ~= moved(Half.self, gradient: 0x1p-13))
  }

  /// Maps whose integers logarithms do not hold are refused, fresh and in a trained network.
  @Test(arguments: ["int8", "space", "kbit:weights=8,activations=8"])
  func mapsOfIntegersAreRefused(_ map: String) throws {
    let error = #expect(throws: NetworkError.self) {
      try Model<LNS16>(Self.network, map: Specification(parsing: map), seed: 1)
    }
    #expect(error?.description.contains("lns6.9/64") == true)
    _ = try Model<Float>(Self.network, map: Specification(parsing: map), seed: 1)
  }

  @Test func adamTrainsWithItsStandardSettings() throws {
    let plan = TrainingPlan(
      epochs: 6, batchSize: 32, optimizer: Adam(), learningRate: 0.01, seed: 2)
    let exact = try Self.accuracy(Float.self, plan: plan)
    #expect(try Self.accuracy(LNS16.self, plan: plan) > exact - 0.03)
  }

  /// The sum of many rows' losses, of which 16 bits would not tell the last from the one before.
  @Test func lossesOfManyRowsAddUp() {
    func loss(rows: Int) -> Double {
      var logits = Tensor<LNS16>([rows, 4])
      var span = logits.mutableSpan
      return LNS16.softmaxCrossEntropy(
        &span, columns: 4, classes: [Int32](repeating: 1, count: rows).span, smoothing: 0, weight: 1
      )
    }
    #expect(abs(loss(rows: 20_000) / (20_000 * loss(rows: 1)) - 1) < 1e-9)
  }

  @Test func productsOfLogarithmsCountAsSums() throws {
    let (exact, model) = (
      try Model<Float>(Self.network, seed: 1).cost, try Model<LNS16>(Self.network, seed: 1).cost
    )
    #expect(model.multiplications == 0)
    #expect(model.additions == exact.multiplications + 2 * exact.additions)
    #expect(model.lookups == exact.additions)
    #expect(model.comparisons == exact.comparisons + exact.additions)
    let kahan = try Model<LogNumber<6, 9, 64, KahanSum>>(Self.network, seed: 1).cost
    #expect(kahan.additions == exact.multiplications + 8 * exact.additions)
    #expect(kahan.lookups == 4 * exact.additions)
  }

  /// From pixels to accuracy no float becomes a logarithm and no logarithm a float: in the whole process
  /// conversions stop it from before the model is made.
  @Test func trainingConvertsNothing() async {
    await #expect(processExitsWith: .success) {
      FloatConversions.forbid()
      let kahan = SGD(momentum: 0.9, decay: 1e-4, compensation: .kahan)
      guard
        try LogarithmicTrainingTests.accuracy(
          LNS16.self, plan: LogarithmicTrainingTests.plan(kahan, epochs: 2)) > 0.5
      else {
        throw LogarithmicTrainingTests.NothingLearnt()
      }
    }
  }

  /// The usual layers neither: normalisation, convolution, pooling, tangents, dropout, residuals.
  @Test func usualLayersConvertNothing() async {
    await #expect(processExitsWith: .success) {
      FloatConversions.forbid()
      let network = Network("convolutional", input: [8, 8, 1]) {
        Convolution(4, size: 3, padding: .same)
        BatchNorm()
        ReLU()
        MaxPool(2)
        Flatten()
        Dropout(0.2)
        Dense(16)
        Tanh()
        Dense(10)
      }
      guard
        try LogarithmicTrainingTests.accuracy(
          LNS16.self, network: network, plan: LogarithmicTrainingTests.plan(epochs: 1)) > 0.2
      else {
        throw LogarithmicTrainingTests.NothingLearnt()
      }
    }
  }

  /// Recurrent layers, whose sequences no data set holds as bytes: a step on numbers made of constants.
  @Test func recurrentLayersConvertNothing() async {
    await #expect(processExitsWith: .success) {
      FloatConversions.forbid()
      for cell: any LayerConfiguration in [LSTM(6), GRU(6)] {
        let network = Network("recurrent", input: [5, 4]) {
          cell
          LayerNorm()
          Dense(3)
        }
        var model = try Model<LNS16>(network, seed: 1)
        var context = PassContext<LNS16>()
        let x = Tensor<LNS16>([2, 5, 4], (0..<40).map { LNS16(constant: Double($0 - 20) / 10) })
        let y = try model.trainingForward(x, &context)
        model.backward(y)
        guard y.elements.contains(where: { $0 != .zero }) else {
          throw LogarithmicTrainingTests.NothingLearnt()
        }
      }
    }
  }

  private struct NothingLearnt: Error {}

  /// The test above can fail: each way to convert does stop the process.
  private static func lossesOfText() throws -> [Double] {
    let text = try TextDataset(
      name: "text", path: "text", tokens: (0..<1201).map { Int32($0 * $0 % 7) },
      vocabulary: (0..<7).map(String.init), length: 5)
    let network = Network("text", input: text.inputShape) {
      Embedding(8, vocabulary: 7)
      LSTM(16, dropout: 0.1)
      Dense(7)
    }
    var trainer = Trainer(
      try Model<LNS16>(network, seed: 2),
      plan: TrainingPlan(
        epochs: 4, batchSize: 8, optimizer: Adam(), learningRate: 0.02, gradientClip: 1, seed: 2))
    try trainer.run(on: DatasetSplits(training: text, test: text))
    return trainer.history.map(\.trainingLoss)
  }

  /// Symbols, gates and states as well; the gradient's norm is read, as `FloatConversions` says.
  @Test func sequencesConvertNothing() async throws {
    let losses = try Self.lossesOfText()
    #expect(losses[3] < 0.5 * losses[0], "\(losses)")
    await #expect(processExitsWith: .success) {
      FloatConversions.forbid()
      guard try LogarithmicTrainingTests.lossesOfText().count == 4 else {
        throw LogarithmicTrainingTests.NothingLearnt()
      }
    }
  }

  @Test func plantedConversionsStopTheProcess() async {
    await #expect(processExitsWith: .failure) {
      FloatConversions.forbid()
      _ = LNS16(0.5)
    }
    await #expect(processExitsWith: .failure) {
      let number = LNS16(0.5)
      FloatConversions.forbid()
      _ = number.double
    }
    await #expect(processExitsWith: .failure) {
      let floats = Tensor<Float>([2], [1, 2])
      FloatConversions.forbid()
      _ = Tensor<LNS16>(floats)
    }
    await #expect(processExitsWith: .success) {
      FloatConversions.forbid()
      _ = LNS16(constant: 0.5).reported
    }
  }

  /// How far 400 steps of a ten-thousandth move a weight of one, in all a twenty-fifth. An addition
  /// changes the logarithm only where it moves it by half a place, by 6.8e-4 of the weight.
  private func movement(_ compensation: SGD.Compensation) -> Double {
    var weight = Tensor<LNS16>([1], [LNS16(1)])
    let gradient = Tensor<LNS16>([1], [LNS16(-1)])
    let optimizer = SGD(momentum: 0, compensation: compensation)
    var state = optimizer.stateNames.map { _ in Tensor<LNS16>([1]) }
    for step in 1...400 {
      optimizer.update(
        &weight, gradient: gradient, state: &state, UpdateMoment(learningRate: 1e-4, step: step))
    }
    return weight.elements[0].double - 1
  }

  @Test func kahanKeepsStepsThatAnAdditionLoses() {
    #expect(movement(.none) == 0)
    #expect(abs(movement(.kahan) - 0.04) < 0.002)
  }

  /// In a wide format compensation changes nothing but last places.
  @Test func compensationIsTheSameStep() {
    var random = RandomSource(seed: 8)
    let start = Tensor<Double>.normal([50], using: &random)
    let gradient = Tensor<Double>.normal([50], using: &random)
    let results = SGD.Compensation.allCases.map { compensation in
      let optimizer = SGD(momentum: 0.9, nesterov: true, decay: 0.01, compensation: compensation)
      var weights = start
      var state = optimizer.stateNames.map { _ in Tensor<Double>([50]) }
      for step in 1...5 {
        optimizer.update(
          &weights, gradient: gradient, state: &state, UpdateMoment(learningRate: 0.1, step: step))
      }
      return weights
    }
    #expect(mismatch(results[0].elements, results[1].elements, within: 1e-14) == nil)
    #expect(results[0] != start)
  }

  @Test func archivesHoldLogarithms() throws {
    let model = try Model<LNS16>(Self.network, seed: 1)
    let bytes = try archiveBytes { writer throws(ArchiveError) in
      try ModelArchive(model).write(to: &writer)
    }
    let archive = try Archive(bytes)
    #expect(try archive.scalarName == "lns6.9/64")
    let copy = try ModelArchive<LNS16>(archive).model
    let x = Tensor<LNS16>(try Self.digits().test.batch([0, 1, 2]).input)
    #expect(try copy.forward(x) == model.forward(x))
    #expect(throws: ArchiveError.self) { try ModelArchive<Float>(archive) }
    #expect(throws: ArchiveError.self) { try ModelArchive<LogNumber<5, 10, 64, BlockSum>>(archive) }
  }
}

import AddendCatalogue
import AddendData
import AddendKernels
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

private func text(_ steps: Int, _ batch: Int) -> Batch {
  let indices = (0..<batch * steps).map { Float($0 * 7 % 11) }
  var next = Batch(
    input: Tensor([batch, steps], indices), targets: .classes(indices.map { Int32($0) }))
  next.continuesPrevious = true
  return next
}

/// Passes that were forgotten and run again train to the bits of passes that were kept: with moments,
/// noise, states and what maps learn.
struct RecomputationTests {
  @Test(
    arguments: ["float32", "lookup", "space"], [[1], [3], [2, 4, 7], [1, 2, 3, 4, 5, 6, 7, 8]])
  func trainingComesToTheSameBits(_ map: String, _ cuts: [Int]) throws {
    let network = Network("network", input: [8, 8, 1]) {
      Convolution(4, size: 3, padding: 1)
      BatchNorm()
      ReLU()
      Residual {
        Convolution(4, size: 3, padding: 1)
        Dropout(0.3)
      }
      BatchNorm()
      Flatten()
      Dropout(0.2)
      Dense(16)
      Dense(10)
    }
    let splits = try Datasets.load(Specification("digits"), from: DataStore())
    var kept = Trainer(
      try Model<Float>(network, map: Specification(map), seed: 3),
      plan: TrainingPlan(epochs: 1, batchSize: 20))
    var again = kept
    again.model.recompute(from: cuts)
    for step in 0..<4 {
      let batch = splits.training.batch(Array(20 * step..<20 * (step + 1)))
      let expected = try kept.step(batch, stepsPerEpoch: 4)
      #expect(try again.step(batch, stepsPerEpoch: 4) == expected)
    }
    #expect(again.model.layers.state == kept.model.layers.state)
  }

  @Test(arguments: [[1], [2], [1, 2, 3]])
  func carriedStatesComeToTheSameBits(_ cuts: [Int]) throws {
    let network = Network("text", input: [5]) {
      Embedding(6, vocabulary: 11)
      LSTM(8)
      LSTM(8)
      Dense(11)
    }
    var kept = Trainer(
      try Model<Float>(network, seed: 3),
      plan: TrainingPlan(epochs: 1, batchSize: 3, gradientClip: 1))
    var again = kept
    again.model.recompute(from: cuts)
    for _ in 0..<4 {
      let expected = try kept.step(text(5, 3), stepsPerEpoch: 4)
      #expect(try again.step(text(5, 3), stepsPerEpoch: 4) == expected)
    }
    #expect(again.model.layers.state == kept.model.layers.state)
  }

  /// A pass that fails leaves nothing behind that the next one would go back through.
  @Test func aFailedPassIsForgotten() throws {
    let network = Network("text", input: [5]) {
      Embedding(6, vocabulary: 11)
      LSTM(8)
      Dense(11)
    }
    var kept = Trainer(
      try Model<Float>(network, seed: 3), plan: TrainingPlan(epochs: 1, batchSize: 3))
    var again = kept
    again.model.recompute(from: [1])
    var wrong = text(5, 3)
    wrong.targets = .classes([1, 2])
    #expect(throws: TrainingError.self) { try kept.step(wrong, stepsPerEpoch: 4) }
    #expect(throws: TrainingError.self) { try again.step(wrong, stepsPerEpoch: 4) }
    let expected = try kept.step(text(5, 3), stepsPerEpoch: 4)
    #expect(try again.step(text(5, 3), stepsPerEpoch: 4) == expected)
    #expect(again.model.layers.state == kept.model.layers.state)
  }
}

/// After three steps training asks the system for no more memory: in a program of its own, where
/// nobody else does.
@Test func trainingAsksForNoMemoryInItsSteadyState() async {
  await #expect(processExitsWith: .success) {
    let image = Network("image", input: [8, 8, 1]) {
      Convolution(16, size: 3, padding: 1)
      BatchNorm()
      ReLU()
      Residual {
        Convolution(16, size: 3, padding: 1)
        BatchNorm()
      }
      MaxPool(2)
      Flatten()
      Dropout(0.2)
      Dense(10)
    }
    let words = Network("text", input: [5]) {
      Embedding(6, vocabulary: 11)
      LSTM(8)
      GRU(8)
      Dense(11)
    }
    let splits = try Datasets.load(Specification("digits"), from: DataStore())
    for name in Optimizers.catalogue.names {
      let plan = TrainingPlan(
        epochs: 1, batchSize: 20, optimizer: try Optimizers.configuration(Specification(name)),
        gradientClip: 1)
      var images = Trainer(try Model<Float>(image, seed: 3), plan: plan)
      var texts = Trainer(try Model<Float>(words, seed: 3), plan: plan)
      var requests = 0
      for step in 0..<8 {
        if step == 3 { requests = MemoryUsage.current.systemRequests }
        _ = try images.step(splits.training.batch(Array(0..<20)), stepsPerEpoch: 8)
        _ = try texts.step(text(5, 3), stepsPerEpoch: 8)
      }
      let asked = MemoryUsage.current.systemRequests - requests
      precondition(asked == 0, "\(asked) requests with \(name)")
    }
  }
}

import AddendCatalogue
import AddendData
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

// How weights behind signs are moved.

private func latent(_ model: Model<Float>) -> Parameter<Float>? {
  model.layers.parameters.first { $0.path.hasSuffix("weight") }?.parameter
}

private func trainer(
  _ map: String, _ optimizer: String, rate: Double
) throws -> (Trainer<Float>, Batch) {
  let model = try Model<Float>(
    Network("latent", input: [20]) { Dense(130) }, map: Specification(parsing: map), seed: 3)
  let plan = TrainingPlan(
    epochs: 1, batchSize: 8,
    optimizer: try Optimizers.configuration(Specification(parsing: optimizer)),
    learningRate: rate, loss: SquaredHinge())
  let input = Tensor<Float>([8, 20], normalNumbers(160, seed: 5))
  let batch = Batch(input: input, targets: .classes((0..<8).map { Int32($0) }))
  return (Trainer(model, plan: plan), batch)
}

/// Steps far too large end at the bounds.
@Test(arguments: ["sgd", "adam", "adamax"])
func latentWeightsStayWithinTheirBounds(_ optimizer: String) throws {
  var (trainer, batch) = try trainer("binary", optimizer, rate: 100)
  for _ in 0..<3 { _ = try trainer.step(batch, stepsPerEpoch: 3) }
  let weights = try #require(latent(trainer.model)).value.elements
  #expect(weights.allSatisfy { $0.magnitude <= 1 })
  #expect(weights.contains(1) && weights.contains(-1))
}

/// Adam's first step is the rate, whatever the gradient: ten times it for a factor of ten.
@Test(arguments: [("binary", 10.0), ("binary:rates=plain", 1)])
func adamStepsByTheRateTimesTheFactor(_ map: String, _ factor: Double) throws {
  var (trainer, batch) = try trainer(map, "adam", rate: 1e-4)
  let before = try #require(latent(trainer.model)).value.elements
  _ = try trainer.step(batch, stepsPerEpoch: 1)
  let after = try #require(latent(trainer.model)).value.elements
  let steps = zip(before, after).map { Double(abs($1 - $0)) }
  // Gradients of 0 do not move; those at the bounds move less; ε keeps small ones back a little.
  #expect(steps.allSatisfy { $0 <= 1e-4 * factor * 1.001 })
  #expect(steps.count { $0 > 0.99e-4 * factor } > steps.count / 2)
}

/// Without a gradient's pull decay would draw latent weights to 0, where signs flip.
@Test func decaySparesLatentWeights() throws {
  var (trainer, batch) = try trainer("binary", "sgd:decay=1,decoupled=1", rate: 1e-12)
  let before = try #require(latent(trainer.model)).value
  _ = try trainer.step(batch, stepsPerEpoch: 1)
  #expect(
    mismatch(
      try #require(latent(trainer.model)).value.elements, before.elements, within: 1e-9) == nil)
}

/// Signs on signs learn: twelve epochs of the digits, with what the binary perceptron is made of.
@Test func aBinaryPerceptronLearns() throws {
  let splits = try Datasets.load(Specification(parsing: "digits"), from: DataStore())
  let network = try Zoo.network(
    Specification(parsing: "binary-mlp:hidden=96,layers=2,input-dropout=0,dropout=0.1"),
    input: splits.training.inputShape, classes: 10)
  let plan = TrainingPlan(
    epochs: 12, batchSize: 50, learningRate: 3e-3, schedule: ExponentialSchedule(end: 1e-3),
    loss: SquaredHinge())
  var trainer = Trainer(try Model<Float>(network, seed: 1), plan: plan)
  try trainer.run(on: splits)
  let accuracy = try #require(trainer.history.last?.validation?.accuracy)
  #expect(accuracy > 0.9)
}

/// Codes in recurrent layers: hidden states have theirs, and the step-wise path goes back through them.
@Test(arguments: [
  "kbit:weights=4,activations=4", "kbit:weights=4,activations=4,gradients=6", "binary:input=real",
])
func recurrentLayersOfFewBitsLearn(_ map: String) throws {
  let network = Network("few", input: [6]) {
    Embedding(12, vocabulary: 5)
    LSTM(16)
    Dense(5)
  }
  let plan = TrainingPlan(epochs: 1, batchSize: 4, learningRate: 0.01)
  var trainer = Trainer(
    try Model<Float>(network, map: Specification(parsing: map), seed: 1), plan: plan)
  // Each word is the one before plus one.
  let words = (0..<24).map { Float(($0 % 6 + $0 / 6) % 5) }
  let batch = Batch(
    input: Tensor([4, 6], words),
    targets: .classes(words.map { Int32(($0 + 1).truncatingRemainder(dividingBy: 5)) }))
  let first = try trainer.step(batch, stepsPerEpoch: 61).loss
  var last = first
  for _ in 0..<60 { last = try trainer.step(batch, stepsPerEpoch: 61).loss }
  #expect(last < first / 2)
  let frozen = trainer.model.frozen()
  #expect(try frozen.forward(batch.input) == trainer.model.forward(batch.input))
}

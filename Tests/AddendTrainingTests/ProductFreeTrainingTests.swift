import AddendCatalogue
import AddendData
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

/// Training without a product: what multiplications are left in a step, and where.
struct ProductFreeTrainingTests {
  private let network = Network("case", input: [10]) {
    Dense(9)
    ReLU()
    Dense(7)
    ReLU()
    Dense(3)
  }

  private func trained(_ map: String) throws -> (Trainer<CountingScalar>, Batch) {
    var random = RandomSource(seed: 5)
    let batch = Batch(
      input: Tensor<Float>.normal([4, 10], using: &random), targets: .classes([0, 2, 1, 2]))
    let model = try Model<CountingScalar>(network, map: Specification(parsing: map), seed: 3)
    var trainer = Trainer(
      model, plan: TrainingPlan(epochs: 10, batchSize: 4, optimizer: SGD(momentum: 0)))
    // After five steps, half of training, words are made.
    for _ in 0..<8 { _ = try trainer.step(batch, stepsPerEpoch: 1) }
    return (trainer, batch)
  }

  /// A rectifier's way back, `dy · f′(x)` with `f′` 0 or 1: the activations' part, not the products'.
  private let rectified = 4 * (9 + 7)

  /// All of a step but the loss and the optimizer: coding weights anew, forward, backward.
  @Test(arguments: ["space:update=3", "space:update=3,dimension=4,encoder=tree,rows=4"])
  func noProductMultiplies(_ map: String) throws {
    let (trainer, batch) = try trained(map)
    var model = trainer.model
    var context = PassContext<CountingScalar>()
    let x = Tensor<CountingScalar>(batch.input)
    let counts = try OperationTally.counting {
      model.prepare(for: TrainingProgress(step: 8, stepsPerEpoch: 1, epochs: 10))
      let y = try model.trainingForward(x, &context)
      model.backward(y)
    }
    #expect(counts.multiplications == rectified)
    #expect(counts.lookups > 4 * (10 * 9 + 9 * 7 + 7 * 3) / 2)
  }

  /// Three multiplications a parameter in gradient descent, one a rectified number, and those of the
  /// softmax. The network with exact products does these, and the products' besides.
  @Test func theLossTheRectifiersAndTheOptimizerAreWhatMultiplies() throws {
    var (trainer, batch) = try trained("space:update=3")
    let parameters = 10 * 9 + 9 + 9 * 7 + 7 + 7 * 3 + 3
    let (rows, classes) = (4, 3)
    let whole = try OperationTally.counting { _ = try trainer.step(batch, stepsPerEpoch: 1) }
    var logits = [CountingScalar](repeating: .zero, count: rows * classes)
    for i in logits.indices { logits[i] = CountingScalar(Double(i % 5)) }
    let loss = OperationTally.counting {
      var span = logits.mutableSpan
      _ = CountingScalar.softmaxCrossEntropy(
        &span, columns: classes, classes: [0, 2, 1, 2].span, smoothing: 0, weight: 0.25)
    }
    #expect(whole.multiplications == loss.multiplications + 3 * parameters + rectified)

    var (exact, _) = try trained("float32")
    let products = try OperationTally.counting { _ = try exact.step(batch, stepsPerEpoch: 1) }
    // Forward and the weight's gradient in each layer, the input's in all but the first.
    let multiplied = rows * (2 * 10 * 9 + 3 * 9 * 7 + 3 * 7 * 3)
    #expect(products.multiplications == whole.multiplications + multiplied)
  }
}

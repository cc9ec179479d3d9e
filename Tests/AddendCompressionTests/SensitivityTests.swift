import AddendArchives
import AddendCatalogue
import AddendCompression
import AddendData
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

/// Layers perturbed one at a time, and formats chosen by what that does.
struct SensitivityTests {
  private static let network = Network("small", input: [8, 8, 1]) {
    Convolution(6, size: 3, padding: .same)
    ReLU()
    MaxPool(2)
    Flatten()
    Dense(20)
    ReLU()
    Dense(10)
  }
  private static let layers = ["convolution1", "dense1", "dense2"]

  private static let trained = Result { () throws -> (Model<Float>, DatasetSplits) in
    let splits = try Datasets.load(Specification("digits"), from: DataStore())
    var trainer = Trainer(
      try Model<Float>(network, seed: 1), plan: TrainingPlan(epochs: 6, batchSize: 50, seed: 1))
    try trainer.run(on: splits)
    return (trainer.model.frozen(), splits)
  }

  private func study() throws -> SensitivityStudy {
    let (model, splits) = try Self.trained.get()
    return try SensitivityStudy(
      of: model, on: splits.training, loss: SoftmaxCrossEntropy(), examples: 400)
  }

  @Test func layersAreListedWithWhatTheyMultiply() throws {
    let layers = try study().layers
    #expect(layers.map(\.name) == Self.layers)
    #expect(layers.map(\.weights) == [54, 96 * 20, 200])
    #expect(layers.map(\.products) == [54 * 64, 96 * 20, 200])
  }

  @Test func coarserFormatsHurtMore() throws {
    let study = try study()
    for layer in Self.layers {
      let same = try study.evaluation(perturbing: layer, Perturbation(.float32, of: .both))
      #expect(same == study.exact)
      func growth(_ bits: Int, _ part: Perturbation.Part = .both) throws -> Double {
        let format = NumberFormat.fixed(DynamicFixedPoint(bits: bits))
        return try study.evaluation(perturbing: layer, Perturbation(format, of: part)).loss
          - study.exact.loss
      }
      #expect(try growth(2) > 0.05)
      #expect(abs(try growth(12)) < 0.001)
      #expect(try growth(2, .weights) != growth(2, .activations))
    }
  }

  @Test func aPerturbedLayerIsOneWithRoundedOperands() throws {
    let study = try study()
    let format = NumberFormat.fixed(DynamicFixedPoint(bits: 4))
    let found = try study.evaluation(perturbing: "dense1", Perturbation(format, of: .both))
    let map = try Specification(parsing: "dfp16:bits=4")
    #expect(try study.evaluation(assigning: MapAssignment(["dense1": map])) == found)
  }

  @Test func noiseIsAsLargeAsTheErrorAndDrawnBySeed() throws {
    let study = try study()
    let format = NumberFormat.fixed(DynamicFixedPoint(bits: 3))
    let noise = Perturbation(format, of: .both, asNoise: true)
    let found = try study.evaluation(perturbing: "dense1", noise)
    #expect(try study.evaluation(perturbing: "dense1", noise) == found)
    let rounded = try study.evaluation(perturbing: "dense1", Perturbation(format, of: .both))
    #expect(found != rounded)
    // The same order of harm: within a factor of four either way.
    let ratio = (found.loss - study.exact.loss) / (rounded.loss - study.exact.loss)
    #expect(0.25...4 ~= ratio)
    let none = Perturbation(.float32, of: .both, asNoise: true)
    #expect(try study.evaluation(perturbing: "dense1", none) == study.exact)
  }

  @Test func everyBatchMeetsNoiseOfItsOwn() throws {
    let (model, splits) = try Self.trained.get()
    // A whole batch twice: were the noise of both the same, so were the losses' sum and its half.
    let once = Array(0..<200)
    func loss(_ places: [Int]) throws -> Double {
      let study = try SensitivityStudy(
        of: model, on: Subset(splits.training, places), loss: SoftmaxCrossEntropy(),
        examples: places.count)
      let noise = Perturbation(
        .fixed(DynamicFixedPoint(bits: 3)), of: .activations, asNoise: true)
      return try study.evaluation(perturbing: "dense1", noise).loss
    }
    let (single, double) = (try loss(once), try loss(once + once))
    #expect(abs(single - double) > 1e-6)
  }

  @Test func aLayersOwnMapCostsWhatItIs() throws {
    let (model, splits) = try Self.trained.get()
    let half = try MapAssignment(["dense1": Specification("bf16")])
      .applied(to: model, calibration: splits.training).frozen()
    let study = try SensitivityStudy(
      of: half, on: splits.training, loss: SoftmaxCrossEntropy(), examples: 100)
    #expect(study.layers.map(\.map.name) == ["float32", "bf16", "float32"])
    let found = try proposal(study, .loss(-1e9), candidates: ["dfp16:bits=2"])
    #expect(found.assignment.maps.isEmpty)
    #expect(found.cost == Double(32 * (54 + 200) + 16 * 1920))
  }

  @Test func layersMixTheirMaps() throws {
    let (model, splits) = try Self.trained.get()
    let assignment = MapAssignment([
      "convolution1": Specification("bf16"),
      "dense2": try Specification(parsing: "dfp16:bits=6"),
    ])
    let mixed = try assignment.applied(to: model, calibration: splits.training).frozen()
    let x = splits.test.batch(Array(0..<50)).input
    let y = try mixed.forward(x)
    #expect(y != (try model.forward(x)))
    // What is not named stays as it was.
    let conv = try MapAssignment(["convolution1": Specification("float32")])
      .applied(to: model, calibration: splits.training)
    #expect(try conv.forward(x) == model.forward(x))
    try withTemporaryDirectory { directory in
      try ModelArchive(mixed).save(to: "\(directory)/m.addend")
      let loaded = try ModelArchive<Float>(contentsOf: "\(directory)/m.addend").model
      #expect(try loaded.forward(x) == y)
    }
  }

  private func proposal(
    _ study: SensitivityStudy, _ budget: FormatProposal.Budget,
    cost: FormatProposal.Cost = .weightBits,
    candidates texts: [String] = [
      "bf16", "dfp16:bits=8", "dfp16:bits=5", "dfp16:bits=3", "dfp16:bits=2",
    ]
  ) throws -> FormatProposal {
    let candidates = try texts.map { try Specification(parsing: $0) }
    var losses: [String: [Specification: Double]] = [:]
    for layer in study.layers {
      for map in candidates {
        losses[layer.name, default: [:]][map] = try study.evaluation(
          assigning: MapAssignment([layer.name: map])
        ).loss
      }
    }
    return try FormatProposal(
      study, candidates: candidates, losses: losses, budget: budget, cost: cost)
  }

  @Test func proposalsKeepToTheirBudgets() throws {
    let study = try study()
    let (tight, wide) = (
      try proposal(study, .accuracy(0.005)), try proposal(study, .accuracy(0.1))
    )
    for (found, limit) in [(tight, 0.005), (wide, 0.1)] {
      let accuracy = try #require(found.evaluation.accuracy)
      #expect(try #require(study.exact.accuracy) - accuracy <= limit + 1e-9)
      #expect(try study.evaluation(assigning: found.assignment) == found.evaluation)
    }
    #expect(wide.cost < tight.cost)
    // Sixteen bits cost nothing, so the tight one has half of float32's bits at most.
    #expect(tight.cost <= tight.exactCost / 2)
    #expect(tight.exactCost == Double(32 * (54 + 1920 + 200)))
    let loss = try proposal(study, .loss(0.02), cost: .bitOperations)
    #expect(loss.evaluation.loss - study.exact.loss <= 0.02)
    #expect(loss.cost < loss.exactCost / 16)
  }

  @Test func whatNothingFitsStaysAsItIs() throws {
    let study = try study()
    let found = try proposal(study, .loss(1e-9), candidates: ["dfp16:bits=2"])
    #expect(found.assignment.maps.isEmpty && found.cost == found.exactCost)
  }

  @Test func impossibleWishesAreRefused() throws {
    let (study, (model, splits)) = (try study(), try Self.trained.get())
    #expect(throws: CompressionError.self) {
      try proposal(study, .accuracy(0.01), candidates: ["lookup:block=4"])
    }
    #expect(throws: CompressionError.unknownLayer(path: "dense9", known: Self.layers)) {
      try MapAssignment(["dense9": Specification("bf16")])
        .applied(to: model, calibration: splits.training)
    }
    let flat = try Model<Float>(Network("flat", input: [8, 8, 1]) { Flatten() }, seed: 1)
    #expect(throws: CompressionError.self) {
      try SensitivityStudy(of: flat, on: splits.training, loss: SoftmaxCrossEntropy())
    }
  }
}

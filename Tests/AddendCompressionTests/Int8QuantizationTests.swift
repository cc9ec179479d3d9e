import AddendArchives
import AddendCatalogue
import AddendCompression
import AddendData
import AddendExecution
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

/// A trained network in int8.
struct Int8QuantizationTests {
  private func digits() throws -> DatasetSplits { try MapConversionTests.digits.get() }
  private func trained() throws -> Model<Float> { try MapConversionTests.trained.get() }

  /// A quarter of the bytes for at most a point of accuracy, and the same executed.
  @Test(arguments: RangeMethod.allCases)
  func accuracySurvives(_ method: RangeMethod) throws {
    let splits = try digits()
    let pipeline = TransformPipeline([Int8Quantization(calibration: method, examples: 500)])
    let (model, records) = try pipeline.run(
      on: trained(), calibration: splits.training, evaluation: splits.test)
    let accuracies = try records.map { try #require($0.evaluation.accuracy) }
    #expect((accuracies[1] - accuracies[0]).magnitude <= 0.01)
    #expect(Double(records[1].byteCount) < 0.3 * Double(records[0].byteCount))
    let frozen = model.frozen()
    let batch = splits.test.batch(Array(0..<100))
    let logits = try frozen.compiled(batch: 100).run(batch.input)
    let own = try frozen.forward(batch.input)
    let agreement = zip(logits.largestColumns(), own.largestColumns()).count { $0 == $1 }
    #expect(agreement >= 99)
    try withTemporaryDirectory { directory in
      let path = "\(directory)/int8.addend"
      try ModelArchive(frozen).save(to: path)
      let loaded = try ModelArchive<Float>(contentsOf: path).model
      #expect(try loaded.forward(batch.input) == own)
    }
  }

  @Test func layersAreKeptAndSpecificationsRead() throws {
    let transform = try Transforms.configuration(
      Specification(parsing: "quantize:calibration=mse,keep=first+last,examples=100,seed=7"))
    #expect(transform.specification.arguments["calibration"] == .text("mse"))
    let model = try transform.transformed(trained(), calibration: digits().training)
    #expect(model.map.name == "int8")
    var survey = MapNames()
    var copy = model.frozen()
    copy.visitMaps(&survey)
    #expect(survey.isInt8 == [false, true, false])
  }

  @Test func layersOfFewBitsStay() throws {
    let binary = try MapConversion(to: Specification("binary"), keep: ["last"])
      .transformed(trained(), calibration: digits().training)
    let quantized = try Int8Quantization(examples: 100)
      .transformed(binary, calibration: digits().training)
    var survey = MapNames()
    var copy = quantized.frozen()
    copy.visitMaps(&survey)
    #expect(survey.isInt8 == [false, false, true])
    #expect(quantized.network.layers.compactMap(\.ownMap?.name) == ["binary", "binary"])
    let all = try MapConversion(to: Specification("binary"))
      .transformed(trained(), calibration: digits().training)
    #expect(throws: CompressionError.self) {
      try Int8Quantization(examples: 100).transformed(all, calibration: digits().training)
    }
  }

  private struct MapNames: MapVisitor {
    typealias Scalar = Float
    var isInt8: [Bool] = []
    mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
      isInt8.append(map.int8Product != nil)
    }
  }

  /// Digits row by row: the inputs' map and the recurrent one, step after step.
  @Test func recurrentLayersAreQuantisedToo() throws {
    func rows(_ dataset: any Dataset) throws -> TensorDataset {
      let all = dataset.batch(Array(0..<dataset.count))
      return try TensorDataset(
        name: "rows", path: "rows", inputs: all.input.reshaped([dataset.count, 8, 8]),
        targets: all.targets, classNames: dataset.classNames)
    }
    let splits = try DatasetSplits(training: rows(digits().training), test: rows(digits().test))
    let network = Network("rows", input: [8, 8]) {
      LSTM(32, returns: .last)
      Dense(10)
    }
    var trainer = Trainer(
      try Model<Float>(network, seed: 3),
      plan: TrainingPlan(epochs: 12, batchSize: 32, learningRate: 0.01, seed: 3))
    try trainer.run(on: splits)
    let exact = trainer.model.frozen()
    let quantized = try Int8Quantization(examples: 500)
      .transformed(exact, calibration: splits.training).frozen()
    var survey = MapNames()
    var copy = quantized
    copy.visitMaps(&survey)
    #expect(survey.isInt8 == [true, true, true])
    func accuracy(_ model: Model<Float>) throws -> Double {
      try #require(model.evaluation(on: splits.test, loss: SoftmaxCrossEntropy()).accuracy)
    }
    #expect(try accuracy(exact) > 0.9)
    #expect(try accuracy(quantized) > accuracy(exact) - 0.02)
    let x = splits.test.batch(Array(0..<20)).input
    #expect(try Model<Float>.reloaded(quantized).forward(x) == quantized.forward(x))
  }

  /// Maps that round become bytes like exact ones; bytes are calibrated again.
  @Test(arguments: ["fp8", "dfp16:bits=8", "int8"])
  func roundedLayersAreQuantised(_ map: String) throws {
    let (training, specification) = (try digits().training, try Specification(parsing: map))
    let rounded = try MapConversion(to: specification)
      .transformed(trained(), calibration: training).frozen()
    let quantized = try Int8Quantization(calibration: .percentile, percentile: 90, examples: 100)
      .transformed(rounded, calibration: training).frozen()
    var survey = MapNames()
    var copy = quantized
    copy.visitMaps(&survey)
    #expect(survey.isInt8 == [true, true, true])
    let x = try digits().test.batch(Array(0..<50)).input
    #expect(try quantized.forward(x) != rounded.forward(x))
  }

  /// A quantised network goes on learning.
  @Test func quantisedNetworksTrainFurther() throws {
    let splits = try digits()
    let model = try Int8Quantization(examples: 200).transformed(
      trained(), calibration: splits.training)
    var trainer = Trainer(
      model, plan: TrainingPlan(epochs: 1, batchSize: 32, learningRate: 0.01, seed: 3))
    try trainer.run(on: splits)
    let evaluation = try trainer.model.frozen().evaluation(
      on: splits.test, loss: SoftmaxCrossEntropy())
    #expect(try #require(evaluation.accuracy) > 0.95)
  }

  @Test func itNeedsExamplesAndKnownLayers() throws {
    let model = try trained()
    #expect(throws: CompressionError.missingCalibration(transform: "quantize")) {
      try Int8Quantization().transformed(model, calibration: nil)
    }
    let training = try digits().training
    #expect(throws: CompressionError.self) {
      try Int8Quantization(keep: ["dense9"]).transformed(model, calibration: training)
    }
  }
}

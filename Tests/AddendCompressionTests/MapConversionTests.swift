import AddendArchives
import AddendCatalogue
import AddendCompression
import AddendData
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import AddendTraining
import Testing

/// A trained network under another kind of map.
struct MapConversionTests {
  static let digits = Result { try Datasets.load(Specification("digits"), from: DataStore()) }
  /// LeNet-300-100 on the package's digits: the exact network that all start from.
  static let trained = Result {
    let network = Network("mlp", input: [8, 8, 1]) {
      Flatten()
      Dense(300)
      BatchNorm()
      ReLU()
      Dropout(0.2)
      Dense(100)
      ReLU()
      Dense(10)
    }
    var trainer = Trainer(
      try Model<Float>(network, seed: 3), plan: TrainingPlan(epochs: 12, batchSize: 32, seed: 3))
    try trainer.run(on: digits.get())
    return trainer.model
  }

  private func bits(_ model: Model<Float>) throws -> [UInt32] {
    let batch = try Self.digits.get().test.batch(Array(0..<50))
    return try model.forward(batch.input).elements.map(\.bitPattern)
  }

  /// Conversion without training may cost up to ten points of accuracy; a conversion that is wrong
  /// costs eighty.
  @Test(arguments: [
    "convert:map=lookup", "convert:map=[lookup:block=4,encoder=hash]", "convert:map=space",
    "convert:map=lookup,keep=first+last",
  ])
  func accuracySurvivesAndFilesHoldTheSameBits(text: String) throws {
    let splits = try Self.digits.get()
    let pipeline = TransformPipeline([
      BatchNormFolding(), try Transforms.configuration(Specification(parsing: text)),
    ])
    let (model, records) = try pipeline.run(
      on: Self.trained.get(), calibration: splits.training, evaluation: splits.test)
    #expect(records.count == 3)
    let accuracies = try records.map { try #require($0.evaluation.accuracy) }
    #expect(accuracies[0] > 0.95)
    #expect((accuracies[1] - accuracies[0]).magnitude < 0.005)
    #expect(accuracies[2] >= accuracies[1] - 0.1, "\(text): \(records[2])")
    #expect(records[2].cost.multiplications < records[1].cost.multiplications / 2)

    let frozen = model.frozen()
    try withTemporaryDirectory { directory in
      let path = "\(directory)/converted.addend"
      try ModelArchive(frozen).save(to: path)
      let loaded = try ModelArchive<Float>(contentsOf: path).model
      #expect(loaded.network == frozen.network)
      #expect(loaded.map == frozen.map)
      #expect(try bits(loaded) == bits(frozen))
    }
  }

  @Test func everyConversionOfTheSameModelIsTheSame() throws {
    let splits = try Self.digits.get()
    let convert = MapConversion(to: Specification("lookup"), examples: 300)
    let first = try convert.transformed(Self.trained.get(), calibration: splits.training)
    let second = try convert.transformed(Self.trained.get(), calibration: splits.training)
    #expect(try bits(first.frozen()) == bits(second.frozen()))
  }

  @Test func nothingButMapsChanges() throws {
    let model = try Self.trained.get()
    let converted = try MapConversion(to: Specification("lookup")).transformed(
      model, calibration: Self.digits.get().training)
    let (before, after) = (model.layers.state, converted.layers.state)
    for (path, tensor) in before { #expect(after[path] == tensor, "\(path)") }
    #expect(after["batch-norm1/mean"] != nil)
    #expect(converted.network == model.network)
    #expect(converted.map == Specification("lookup"))
  }

  @Test func keptLayersAreDescribedWithTheirMap() throws {
    let network = Network("nested", input: [8, 8, 1]) {
      Convolution(4, size: 3)
      Residual {
        Convolution(4, size: 3, padding: 1)
        Convolution(4, size: 3, padding: 1, map: Specification("space"))
      }
      Residual(shortcut: .projected) { Convolution(6, size: 3, padding: 1) }
      Flatten()
      Dense(10, map: Specification("float32"))
    }
    let model = try Model<Float>(network, seed: 1)
    let splits = try Self.digits.get()
    let convert = MapConversion(
      to: Specification("lookup"), keep: ["residual1", "last"], examples: 128)
    let converted = try convert.transformed(model, calibration: splits.training)
    var maps = MapKinds()
    var copy = converted
    copy.visitMaps(&maps)
    #expect(
      maps.lines == [
        "convolution1/map lookup", "residual1/body/convolution1/map exact",
        "residual1/body/convolution2/map space", "residual2/body/convolution1/map lookup",
        "residual2/shortcut/convolution1/map lookup", "dense1/map exact",
      ])
    try withTemporaryDirectory { directory in
      let path = "\(directory)/converted.addend"
      try ModelArchive(converted).save(to: path)
      var loaded = try ModelArchive<Float>(contentsOf: path).model
      var again = MapKinds()
      loaded.visitMaps(&again)
      #expect(again.lines == maps.lines)
      #expect(try bits(loaded) == bits(converted.frozen()))
    }
  }

  @Test func recurrentLayersAreConvertedToo() throws {
    let network = Network("sequence", input: [8, 8]) {
      LSTM(12, layers: 2, returns: .last)
      Dense(10)
    }
    var random = RandomSource(seed: 4)
    let data = try TensorDataset(
      name: "noise", path: "noise", inputs: .normal([200, 8, 8], using: &random),
      targets: .classes((0..<200).map { Int32($0 % 10) }), classNames: (0..<10).map(String.init))
    let model = try Model<Float>(network, seed: 1)
    let converted = try MapConversion(to: Specification("lookup"), keep: ["last"]).transformed(
      model, calibration: data)
    var maps = MapKinds()
    var copy = converted
    copy.visitMaps(&maps)
    #expect(maps.lines.count { $0.hasSuffix("lookup") } == 4)
    #expect(maps.lines.last == "dense1/map exact")
    let x = data.batch(Array(0..<20)).input
    let frozen = converted.frozen()
    let loaded = try Model<Float>.reloaded(frozen)
    #expect(try loaded.forward(x).elements == frozen.forward(x).elements)
  }

  @Test func mistakesAreNamed() throws {
    let model = try Self.trained.get()
    let data = try Self.digits.get().training
    #expect(throws: CompressionError.missingCalibration(transform: "convert")) {
      try MapConversion(to: Specification("lookup")).transformed(model, calibration: nil)
    }
    #expect(
      throws: CompressionError.unknownLayer(path: "dense9", known: ["dense1", "dense2", "dense3"])
    ) {
      try MapConversion(to: Specification("lookup"), keep: ["dense9"]).transformed(
        model, calibration: data)
    }
    #expect(throws: CatalogueError.self) {
      try Transforms.configuration(Specification(parsing: "convert:map=lokup"))
    }
    #expect(isOneSentence("\(CompressionError.missingCalibration(transform: "convert"))"))
  }

  @Test func specificationsOfTransformsMakeThemAgain() throws {
    let text = "convert:examples=100,keep=first+dense2,map=[lookup:block=4,encoder=hash],seed=7"
    let transform = try Transforms.configuration(Specification(parsing: text))
    #expect(transform.specification.description == text)
    let conversion = try #require(transform as? MapConversion)
    #expect(conversion.keep == ["first", "dense2"])
    #expect(
      conversion.map
        == Specification("lookup", ["block": .text("4"), "encoder": .text("hash")]))
  }
}

extension Model<Float> {
  /// What an archive of `model` gives back.
  static func reloaded(_ model: Model) throws -> Model {
    try withTemporaryDirectory { directory in
      try ModelArchive(model).save(to: "\(directory)/model.addend")
      return try ModelArchive<Float>(contentsOf: "\(directory)/model.addend").model
    }
  }
}

/// The maps in a network, with their kinds.
private struct MapKinds: MapVisitor {
  private(set) var lines: [String] = []
  private var path = StatePath()

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    let kind =
      switch map {
      case is Slot<LookupMap<Float>>, is Slot<LookupConvolution<Float>>: "lookup"
      case is Slot<SpaceMap<Float>>: "space"
      default: "exact"
      }
    lines.append("\(path.appending(name)) \(kind)")
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

import AddendArchives
import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

private let network = Network("small", input: [4, 4, 1]) {
  Flatten()
  Dense(7)
  ReLU()
  Dense(3, bias: false)
}

private func metadata() -> ModelMetadata {
  var metadata = ModelMetadata()
  metadata.classNames = ["none", "één", "\"two\""]
  metadata.dataset = "digits"
  metadata.normalization = .init(means: [0.5], deviations: [0.25])
  metadata.command = "addend train small --data digits"
  metadata.version = "0.1.0"
  metadata.notes["accuracy"] = 0.1
  return metadata
}

/// A model as training leaves it: biases are not zero.
private func model(seed: UInt64 = 3) throws -> Model<Float> {
  var model = try Model<Float>(network, seed: seed)
  var noise = Noise<Float>(random: RandomSource(seed: seed))
  model.visit(&noise)
  return model
}

private struct Noise<Scalar: TensorScalar>: StateVisitor {
  var random: RandomSource

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    var span = parameter.value.mutableSpan
    for i in span.indices { span[i] += Scalar(random.normal()) }
  }
}

@Test func aSavedModelComputesTheSame() throws {
  try withTemporaryDirectory { directory in
    let path = "\(directory)/model.addend"
    let saved = ModelArchive(try model(), metadata: metadata())
    try saved.save(to: path)
    let loaded = try ModelArchive<Float>(contentsOf: path)

    #expect(loaded.metadata == saved.metadata)
    #expect(loaded.model.network == network)
    #expect(loaded.model.map == saved.model.map)
    var random = RandomSource(seed: 9)
    let x = Tensor<Float>([2, 4, 4, 1], (0..<32).map { _ in Float(random.normal()) })
    #expect(try loaded.model.forward(x) == saved.model.forward(x))

    let archive = try Archive(contentsOf: path)
    #expect(
      archive.sections.map(\.name) == [
        "metadata", "network", "model/dense1/weight", "model/dense1/bias", "model/dense2/weight",
      ])
  }
}

@Test func storedSizeIsTheFilesSize() throws {
  for metadata in [ModelMetadata(), metadata()] {
    let archive = ModelArchive(try model(), metadata: metadata)
    let bytes = try archiveBytes { writer throws(ArchiveError) in try archive.write(to: &writer) }
    let size = archive.storedSize
    #expect(size.byteCount == bytes.count)
    #expect(size.sections.map(\.section) == (try Archive(bytes)).sections)
    // What is in no section is the file's header and its end marker.
    #expect(size.sections.reduce(32) { $0 + $1.byteCount } == bytes.count)
    #expect(size.byteCount(under: "dense1") > 4 * (16 * 7 + 7))
    #expect(size.byteCount(under: "dense") == 0)
  }
}

@Test func savingTwiceMakesTheSameBytes() throws {
  let archive = ModelArchive(try model(), metadata: metadata())
  func bytes() throws -> [UInt8] {
    try archiveBytes { writer throws(ArchiveError) in try archive.write(to: &writer) }
  }
  #expect(try bytes() == bytes())
}

/// The sections of a small model, one of them taken out or put in.
private func edited(
  _ edit: (String, inout Tensor<Float>) -> Bool, adding extra: String? = nil
) throws -> Archive {
  let model = ModelArchive(try Model<Float>(network, seed: 1))
  let whole = try Archive(
    archiveBytes { writer throws(ArchiveError) in try model.write(to: &writer) })
  return try Archive(
    archiveBytes { writer throws(ArchiveError) in
      for section in whole.sections {
        if section.kind == .document {
          try writer.write(whole.document(section.name), named: section.name)
          continue
        }
        var tensor = try whole.tensor(section.name, of: Float.self)
        guard edit(section.name, &tensor) else { continue }
        try writer.write(tensor, named: section.name, isParameter: section.kind == .parameter)
      }
      if let extra { try writer.write(Tensor<Float>([1]), named: extra) }
    })
}

@Test func stateThatIsNotTheNetworksIsRefusedByName() throws {
  #expect(throws: ArchiveError.missing(section: "model/dense1/bias")) {
    try ModelArchive<Float>(edited { name, _ in name != "model/dense1/bias" })
  }
  #expect(throws: ArchiveError.unexpected(section: "model/dense3/weight")) {
    try ModelArchive<Float>(edited({ _, _ in true }, adding: "model/dense3/weight"))
  }
  #expect(throws: ArchiveError.unexpected(section: "optimizer")) {
    try ModelArchive<Float>(edited({ _, _ in true }, adding: "optimizer"))
  }
  let error = #expect(throws: ArchiveError.self) {
    try ModelArchive<Float>(
      edited { name, tensor in
        if name == "model/dense1/weight" { tensor = tensor.reshaped([7, 16]) }
        return true
      })
  }
  #expect(
    error?.description == """
      the section 'model/dense1/weight' holds parameter of float32, shape 7×16, expected parameter \
      of float32, shape 16×7
      """)
  #expect(throws: ArchiveError.self) { try edited { _, _ in true }.model(of: Double.self) }
}

@Test func aFailedRestorationLeavesTheModelAlone() throws {
  var untouched = try model()
  let x = Tensor<Float>([1, 4, 4, 1], repeating: 1)
  let before = try untouched.forward(x)
  let archive = try edited { name, _ in name != "model/dense2/weight" }
  #expect(throws: ArchiveError.missing(section: "model/dense2/weight")) {
    try archive.restore(&untouched)
  }
  #expect(try untouched.forward(x) == before)
}

@Test(
  arguments: [
    [:], ["network": 3, "map": "float32"],
    [
      "network": ["name": "n", "input": [1_099_511_627_776], "layers": ["relu"]], "map": "float32",
    ],
    ["network": ["name": "n", "input": [-1], "layers": ["relu"]], "map": "float32"],
    ["network": ["name": "n", "input": [2.5], "layers": ["relu"]], "map": "float32"],
    ["network": ["name": "n", "input": [3], "layers": []], "map": "float32"],
    ["network": ["name": "n", "input": [3], "layers": ["nonsense"]], "map": "float32"],
    ["network": ["name": "n", "input": [3], "layers": [nil]], "map": "float32"],
    ["network": ["name": "n", "input": [3], "layers": ["dense:outputs=0"]], "map": "float32"],
    ["network": ["name": "n", "input": [3], "layers": ["dense:outputs=2"]], "map": "nonsense"],
    ["network": ["name": "n", "input": [3], "layers": ["dense:outputs=2"]]],
  ] as [JSONValue])
func networksThatCannotBeBuiltAreRefused(_ description: JSONValue) throws {
  let archive = try Archive(
    archiveBytes { writer throws(ArchiveError) in
      try writer.write(description, named: "network")
    })
  let error = #expect(throws: ArchiveError.self) { try archive.model(of: Float.self) }
  #expect(isOneSentence(error?.description ?? ""))
}

@Test(
  arguments: [
    ["classNames": [1]], ["dataset": 3], ["normalization": ["means": [1], "deviations": []]],
    ["normalization": []], ["notes": "none"],
  ] as [JSONValue])
func metadataOfTheWrongKindIsRefused(_ json: JSONValue) {
  let error = #expect(throws: ArchiveError.self) { try ModelMetadata(json: json) }
  #expect(isOneSentence(error?.description ?? ""))
}

@Test func unknownPrecisionsAreRefusedByName() throws {
  let network = Network("one", input: [2]) { Dense(2) }
  let bytes = try archiveBytes { writer throws(ArchiveError) in
    try writer.write(
      ["network": network.json, "map": "float32", "precision": "float17"], named: "network")
  }
  let error = try #require(throws: ArchiveError.self) {
    try Archive(bytes).model(of: Float.self)
  }
  #expect("\(error)".contains("'float17'") && isOneSentence("\(error)"))
}

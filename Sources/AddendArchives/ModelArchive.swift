internal import AddendCatalogue
internal import AddendKernels
public import AddendNetworks
public import AddendTensors

/// A model with what is worth knowing of it: what a deployed `.addend` file holds.
///
/// Sections: `network` and `metadata` (documents), then all state of the frozen model in the order
/// of its visit, `model/dense1/weight` and so on.
public struct ModelArchive<Scalar: TensorScalar>: Sendable {
  public var model: Model<Scalar>
  public var metadata: ModelMetadata

  public init(_ model: Model<Scalar>, metadata: ModelMetadata = ModelMetadata()) {
    self.model = model
    self.metadata = metadata
  }

  /// Reads the file at `path` and builds the model from it.
  ///
  /// - Throws: `ArchiveError`: as `Archive` and `Archive.model(of:)` throw, and `unexpected` for a
  ///   section that is not a model's.
  public init(contentsOf path: String) throws(ArchiveError) {
    try self.init(Archive(contentsOf: path))
  }

  /// - Throws: as `init(contentsOf:)`.
  public init(_ archive: Archive) throws(ArchiveError) {
    let known = [ModelSections.network, ModelSections.metadata]
    let stranger = archive.sections.first {
      !known.contains($0.name) && !$0.name.hasPrefix(ModelSections.statePrefix)
    }
    if let stranger { throw .unexpected(section: stranger.name) }
    metadata = try ModelMetadata(json: archive.document(ModelSections.metadata))
    model = try archive.model(of: Scalar.self)
  }

  /// Writes the frozen model to `path`, whole or not at all.
  ///
  /// - Throws: `ArchiveError.file`.
  public func save(to path: String) throws(ArchiveError) {
    try writeArchive(to: path) { writer throws(ArchiveError) in try write(to: &writer) }
  }

  /// Writes the sections that `save` writes.
  public func write<Sink: ByteSink & ~Copyable>(
    to writer: inout ArchiveWriter<Sink>
  ) throws(ArchiveError) {
    // The metadata comes early: whoever reads a stream knows what it will be.
    try writer.write(metadata.json, named: ModelSections.metadata)
    try writer.write(model.frozen())
  }

  /// A digest of what `save` would write, as in `crc32:1a2b3c4d`: it tells apart models that differ by
  /// accident.
  ///
  /// - Throws: as `write(to:)`.
  public var checksum: String {
    get throws(ArchiveError) {
      let bytes = try archiveBytes { writer throws(ArchiveError) in try write(to: &writer) }
      let digits = String(crc32(bytes.span), radix: 16)
      return "crc32:" + String(repeating: "0", count: 8 - digits.count) + digits
    }
  }

  /// What `save` would write, in bytes, without writing it.
  public var storedSize: StoredSize {
    let frozen = model.frozen()
    var sections = [
      ArchiveSection(
        documentOf: metadata.json.text().utf8.count, named: ModelSections.metadata),
      ArchiveSection(
        documentOf: ModelSections.description(of: frozen).text().utf8.count,
        named: ModelSections.network),
    ]
    sections += frozen.states.map { $0.value.section(named: $0.name) }
    return StoredSize(sections)
  }
}

/// The names of a model's sections: the documents, and what its state's begin with.
enum ModelSections {
  static let network = "network"
  static let metadata = "metadata"
  static let statePrefix = "model/"

  static func description<Scalar>(of model: Model<Scalar>) -> JSONValue {
    var object = JSONObject()
    object["network"] = model.network.json
    object["map"] = model.map.json
    // What every version before other formats wrote, where numbers are float32.
    if Scalar.formatName != Float.formatName { object["format"] = .text(Scalar.formatName) }
    // What every version before precisions wrote, where nothing is rounded.
    if model.precisionName != Scalar.formatName {
      object["precision"] = .text(model.precision.description)
    }
    return .object(object)
  }
}

extension Model {
  /// All state as it stands, by section name.
  var states: [(name: String, value: StateValue<Scalar>)] {
    var copy = self
    var collector = StateCollector<Scalar>()
    copy.visit(&collector)
    return collector.states
  }
}

extension ArchiveWriter where Sink: ~Copyable {
  /// Writes `model` in the form that it has: what a checkpoint holds of a model in training.
  public mutating func write<Scalar>(_ model: Model<Scalar>) throws(ArchiveError) {
    try write(ModelSections.description(of: model), named: ModelSections.network)
    for (name, value) in model.states {
      switch value {
      case .parameter(let tensor): try write(tensor, named: name, isParameter: true)
      case .numbers(let tensor): try write(tensor, named: name)
      case .integers(let integers): try write(integers, named: name)
      }
    }
  }
}

extension Archive {
  /// The `formatName` of the numbers of the model that the archive describes.
  ///
  /// - Throws: `ArchiveError.missing` where it describes none.
  public var scalarName: String {
    get throws(ArchiveError) {
      try document(ModelSections.network)["format"]?.textValue ?? Float.formatName
    }
  }

  /// The model that the archive describes, with the state that it holds.
  ///
  /// - Throws: `ArchiveError.network` when the description cannot be built; `missing`, `mismatch`,
  ///   `unexpected` or `state` when the state is not the described network's.
  public func model<Scalar: TensorScalar>(
    of scalar: Scalar.Type
  ) throws(ArchiveError) -> Model<Scalar> {
    let description = try document(ModelSections.network)
    var model: Model<Scalar>
    do throws(NetworkError) {
      let network = try Network(json: description["network"] ?? nil)
      model = try Model(
        network, map: Self.map(in: description), precision: Self.precision(in: description),
        seed: 0)
    } catch {
      throw .network(error)
    }
    try restore(&model)
    return model
  }

  /// Replaces the state of `model` by the archive's.
  ///
  /// - Throws: `ArchiveError.missing`, `mismatch`, `unexpected` or `state`; `model` is then what it
  ///   was.
  public func restore<Scalar: TensorScalar>(_ model: inout Model<Scalar>) throws(ArchiveError) {
    var copy = model
    var restorer = StateRestorer<Scalar>(self)
    copy.visit(&restorer)
    try restorer.check()
    model = copy
  }

  private static func precision(in description: JSONValue) throws(NetworkError) -> Precision {
    guard let member = description["precision"] else { return .own }
    guard let text = member.textValue else {
      throw .description(reason: "the model's 'precision' is \(member.text()), expected a text")
    }
    do throws(PrecisionError) {
      return try Precision(parsing: text)
    } catch {
      throw .description(reason: "\(error)")
    }
  }

  private static func map(in description: JSONValue) throws(NetworkError) -> Specification {
    do throws(CatalogueError) {
      return try Specification(json: description["map"] ?? nil)
    } catch {
      throw .parameters(layer: "map", error)
    }
  }
}

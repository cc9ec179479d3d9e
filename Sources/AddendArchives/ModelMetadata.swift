public import AddendCatalogue

/// What is worth knowing of a model beside its network and its numbers.
public struct ModelMetadata: Hashable, Sendable {
  /// How inputs were brought to the model's scale, per channel: `(x − mean) / deviation`.
  public struct Normalization: Hashable, Sendable {
    public var means: [Double]
    public var deviations: [Double]

    public init(means: [Double], deviations: [Double]) {
      precondition(means.count == deviations.count, "a mean and a deviation for each channel")
      self.means = means
      self.deviations = deviations
    }
  }

  /// The outputs' names, in order; empty where they have none.
  public var classNames: [String] = []
  /// The data set that the model was trained on, as the catalogue names it.
  public var dataset: String?
  public var normalization: Normalization?
  /// The command that made the model.
  public var command: String?
  /// The package's version that made it.
  public var version: String?
  /// Anything else, by name: scores, seeds, what a pipeline did.
  public var notes = JSONObject()

  public init() {}

  /// One object; members that are not there are left out.
  public var json: JSONValue {
    var object = JSONObject()
    if !classNames.isEmpty { object["classNames"] = .array(classNames.map { .text($0) }) }
    object["dataset"] = dataset.map { .text($0) }
    object["normalization"] = normalization.map { normalization in
      [
        "means": .array(normalization.means.map { .number($0) }),
        "deviations": .array(normalization.deviations.map { .number($0) }),
      ]
    }
    object["command"] = command.map { .text($0) }
    object["version"] = version.map { .text($0) }
    if !notes.members.isEmpty { object["notes"] = .object(notes) }
    return .object(object)
  }

  /// Reads what `json` makes.
  ///
  /// - Throws: `ArchiveError.malformed` for a member of the wrong kind; unknown members are skipped.
  public init(json: JSONValue) throws(ArchiveError) {
    if let names = json["classNames"] {
      classNames = try Self.elements(names, "classNames", \.textValue)
    }
    dataset = try Self.text(json, "dataset")
    command = try Self.text(json, "command")
    version = try Self.text(json, "version")
    if let member = json["normalization"] {
      let means = try Self.elements(member["means"] ?? nil, "normalization", \.numberValue)
      let deviations = try Self.elements(
        member["deviations"] ?? nil, "normalization", \.numberValue)
      guard means.count == deviations.count else { throw Self.malformed("normalization") }
      normalization = Normalization(means: means, deviations: deviations)
    }
    if let member = json["notes"] {
      guard let object = member.objectValue else { throw Self.malformed("notes") }
      notes = object
    }
  }

  private static func malformed(_ name: String) -> ArchiveError {
    .malformed(part: "the metadata", reason: "'\(name)' is not what it should be")
  }

  private static func text(_ json: JSONValue, _ name: String) throws(ArchiveError) -> String? {
    guard let member = json[name] else { return nil }
    guard let text = member.textValue else { throw malformed(name) }
    return text
  }

  private static func elements<Element>(
    _ json: JSONValue, _ name: String, _ read: (JSONValue) -> Element?
  ) throws(ArchiveError) -> [Element] {
    guard let array = json.arrayValue else { throw malformed(name) }
    let elements = array.compactMap(read)
    guard elements.count == array.count else { throw malformed(name) }
    return elements
  }
}

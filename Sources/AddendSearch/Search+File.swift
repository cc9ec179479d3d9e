public import AddendCatalogue
internal import AddendFiles
internal import AddendTensors

// The file is one JSON object. Numbers come back bit for bit; a fitness that is not finite is `null`
// on the way, and −∞ on the way back. Genomes are the space's bytes, in hexadecimal digits, and
// stand once each, however many islands hold them.

extension Search {
  /// Writes everything that a later process needs to go on to the same bits.
  ///
  /// - Throws: `SearchError.file`; what was at `path` is untouched then.
  public func save(to path: String) throws(SearchError) {
    var genomes: [Space.Genome] = []
    var numbers: [Space.Genome: Int] = [:]
    for member in islands.flatMap(\.members) where numbers[member.genome] == nil {
      numbers[member.genome] = genomes.count
      genomes.append(member.genome)
    }
    var object = identity
    object["history"] = .array(history.map(\.json))
    object["genomes"] = .array(genomes.map { .text(Hexadecimal.text(space.bytes(of: $0))) })
    object["islands"] = .array(
      islands.map { island in
        [
          "random": .text(String(island.random.state)), "strength": .number(island.strength),
          "members": .array(
            island.members.map { member in
              [numbers[member.genome].map { .integer($0) } ?? .null, .number(member.fitness)]
            }),
        ]
      })
    do throws(FileError) {
      try writeAtomically(JSONValue.object(object).text() + "\n", to: path)
    } catch {
      throw .file(error)
    }
  }

  /// Takes up the search that `save` wrote.
  ///
  /// - Throws: `SearchError`: `file`; `malformed`; `mismatch` where space, method, seed or islands
  ///   are others. The search is what it was then.
  public mutating func restore(from path: String) throws(SearchError) {
    let document = try Self.document(at: path)
    for member in identity.members {
      let (expected, found) = (member.value.text(), document[member.key]?.text() ?? "missing")
      guard expected == found else {
        throw .mismatch(path: path, member: member.key, expected: expected, found: found)
      }
    }
    func malformed(_ reason: String) -> SearchError { .malformed(path: path, reason: reason) }
    guard let records = document["history"]?.arrayValue, !records.isEmpty,
      let genomes = document["genomes"]?.arrayValue, let stored = document["islands"]?.arrayValue,
      stored.count == islands.count
    else { throw malformed("a member is missing or wrong") }
    let history = records.compactMap { GenerationRecord(json: $0) }
    guard history.count == records.count else { throw malformed("its history is damaged") }
    let read = genomes.compactMap { genome in
      genome.textValue.flatMap(Hexadecimal.bytes).flatMap(space.genome(from:))
    }
    guard read.count == genomes.count else { throw malformed("a genome is damaged") }
    let islands = stored.compactMap { Island(json: $0, genomes: read) }
    guard islands.count == stored.count else { throw malformed("an island is damaged") }
    self.islands = islands
    self.history = history
  }

  /// What a file must have in common with the search that takes it up.
  private var identity: JSONObject {
    var object = JSONObject()
    object["format"] = "addend search 1"
    object["space"] = .text(space.identity)
    object["method"] = .text("\(method.specification)")
    object["judge"] = .text(judge)
    object["islandCount"] = .integer(islands.count)
    object["migrationInterval"] = .integer(migrationInterval)
    object["seed"] = .text(String(seed))
    return object
  }

  private static func document(at path: String) throws(SearchError) -> JSONValue {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try readFile(at: path, byteLimit: 1 << 31)
    } catch {
      throw .file(error)
    }
    do throws(JSONError) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .malformed(path: path, reason: "\(error)")
    }
  }
}

extension GenerationRecord {
  /// One object, as files and `--json` hold it.
  public var json: JSONValue {
    [
      "evaluations": .integer(evaluations), "best": .number(best), "mean": .number(mean),
      "seconds": .number(seconds),
    ]
  }

  init?(json: JSONValue) {
    guard let evaluations = json["evaluations"]?.integerValue, 0...1 << 53 ~= evaluations,
      let best = json["best"], let mean = json["mean"],
      let seconds = json["seconds"]?.numberValue
    else { return nil }
    self.init(
      evaluations: evaluations, best: best.numberValue ?? -.infinity,
      mean: mean.numberValue ?? -.infinity, seconds: seconds)
  }
}

extension Island {
  fileprivate init?(json: JSONValue, genomes: [Genome]) {
    guard let random = json["random"]?.textValue.flatMap({ UInt64($0) }),
      let strength = json["strength"]?.numberValue, Self.strengths ~= strength,
      let members = json["members"]?.arrayValue
    else { return nil }
    self.init(random: RandomSource(seed: random))
    self.strength = strength
    self.members = members.compactMap { member in
      guard let parts = member.arrayValue, parts.count == 2, let number = parts[0].integerValue,
        genomes.indices.contains(number)
      else { return nil }
      return Judged(genomes[number], fitness: parts[1].numberValue ?? -.infinity)
    }
    guard self.members.count == members.count, !members.isEmpty else { return nil }
  }

  /// What methods come to from their parameters, and more.
  private static var strengths: ClosedRange<Double> { 0...1e6 }
}

/// Bytes as text, two digits each.
private enum Hexadecimal {
  static func text(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func bytes(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for i in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[i]), let low = value(digits[i + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

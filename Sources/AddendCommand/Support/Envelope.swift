internal import Addend

/// The one object that `--json` writes: what ran, where, on what, and what came out.
struct Envelope {
  let command: String
  let options: CommonOptions
  var dataset: (name: String, checksum: String)?
  var results: [JSONValue]

  /// Writes the object where `--json` says; nothing without it.
  func write() throws {
    guard let path = options.json else { return }
    let text = json.text(.indented) + "\n"
    if path == "-" {
      StandardStream.output.write(text)
    } else {
      try writeAtomically(text, to: path)
    }
  }

  private var json: JSONValue {
    var object = JSONObject()
    object["command"] = .text(command)
    object["version"] = .text(addendVersion)
    object["seed"] = Int(exactly: options.seed).map { .integer($0) } ?? .text("\(options.seed)")
    object["machine"] = Machine.current.json(threads: options.threadCount)
    object["dataset"] =
      dataset.map { ["name": .text($0.name), "checksum": .text($0.checksum)] } ?? .null
    object["results"] = .array(results)
    return .object(object)
  }
}

extension CommonOptions {
  var threadCount: Int { threads ?? ThreadPool.availableProcessors }
}

internal import AddendCatalogue
internal import AddendFiles
internal import Synchronization

/// Which kernel was fastest for which operation on which machine: measured once, remembered in a file.
///
/// A choice counts among the candidates that it was made from: with others, those of a build with another
/// library for one, the operation is measured again.
///
/// The file is a convenience. One that is missing, damaged or from another version counts as empty, and
/// one that cannot be written is not written.
public final class KernelChoices: Sendable {
  private let path: String?
  private let machine: String
  private let chosen: Mutex<[String: Choice]>

  private struct Choice: Equatable {
    let kernel: String
    let candidates: [String]
  }

  /// - Parameters:
  ///   - path: the file; `nil` for none.
  ///   - machine: what choices depend on: processor, instruction set, threads, the kernels' version.
  public init(path: String? = nil, machine: String = "") {
    self.path = path
    self.machine = machine
    chosen = Mutex(path.map { Self.read($0)[machine] ?? [:] } ?? [:])
  }

  func kernel(for operation: String, among candidates: [String]) -> String? {
    let choice = chosen.withLock { $0[operation] }
    return choice?.candidates == candidates ? choice?.kernel : nil
  }

  func remember(_ kernel: String, for operation: String, among candidates: [String]) {
    chosen.withLock { $0[operation] = Choice(kernel: kernel, candidates: candidates) }
  }

  /// Adds what was chosen to the file. Two processes that do so at once lose one's choices, which are
  /// measured again.
  public func save() {
    guard let path else { return }
    let mine = chosen.withLock { $0 }
    var all = Self.read(path)
    guard all[machine] != mine else { return }
    all[machine, default: [:]].merge(mine) { $1 }
    var machines = JSONObject()
    for (name, choices) in all.sorted(by: { $0.key < $1.key }) {
      var object = JSONObject()
      for (operation, choice) in choices.sorted(by: { $0.key < $1.key }) {
        object[operation] = [
          "kernel": .text(choice.kernel), "among": .array(choice.candidates.map { .text($0) }),
        ]
      }
      machines[name] = .object(object)
    }
    let json: JSONValue = ["version": .integer(Self.version), "machines": .object(machines)]
    try? Self.write(json, to: path)
  }

  /// The file's form, and the rule by which kernels are chosen.
  private static let version = 2
  private static let byteLimit = 1 << 24

  private static func read(_ path: String) -> [String: [String: Choice]] {
    guard let bytes = try? readFile(at: path, byteLimit: byteLimit),
      let json = try? JSONValue(parsing: bytes),
      json.objectValue?["version"]?.integerValue == version,
      let machines = json.objectValue?["machines"]?.objectValue
    else { return [:] }
    var all: [String: [String: Choice]] = [:]
    for machine in machines.members {
      for choice in machine.value.objectValue?.members ?? [] {
        guard let value = choice.value.objectValue, let kernel = value["kernel"]?.textValue,
          let candidates = value["among"]?.arrayValue
        else { continue }
        all[machine.key, default: [:]][choice.key] = Choice(
          kernel: kernel, candidates: candidates.compactMap(\.textValue))
      }
    }
    return all
  }

  private static func write(_ json: JSONValue, to path: String) throws(FileError) {
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      try createDirectory(at: String(path[..<slash]))
    }
    try writeAtomically(json.text(.indented), to: path)
  }
}

internal import AddendCatalogue
internal import AddendFiles
internal import Synchronization

/// Which kernel was fastest for which operation on which machine: measured once, remembered in a file.
///
/// The file is a convenience. One that is missing, damaged or from another version counts as empty, and
/// one that cannot be written is not written.
public final class KernelChoices: Sendable {
  private let path: String?
  private let machine: String
  private let chosen: Mutex<[String: String]>

  /// - Parameters:
  ///   - path: the file; `nil` for none.
  ///   - machine: what choices depend on: processor, instruction set, threads.
  public init(path: String? = nil, machine: String = "") {
    self.path = path
    self.machine = machine
    chosen = Mutex(path.map { Self.read($0)[machine] ?? [:] } ?? [:])
  }

  func kernel(for operation: String) -> String? { chosen.withLock { $0[operation] } }

  func remember(_ kernel: String, for operation: String) {
    chosen.withLock { $0[operation] = kernel }
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
      for (operation, kernel) in choices.sorted(by: { $0.key < $1.key }) {
        object[operation] = .text(kernel)
      }
      machines[name] = .object(object)
    }
    let json: JSONValue = ["version": .integer(Self.version), "machines": .object(machines)]
    try? Self.write(json, to: path)
  }

  /// Kernels of another version may be other ones under the same name.
  private static let version = 2
  private static let byteLimit = 1 << 24

  private static func read(_ path: String) -> [String: [String: String]] {
    guard let bytes = try? readFile(at: path, byteLimit: byteLimit),
      let json = try? JSONValue(parsing: bytes),
      json.objectValue?["version"]?.integerValue == version,
      let machines = json.objectValue?["machines"]?.objectValue
    else { return [:] }
    var all: [String: [String: String]] = [:]
    for machine in machines.members {
      for choice in machine.value.objectValue?.members ?? [] {
        all[machine.key, default: [:]][choice.key] = choice.value.textValue
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

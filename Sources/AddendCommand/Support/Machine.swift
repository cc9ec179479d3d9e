internal import Addend

/// The machine that figures were measured on.
struct Machine {
  /// The processor as it names itself.
  let processor: String
  /// The widest instruction set that our kernels use on it.
  let features: String

  static let current = Machine(
    processor: processorName() ?? "an unnamed processor", features: "\(InstructionSet.best)")

  func json(threads: Int) -> JSONValue {
    ["cpu": .text(processor), "features": .text(features), "threads": .integer(threads)]
  }

  func summary(threads: Int) -> String {
    "\(processor), \(features), \(threads) \(threads == 1 ? "thread" : "threads")"
  }

  /// What Linux says of the first processor.
  private static func processorName() -> String? {
    guard let bytes = try? readFile(at: "/proc/cpuinfo", byteLimit: 1 << 22) else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let sides = line.split(separator: ":", maxSplits: 1)
      if sides.count == 2, sides[0].hasPrefix("model name") || sides[0].hasPrefix("CPU part") {
        return String(sides[1].drop { $0 == " " })
      }
    }
    return nil
  }
}

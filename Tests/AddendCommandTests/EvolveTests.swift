import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

private func bytes(_ path: String) throws -> Data {
  try Data(contentsOf: URL(fileURLWithPath: path))
}

/// A small network trained on the package's digits.
private func train(_ folder: String, map: String, seed: Int = 1) throws -> String {
  let path = "\(folder)/trained-\(seed).addend"
  let outcome = try command.run(
    "train", "--dataset", "digits", "--model", "mlp:hidden=16", "--map", map, "--epochs", "3",
    "--validation", "0.2", "--quiet", "--seed", "\(seed)", "--output", path)
  #expect(outcome.status == 0, "\(outcome.error)")
  return path
}

/// A search killed with signal 9 and taken up again ends with the bits of an uninterrupted one, on
/// any number of threads.
@Test(arguments: [
  (target: "codebooks", map: "space:dimension=2,vectors=16,matrices=16", evaluations: 300),
  (target: "entries", map: "lookup", evaluations: 300),
  (target: "layout", map: "float32", evaluations: 30),
])
func killedSearchEndsWithTheSameBits(
  _ search: (target: String, map: String, evaluations: Int)
) throws {
  try withTemporaryDirectory { folder in
    let file = try train(folder, map: search.map)
    func arguments(_ name: String, threads: Int) -> [String] {
      [
        "tables", "evolve", file, "--target", search.target, "--validation", "0.2",
        "--evaluations", "\(search.evaluations)", "--method", "genetic:population=6", "--islands",
        "2", "--threads", "\(threads)", "--state", "\(folder)/\(name).json", "--output",
        "\(folder)/\(name).addend",
      ]
    }
    let whole = try command.run(arguments("whole", threads: 2))
    #expect(whole.status == 0, "\(whole.error)")
    #expect(whole.output.contains("held out") && whole.output.contains("test"))
    let interrupted = arguments("resumed", threads: 1)
    let killed = try command.run(interrupted) {
      FileManager.default.fileExists(atPath: "\(folder)/resumed.json")
    }
    #expect(killed.status == 9)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/resumed.addend"))
    let resumed = try command.run(interrupted + ["--resume"])
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(resumed.output.contains("resumed after generation"))
    #expect(try bytes("\(folder)/resumed.addend") == bytes("\(folder)/whole.addend"))
    let evaluated = try command.run("evaluate", "\(folder)/resumed.addend")
    #expect(evaluated.status == 0, "\(evaluated.error)")
  }
}

/// Options that cannot be followed, and the status that says why.
private let refusals: [String: Int32] = [
  "--evaluations 0": 64, "--evaluations 5 --minutes 1": 64, "--method annealing": 64,
  "--method genetic:elites=100": 64, "--resume": 64, "--teacher none.addend": 64,
  "--fitness beauty": 64, "--teacher none.addend --fitness loss": 66, "--target entries": 65,
  "--validation 0.99999": 64, "--validation 0.00001": 64, "--changes 1e300": 64,
  "--dataset synthetic-spirals": 65,
]

@Test func badSearchesAreRefused() throws {
  try withTemporaryDirectory { folder in
    let file = try train(folder, map: "space:dimension=2,vectors=8,matrices=8")
    for (options, status) in refusals {
      let words = options.split(separator: " ").map(String.init)
      let outcome = try command.run(["tables", "evolve", file] + words)
      #expect(outcome.status == status, "\(options): \(outcome.error)")
      #expect(outcome.error.hasPrefix("addend: ") && outcome.output.isEmpty)
      #expect(outcome.error.split(separator: "\n").count == 1)
    }
  }
}

/// The state of another search is refused by name.
@Test func anotherSearchIsRefused() throws {
  try withTemporaryDirectory { folder in
    let file = try train(folder, map: "space:dimension=2,vectors=8,matrices=8")
    let state = "\(folder)/state.json"
    let common = ["tables", "evolve", file, "--state", state, "--evaluations", "4", "--resume"]
    #expect(try command.run(common).status == 0)
    let other = try command.run(common + ["--method", "random"])
    #expect(other.status == 65)
    #expect(other.error.contains("another search") && other.error.contains("method"))
    // Nor does another network go on with it, and nobody overwrites it by the way.
    let stranger = try train(folder, map: "space:dimension=2,vectors=8,matrices=8", seed: 2)
    for target in ["codebooks", "layout"] {
      let own = "\(folder)/\(target).json"
      let rest = [
        "--state", own, "--evaluations", "2", "--target", target, "--method", "random:batch=2",
      ]
      #expect(try command.run(["tables", "evolve", file] + rest).status == 0)
      let before = try bytes(own)
      let other = try command.run(["tables", "evolve", stranger, "--resume"] + rest)
      #expect(other.status == 65 && other.error.contains("another search"), "\(other.error)")
      let again = try command.run(["tables", "evolve", file] + rest)
      #expect(again.status == 64 && again.error.contains("--resume"), "\(again.error)")
      #expect(try bytes(own) == before)
    }
    let damaged = try bytes(state).dropLast(40)
    try damaged.write(to: URL(fileURLWithPath: state))
    #expect(try command.run(common).status == 65)
  }
}

import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

private func bytes(_ path: String) throws -> Data {
  try Data(contentsOf: URL(fileURLWithPath: path))
}

/// The results that `--json` wrote, without what a clock determines, or how far batches are prepared
/// ahead.
private func figures(_ path: String) throws -> NSArray {
  let object = try #require(JSONSerialization.jsonObject(with: bytes(path)) as? [String: Any])
  let results = try #require(object["results"] as? [[String: Any]])
  return results.map { result in
    result.filter { !$0.key.lowercased().contains("seconds") && $0.key != "trainingBytes" }
  } as NSArray
}

private func training(_ map: String, _ folder: String, _ name: String, threads: Int) -> [String] {
  [
    "train", "--dataset", "digits", "--model", "mlp:hidden=32,layers=2", "--map", map,
    "--epochs", "6", "--batch-size", "50", "--threads", "\(threads)",
    "--json", "\(folder)/\(name).json", "--output", "\(folder)/\(name).addend",
  ]
}

/// A run killed with signal 9 and taken up again ends with the bits of an uninterrupted one.
@Test(arguments: ["float32", "space", "lookup"], [3, 41])
func killedTrainingEndsWithTheSameBits(_ map: String, checkpoint: Int) throws {
  try withTemporaryDirectory { folder in
    let whole = try command.run(training(map, folder, "whole", threads: 1))
    #expect(whole.status == 0, "\(whole.error)")
    let checkpoints = "\(folder)/checkpoints"
    let interrupted =
      training(map, folder, "resumed", threads: 1)
      + ["--checkpoint-directory", checkpoints, "--checkpoint-interval", "0"]
    // Killed once a certain checkpoint is there: wherever the process is by then.
    let killed = try command.run(interrupted) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
      return names.contains { name in
        name.hasSuffix(".addend") && Int(name.dropFirst(11).prefix(10)) ?? 0 >= checkpoint
      }
    }
    #expect(killed.status == 9)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/resumed.addend"))
    let resumed = try command.run(interrupted + ["--resume"])
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(resumed.output.contains("resumed after step"))
    #expect(try bytes("\(folder)/resumed.addend") == bytes("\(folder)/whole.addend"))
    #expect(try figures("\(folder)/resumed.json") == figures("\(folder)/whole.json"))
  }
}

/// Neither the bits nor the figures depend on the number of threads.
@Test(arguments: ["float32", "space", "lookup"])
func threadsDoNotChangeTheBits(_ map: String) throws {
  try withTemporaryDirectory { folder in
    for threads in 1...2 {
      let outcome = try command.run(training(map, folder, "\(threads)", threads: threads))
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    #expect(try bytes("\(folder)/1.addend") == bytes("\(folder)/2.addend"))
    #expect(try figures("\(folder)/1.json") == figures("\(folder)/2.json"))
  }
}

/// A checkpoint of another training is refused, and the message says what is different.
@Test(arguments: [
  (member: "network", model: "mlp:hidden=16", dataset: "digits", options: [String]()),
  (member: "map", model: "mlp:hidden=8", dataset: "digits", options: ["--map", "space"]),
  (member: "dataset", model: "mlp:hidden=8", dataset: "digits", options: ["--validation", "0.2"]),
  (member: "plan", model: "mlp:hidden=8", dataset: "digits", options: ["--seed", "2"]),
  (member: "plan", model: "mlp:hidden=8", dataset: "digits", options: ["--augment"]),
])
func checkpointsOfOtherTrainingsAreRefused(
  _ other: (member: String, model: String, dataset: String, options: [String])
) throws {
  try withTemporaryDirectory { folder in
    let common = ["--epochs", "1", "--checkpoint-directory", "\(folder)/c"]
    let first = ["train", "--dataset", "digits", "--model", "mlp:hidden=8"] + common
    #expect(try command.run(first).status == 0)
    let refused = try command.run(
      ["train", "--dataset", other.dataset, "--model", other.model, "--resume"] + common
        + other.options)
    #expect(refused.status == 65, "\(refused.error)")
    #expect(refused.output.isEmpty)
    #expect(refused.error.contains("the checkpoint's \(other.member)"), "\(refused.error)")
  }
}

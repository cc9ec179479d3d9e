import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

/// `quantize` prints a network's figures before and after, and `evaluate` finds the latter in its file.
@Test func quantizationKeepsAccuracyInAQuarterOfTheBytes() throws {
  try withTemporaryDirectory { folder in
    let trained = try command.run(
      "train", "--dataset", "digits", "--model", "mlp:hidden=128", "--epochs", "3", "--output",
      "\(folder)/m.addend")
    #expect(trained.status == 0, "\(trained.error)")
    let outcome = try command.run(
      "quantize", "\(folder)/m.addend", "--calibration", "mse", "--examples", "300", "--output",
      "\(folder)/q.addend", "--json", "-")
    #expect(outcome.status == 0, "\(outcome.error)")
    let results = try figures(outcome.output)
    let before = try #require(results.first)
    let after = try #require(results.last)
    let accuracies = try [before, after].map { try #require($0["accuracy"] as? Double) }
    #expect((accuracies[0] - accuracies[1]).magnitude < 0.02)
    let bytes = try [before, after].map { try #require($0["bytesStored"] as? Double) }
    #expect(bytes[1] < 0.4 * bytes[0])
    let evaluated = try command.run("evaluate", "\(folder)/q.addend", "--json", "-")
    #expect(evaluated.status == 0, "\(evaluated.error)")
    #expect(try figures(evaluated.output).first?["accuracy"] as? Double == accuracies[1])
  }
}

@Test func unknownLayersAreNamed() throws {
  try withTemporaryDirectory { folder in
    let path = "\(folder)/m.addend"
    _ = try command.run(
      "train", "--dataset", "digits", "--model", "mlp:hidden=8", "--epochs", "1", "--output", path)
    let outcome = try command.run("quantize", path, "--keep", "dense9")
    #expect(outcome.status != 0)
    #expect(outcome.error.contains("dense9") && outcome.error.contains("dense1"))
  }
}

private func figures(_ json: String) throws -> [[String: Any]] {
  let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
  return try #require(object?["results"] as? [[String: Any]])
}

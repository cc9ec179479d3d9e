import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

private func result(_ text: String) throws -> [String: Any] {
  let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
  return try #require((object?["results"] as? [[String: Any]])?.first)
}

/// A network of logarithms is trained, resumed, measured again and asked like any other.
@Test func logarithmsGoThroughTheCommand() throws {
  try withTemporaryDirectory { folder in
    func train(_ file: String, epochs: Int, _ more: String...) throws -> [String: Any] {
      let outcome = try command.run(
        [
          "train", "--dataset", "digits", "--model", "mlp:hidden=32,layers=1", "--precision", "lns",
          "--optimizer", "sgd:compensation=kahan", "--learning-rate", "0.05", "--schedule",
          "constant", "--epochs", "\(epochs)", "--output", "\(folder)/\(file)", "--json", "-",
        ] + more)
      #expect(outcome.status == 0, "\(outcome.error)")
      return try result(outcome.output)
    }
    let trained = try train("m.addend", epochs: 2)
    #expect(trained["precision"] as? String == "lns6.9/64")
    #expect(try #require(trained["accuracy"] as? Double) > 0.7)
    let checkpoints = ["--checkpoint-directory", "\(folder)/c"]
    _ = try train("n.addend", epochs: 1, checkpoints[0], checkpoints[1])
    let resumed = try train("n.addend", epochs: 2, checkpoints[0], checkpoints[1], "--resume")
    #expect(resumed["accuracy"] as? Double == trained["accuracy"] as? Double)

    let evaluated = try command.run("evaluate", "\(folder)/m.addend", "--json", "-")
    #expect(evaluated.status == 0, "\(evaluated.error)")
    for key in ["accuracy", "loss", "bytesStored"] {
      #expect(
        try #require(result(evaluated.output)[key] as? Double) == trained[key] as? Double, "\(key)")
    }
    let inspected = try command.run("inspect", "\(folder)/m.addend", "--json", "-", "--memory")
    #expect(inspected.status == 0, "\(inspected.error)")
    let quantized = try command.run("quantize", "\(folder)/m.addend")
    #expect(quantized.status == 65)
    #expect(quantized.error.contains("of lns6.9/64 numbers, expected float32"))
    let further = try command.run(
      "train", "--from", "\(folder)/m.addend", "--dataset", "digits", "--epochs", "1",
      "--optimizer",
      "sgd", "--json", "-")
    #expect(further.status == 0, "\(further.error)")
    #expect(try result(further.output)["precision"] as? String == "lns6.9/64")
  }
}

@Test func comparisonsTakeLogarithms() throws {
  let outcome = try command.run(
    "compare", "--dataset", "digits", "--model", "mlp:hidden=16,layers=1", "--map", "float32",
    "--precision", "lns:fraction=8,step=exact,sum=kahan", "--epochs", "1", "--optimizer",
    "sgd",
    "--json", "-"
  )
  #expect(outcome.status == 0, "\(outcome.error)")
  #expect(try result(outcome.output)["precision"] as? String == "lns5.8+kahan")
}

/// Networks of different numbers stand side by side, in the order given.
@Test func comparisonsTakeSeveralPrecisions() throws {
  let outcome = try command.run(
    "compare", "--dataset", "digits", "--model", "mlp:hidden=16,layers=1", "--precision",
    "mixed-bf16", "--precision", "lns", "--precision", "lns", "--epochs", "1", "--json", "-")
  #expect(outcome.status == 0, "\(outcome.error)")
  let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
  let results = try #require(object?["results"] as? [[String: Any]])
  #expect(
    results.map { $0["precision"] as? String } == ["float32", "mixed-bf16", "lns6.9/64"])
  #expect(results.allSatisfy { $0["map"] as? String == "float32" })
  #expect(
    results.map { $0["multiplications"] as? Int ?? -1 > 0 } == [true, true, false])
}

@Test(arguments: [
  "lns:fraction=13", "lns:step=1/3", "lns:step=0.5", "lns:bits=3", "lns:integer", "lns:sum=pairs",
  "lns9",
])
func unknownLogarithmsAreRefused(_ precision: String) throws {
  let outcome = try command.run(
    "train", "--dataset", "digits", "--model", "mlp", "--precision", precision)
  #expect(outcome.status == 64)
  #expect(outcome.error.contains("lns"))
}

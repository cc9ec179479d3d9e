import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

private func object(_ text: String) throws -> [String: Any] {
  try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

private func result(_ text: String) throws -> [String: Any] {
  try #require((object(text)["results"] as? [[String: Any]])?.first)
}

/// A network trained for a moment and kept at `path`; what `train --json -` said of it.
private func train(_ path: String, _ options: String...) throws -> [String: Any] {
  let outcome = try command.run(
    [
      "train", "--dataset", "digits", "--model", "mlp:hidden=32", "--epochs", "2",
      "--output", path, "--json", "-",
    ] + options)
  #expect(outcome.status == 0, "\(outcome.error)")
  return try result(outcome.output)
}

/// `evaluate` finds the figures that `train` printed, whatever the loss was.
@Test(arguments: [
  "cross-entropy", "squared-hinge", "soft-margin-softmax:margin=1",
  "taylor-softmax:order=4,margin=0.3",
])
func evaluationAgreesWithTraining(_ loss: String) throws {
  try withTemporaryDirectory { folder in
    let trained = try train("\(folder)/m.addend", "--loss", loss)
    let outcome = try command.run("evaluate", "\(folder)/m.addend", "--json", "-")
    #expect(outcome.status == 0, "\(outcome.error)")
    let evaluated = try result(outcome.output)
    for key in ["accuracy", "loss", "bytesStored", "multiplications"] {
      #expect(try #require(evaluated[key] as? Double) == trained[key] as? Double, "\(key)")
    }
  }
}

/// Targets that are numbers have a loss and no accuracy.
@Test func numbersHaveNoAccuracy() throws {
  try withTemporaryDirectory { folder in
    let outcome = try command.run(
      "train", "--dataset", "synthetic-teacher:count=400", "--model", "mlp:hidden=16",
      "--loss", "mean-squared-error", "--epochs", "2", "--batch-size", "20", "--json", "-",
      "--output", "\(folder)/m.addend")
    #expect(outcome.status == 0, "\(outcome.error)")
    let figures = try result(outcome.output)
    #expect(figures["accuracy"] == nil)
    let evaluated = try command.run("evaluate", "\(folder)/m.addend", "--json", "-")
    let loss = try #require(result(evaluated.output)["loss"] as? Double)
    #expect(loss == figures["loss"] as? Double)
  }
}

/// The stored bytes that `inspect` adds up are the file's, and its totals are its layers' sums.
@Test func inspectionAddsUpToTheFile() throws {
  try withTemporaryDirectory { folder in
    let path = "\(folder)/m.addend"
    _ = try train(path, "--map", "lookup")
    let outcome = try command.run("inspect", path, "--json", "-")
    #expect(outcome.status == 0, "\(outcome.error)")
    let figures = try result(outcome.output)
    #expect(
      try figures["bytesStored"] as? Int == Data(contentsOf: URL(fileURLWithPath: path)).count)
    let layers = try #require(figures["layers"] as? [[String: Any]])
    for key in ["parameters", "multiplications", "additions", "lookups", "comparisons"] {
      #expect(figures[key] as? Int == layers.reduce(0) { $0 + ($1[key] as? Int ?? 0) }, "\(key)")
    }
  }
}

/// Training that runs layers again comes to the same file in less memory; `inspect` foretells it.
@Test(arguments: ["auto", "3"])
func recomputationSavesMemory(_ parts: String) throws {
  try withTemporaryDirectory { folder in
    let training = [
      "train", "--dataset", "digits", "--model", "mlp:hidden=64,layers=6", "--epochs", "1",
      "--batch-size", "400", "--json", "-", "--output",
    ]
    let kept = try command.run(training + ["\(folder)/kept.addend"])
    let again = try command.run(training + ["\(folder)/again.addend", "--recompute", parts])
    #expect(kept.status == 0 && again.status == 0, "\(kept.error) \(again.error)")
    #expect(again.error.contains("cut before"))
    let bytes = try [kept, again].map { try #require(result($0.output)["trainingBytes"] as? Int) }
    #expect(bytes[1] < bytes[0])
    let files = try ["kept", "again"].map {
      try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0).addend"))
    }
    #expect(files[0] == files[1])
    let inspection = try command.run(
      "inspect", "\(folder)/kept.addend", "--memory", "--batch", "400", "--json", "-")
    let memory = try #require(result(inspection.output)["memory"] as? [String: Any])
    #expect(
      try #require(memory["recomputedBytes"] as? Int) < #require(memory["keptBytes"] as? Int))
  }
}

/// One image of an IDX file is classified, the most probable class first.
@Test func anIDXImageIsClassified() throws {
  try withTemporaryDirectory { folder in
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 8]
    let pixels = (0..<128).map { UInt8($0 * 37 % 256) }
    let path = "\(folder)/images.idx"
    try Data(header + pixels).write(to: URL(fileURLWithPath: path))
    _ = try train("\(folder)/m.addend")
    let outcome = try command.run(
      "predict", "\(folder)/m.addend", "\(path)#1", "--top", "10", "--json", "-")
    #expect(outcome.status == 0, "\(outcome.error)")
    let classes = try #require(result(outcome.output)["classes"] as? [[String: Any]])
    let probabilities = classes.compactMap { $0["probability"] as? Double }
    #expect(probabilities.count == 10 && abs(probabilities.reduce(0, +) - 1) < 1e-5)
    #expect(probabilities == probabilities.sorted(by: >))
  }
}

/// Of the same weights, a network trained with a Taylor softmax states that one's probabilities: with
/// the small outputs of a dark image, order 10 is as good as softmax and order 2 is not.
@Test func predictionsAreTheLosssOwn() throws {
  try withTemporaryDirectory { folder in
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 8]
    let path = "\(folder)/images.idx"
    try Data(header + (0..<64).map { UInt8($0 * 37 % 16) }).write(to: URL(fileURLWithPath: path))
    let found = try ["cross-entropy", "taylor-softmax:order=10", "taylor-softmax:order=2"].map {
      loss in
      _ = try train("\(folder)/m.addend", "--loss", loss, "--learning-rate", "1e-30")
      let outcome = try command.run(
        "predict", "\(folder)/m.addend", "\(path)#0", "--top", "10", "--json", "-")
      #expect(outcome.status == 0, "\(outcome.error)")
      let classes = try #require(result(outcome.output)["classes"] as? [[String: Any]])
      let probabilities = try classes.map { try #require($0["probability"] as? Double) }
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
      return try #require(probabilities.first)
    }
    #expect(abs(found[1] - found[0]) < 1e-4)
    #expect(abs(found[2] - found[0]) > 1e-2)
  }
}

/// `compare` writes the documented envelope, and a page that needs nothing from elsewhere.
@Test func comparisonWritesItsEnvelopeAndPage() throws {
  try withTemporaryDirectory { folder in
    let outcome = try command.run(
      "compare", "--dataset", "digits", "--model", "mlp:hidden=16", "--epochs", "1",
      "--json", "-", "--report", "\(folder)/r.html")
    #expect(outcome.status == 0, "\(outcome.error)")
    let envelope = try object(outcome.output)
    #expect(Set(envelope.keys) == ["command", "version", "seed", "machine", "dataset", "results"])
    let machine = try #require(envelope["machine"] as? [String: Any])
    #expect(Set(machine.keys) == ["cpu", "features", "threads"])
    let results = try #require(envelope["results"] as? [[String: Any]])
    #expect(results.map { $0["map"] as? String } == ["float32", "space", "lookup"])
    let documented: Set = [
      "network", "map", "precision", "accuracy", "loss", "multiplications", "additions", "lookups",
      "comparisons", "bitOperations", "bytesStored", "energyPicojoules", "trainSeconds",
      "inferenceSecondsPerExample", "parameters",
    ]
    for result in results { #expect(documented.isSubset(of: result.keys)) }
    let page = try String(contentsOfFile: "\(folder)/r.html", encoding: .utf8)
    for outside in ["src=\"http", "href=\"http", "@import"] { #expect(!page.contains(outside)) }
  }
}

/// The catalogues asked for are listed with their parameters, and no others.
@Test func cataloguesAreListed() throws {
  let outcome = try command.run("catalogue", "maps", "schedules")
  #expect(outcome.status == 0)
  for word in ["float32", "codewords", "cosine", "warmup"] {
    #expect(outcome.output.contains(word))
  }
  #expect(!outcome.output.contains("lenet-5"))
}

/// A network that was trained goes on under another map, its kept layers as they were: better at the
/// end than a fresh one would be after one step's worth of learning.
@Test func trainingGoesOnFromAFileUnderAnotherMap() throws {
  try withTemporaryDirectory { folder in
    let exact = try train("\(folder)/exact.addend", "--epochs", "12")
    let outcome = try command.run(
      "train", "--dataset", "digits", "--from", "\(folder)/exact.addend", "--map", "lookup",
      "--keep", "last", "--epochs", "1", "--learning-rate", "0.00001", "--json", "-")
    #expect(outcome.status == 0, "\(outcome.error)")
    let converted = try result(outcome.output)
    let (before, after) = (exact["accuracy"] as? Double, converted["accuracy"] as? Double)
    // Conversion costs some points; a fresh network knows a tenth of the digits.
    #expect(try #require(after) > #require(before) - 0.2)
    #expect(try #require(converted["lookups"] as? Double) > 0)
    // The last layer's products are still there.
    #expect(try #require(converted["multiplications"] as? Double) >= 320)
  }
}

/// From scratch, too, layers can be left out.
@Test func keptLayersMultiply() throws {
  try withTemporaryDirectory { folder in
    let all = try train("\(folder)/all.addend", "--map", "lookup")
    let kept = try train("\(folder)/kept.addend", "--map", "lookup", "--keep", "first+last")
    let counts = try [all, kept].map { try #require($0["lookups"] as? Double) }
    // The layer in between is 32 by 32 in blocks of 4.
    #expect(counts[1] == 8 * 32 && counts[0] > counts[1])
    // Products of 64 inputs and for 10 classes, and a scale for each output in between.
    #expect(try #require(kept["multiplications"] as? Double) == 2400)
  }
}

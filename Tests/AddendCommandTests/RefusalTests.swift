import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

/// Demands one sentence on standard error that holds `words`, nothing on standard output, `status`.
private func expectRefusal(
  _ arguments: [String], status: Int32, words: [String] = [],
  location: SourceLocation = #_sourceLocation
) throws {
  let outcome = try command.run(arguments)
  #expect(outcome.status == status, "\(outcome.error)", sourceLocation: location)
  #expect(outcome.output.isEmpty, sourceLocation: location)
  #expect(outcome.error.hasPrefix("addend: "), sourceLocation: location)
  let sentence = outcome.error.dropFirst(8).dropLast()
  #expect(isOneSentence(String(sentence)), "\(outcome.error)", sourceLocation: location)
  for word in words {
    #expect(outcome.error.contains(word), "\(outcome.error)", sourceLocation: location)
  }
}

private let training = ["train", "--dataset", "digits", "--model", "mlp:hidden=8", "--epochs", "1"]

/// A wrong name is answered by the right ones.
@Test(arguments: [
  (["train", "--dataset", "digits", "--model", "lenot"], ["lenot", "lenet-5"]),
  (["train", "--dataset", "digits", "--model", "mlp:depth=2"], ["depth", "layers"]),
  (["train", "--dataset", "diggits", "--model", "mlp"], ["diggits", "digits"]),
  (["train", "--dataset", "digits"], ["--model", "lenet-5"]),
  (training + ["--map", "lookup:blok=8"], ["blok", "block"]),
  (training + ["--map", "lookup:block"], ["name:key=value"]),
  (training + ["--map", "loookup"], ["loookup", "lookup"]),
  (training + ["--optimizer", "adamm"], ["adamm", "adamw"]),
  (training + ["--schedule", "cosin"], ["cosin", "cosine"]),
  (training + ["--loss", "mse"], ["mse", "mean-squared-error"]),
  (training + ["--loss", "taylor-softmax:order=3"], ["taylor-softmax", "order", "3", "even"]),
  (training + ["--loss", "taylor-softmax:order=12"], ["order", "12", "10"]),
  (training + ["--loss", "soft-margin-softmax:margin=-1"], ["margin", "-1"]),
  (["train", "--dataset", "digits", "--model", "lstm-lm:approximation=k"], ["exact, k-tanh"]),
  (["compare", "--map", "float32", "--map", "spaec"], ["spaec", "space"]),
  (training + ["--epoch", "2"], ["--epoch", "--epochs"]),
  (training + ["--batch-size", "0"], ["--batch-size"]),
  (training + ["--teacher", "m", "--teacher-weight", "1.5"], ["--teacher-weight"]),
  (training + ["--teacher", "m", "--temperature", "0"], ["--temperature"]),
  (training + ["--temperature", "2"], ["--teacher"]),
  (training + ["--resume"], ["--checkpoint-directory"]),
  (training + ["--keep", "dense9"], ["dense9", "dense1"]),
  (training + ["--recompute", "1"], ["--recompute", "auto", "2"]),
  (training + ["--recompute", "99"], ["--recompute", "99", "layers"]),
  (["train", "--dataset", "digits", "--from", "m", "--network", "n"], ["--from", "--network"]),
  (["catalogue", "mapz"], ["mapz", "maps"]),
  (["quantize", "m.addend", "--calibration", "best"], ["best", "minmax", "entropy"]),
  (["quantize", "m.addend", "--examples", "0"], ["--examples", "0"]),
  (["quantize", "m.safetensors", "--model", "mlp"], ["--model", "--dataset"]),
  (["inspect", "m.addend", "--precision", "fp8"], ["file", "--dataset"]),
  (["bench", "network", "--format", "binary", "lenet-5"], ["binary", "networks"]),
  (["bench", "network", "--format", "int8", "--pass", "training"], ["int8", "inference"]),
])
func wrongUsageIsExplained(_ arguments: [String], words: [String]) throws {
  try expectRefusal(arguments, status: 64, words: words)
}

@Test func absentFilesAreNamed() throws {
  try withTemporaryDirectory { folder in
    let none = "\(folder)/none"
    for arguments in [
      ["evaluate", none], ["inspect", none], ["predict", none, none],
      ["train", "--dataset", "digits", "--network", none],
      ["train", "--dataset", "npz:path=\(none)", "--model", "mlp"],
    ] { try expectRefusal(arguments, status: 66, words: [none]) }
  }
}

/// A file that was cut off or altered is refused by name.
@Test func damagedFilesAreRefused() throws {
  try withTemporaryDirectory { folder in
    let path = "\(folder)/m.addend"
    #expect(try command.run(training + ["--output", path]).status == 0)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    var altered = whole
    altered[whole.count / 2] ^= 1
    for damaged in [whole.prefix(whole.count / 2), altered, Data()] {
      try damaged.write(to: URL(fileURLWithPath: path))
      for verb in ["evaluate", "inspect"] {
        try expectRefusal([verb, path], status: 65, words: [path])
      }
    }
  }
}

/// What cannot be written is found out before training, and leaves nothing behind.
@Test(arguments: ["--output", "--json"])
func unwritableOutputsAreRefusedBeforeTraining(_ option: String) throws {
  try withTemporaryDirectory { folder in
    for path in ["\(folder)/none/m.addend", folder, "/dev/full"] {
      // No progress line: no epoch was trained.
      try expectRefusal(training + [option, path], status: 73, words: [path])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }
}

/// Examples of another shape, a batch larger than the set, a network file that is none, numbers that
/// are not: wrong data.
@Test func unsuitableDataAreRefused() throws {
  try withTemporaryDirectory { folder in
    let path = "\(folder)/m.addend"
    #expect(try command.run(training + ["--output", path]).status == 0)
    try expectRefusal(["evaluate", path, "--dataset", "synthetic-spirals:count=40"], status: 65)
    try expectRefusal(training + ["--batch-size", "9999"], status: 65, words: ["9999"])
    let spirals = ["train", "--dataset", "synthetic-spirals:count=40", "--model", "mlp:hidden=8"]
    try expectRefusal(spirals + ["--teacher", path], status: 65, words: [path])
    let network = "\(folder)/n.json"
    try "{\"name\": 3}".write(toFile: network, atomically: true, encoding: .utf8)
    try expectRefusal(
      ["train", "--dataset", "digits", "--network", network], status: 65, words: [network])
    let table = "\(folder)/t.csv"
    try "1,2,0\n3,nan,1\n4,5,0\n6,7,1\n".write(toFile: table, atomically: true, encoding: .utf8)
    try expectRefusal(
      ["train", "--dataset", "csv:path=\(table)", "--model", "mlp:hidden=8"], status: 65,
      words: [table])
  }
}

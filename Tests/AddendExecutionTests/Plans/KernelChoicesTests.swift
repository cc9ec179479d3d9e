import AddendExecution
import AddendFiles
import AddendKernels
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

struct KernelChoicesTests {
  private static let network = Network("small", input: [9, 9, 3]) {
    Convolution(5, size: 3)
    Flatten()
    Dense(2)
  }

  /// What one process measured the next one knows, on the same machine only.
  @Test func choicesAreRemembered() throws {
    let model = try Model<Float>(Self.network, seed: 1)
    try withTemporaryDirectory { directory in
      let path = "\(directory)/new/kernels.json"
      let first = KernelChoices(path: path, machine: "a")
      let measured = model.compiled(batch: 2, choices: first).kernels
      #expect(measured.contains { !$0.seconds.isEmpty })
      first.save()
      let known = model.compiled(batch: 2, choices: KernelChoices(path: path, machine: "a")).kernels
      #expect(known.map(\.kernel) == measured.map(\.kernel))
      #expect(known.allSatisfy { $0.seconds.isEmpty })
      let elsewhere = model.compiled(
        batch: 2, choices: KernelChoices(path: path, machine: "b")
      ).kernels
      #expect(elsewhere.contains { !$0.seconds.isEmpty })
    }
  }

  @Test(arguments: [
    "", "{", "[]", #"{"version": 0, "machines": {"a": {}}}"#,
    #"{"version": 2, "machines": {"a": {"2×9×9×3→5 3×3": "abacus"}}}"#,
    #"{"version": 2, "machines": {"a": 3}}"#,
  ])
  func damagedFilesCountAsEmpty(_ text: String) throws {
    let model = try Model<Float>(Self.network, seed: 1)
    try withTemporaryDirectory { directory in
      let path = "\(directory)/kernels.json"
      try writeAtomically(text, to: path)
      let choices = KernelChoices(path: path, machine: "a")
      let kernels = model.compiled(batch: 2, choices: choices).kernels
      #expect(kernels.contains { !$0.seconds.isEmpty })
      choices.save()
      let again = model.compiled(batch: 2, choices: KernelChoices(path: path, machine: "a")).kernels
      #expect(again.allSatisfy { $0.seconds.isEmpty })
    }
  }

  @Test func placesThatCannotBeWrittenAreLeftAlone() throws {
    let choices = KernelChoices(path: "/proc/none/kernels.json", machine: "a")
    _ = try Model<Float>(Self.network, seed: 1).compiled(batch: 2, choices: choices)
    choices.save()
  }
}

import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

/// `bench gemm`, `convolution`, `recurrent`, `tanh`, `network` and `machine`, end to end; what they
/// measure is tested where it is measured.
struct BenchKernelCommandTests {
  private static let quick = [
    "--rounds", "1", "--milliseconds", "0", "--warm-only", "--threads", "1", "--quiet",
  ]

  private func results(_ arguments: [String]) throws -> [[String: Any]] {
    let outcome = try command.run(["bench"] + arguments + ["--json", "-"])
    #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return try #require((object as? [String: Any])?["results"] as? [[String: Any]])
  }

  @Test(arguments: [
    (["gemm", "--filter", "gemm-8x8x8"], ["gemm-8x8x8"]),
    (["gemm", "--shape", "3x5x7", "--packed"], ["gemm-packed-3x5x7"]),
    (
      ["convolution", "--pass", "all", "--batch", "2", "--filter", "lenet5-12"],
      ["forward", "input-gradient", "filter-gradient"].map {
        "convolution-lenet5-12x12-20-50-5x5-\($0)-batch2"
      }
    ),
    (
      [
        "recurrent", "--cell", "gru", "--hidden", "8", "--batch", "2", "--steps", "3", "--pass",
        "backward",
      ], ["recurrent-gru-8-batch2-steps3-backward"]
    ),
    (["tanh", "--count", "100"], ["tanh-100"]),
    (
      ["network", "lenet-300-100", "--batch", "2"],
      ["network-lenet-300-100-inference-batch2", "network-lenet-300-100-training-batch2"]
    ),
  ])
  func kernelsAreReported(_ arguments: [String], _ names: [String]) throws {
    let results = try results(arguments + Self.quick)
    #expect(results.compactMap { $0["case"] as? String } == names)
    for result in results where result["case"] != nil {
      #expect(try #require(result["ours"] as? Double) > 0)
      #expect(result["baselines"] is [String: Any] && result["cold"] == nil)
    }
  }

  @Test func rooflinesAreWritten() throws {
    try withTemporaryDirectory { folder in
      let outcome = try command.run(
        ["bench", "gemm", "--filter", "gemm-16x16x16", "--roofline", "\(folder)/roof.svg"]
          + Self.quick)
      #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.error)")
      let chart = try String(contentsOfFile: "\(folder)/roof.svg", encoding: .utf8)
      #expect(chart.contains("16×16×16, cube") && chart.contains("memory"))
    }
  }

  @Test func limitsOfTheMachineAreReported() throws {
    let results = try results(["machine", "--milliseconds", "1", "--threads", "2", "--quiet"])
    let names = results.compactMap { $0["case"] as? String }
    // Five kinds of operations, three streams at four levels, two kinds of random reads.
    #expect(names.count == 2 * 19 && Set(names).count == 19)
    #expect(names.contains("machine-read-L1") && names.contains("machine-dependent-reads"))
    for result in results {
      #expect(try #require(result["perSecond"] as? Double) > 0)
      #expect([1, 2].contains(try #require(result["threads"] as? Double)))
    }
  }

  @Test func storedNetworksRun() throws {
    try withTemporaryDirectory { folder in
      let path = "\(folder)/digits.addend"
      let trained = try command.run(
        "train", "--dataset", "digits", "--model", "mlp:hidden=16", "--epochs", "1", "--output",
        path, "--quiet")
      #expect(trained.status == 0, "\(trained.error)")
      let results = try results(["network", path, "--batch", "3"] + Self.quick)
      #expect(results.count == 1)
      #expect(results[0]["parts"] is [String: Any])
      let outcome = try command.run(["bench", "network", path, "--pass", "training"] + Self.quick)
      #expect(outcome.status == 64 && outcome.error.contains("not trained"))
    }
  }

  @Test(arguments: [
    (["convolution", "--batch", "0"], 64, "--batch"),
    (["convolution", "--pass", "sideways"], 64, "filter-gradient"),
    (["convolution", "--filter", "nonsense"], 64, "nonsense"),
    (["gemm", "--shape", "3x5"], 64, "64x512x128"), (["gemm", "--rounds", "0"], 64, "--rounds"),
    (["gemm", "--statistic", "mean"], 64, "minimum"),
    (["gemm", "--milliseconds", "-1"], 64, "--milliseconds"),
    (["gemm", "--roofline", "/nowhere/chart.svg"], 73, "/nowhere"),
    (["recurrent", "--cell", "cnn"], 64, "lstm"), (["recurrent", "--hidden", "0"], 64, "--hidden"),
    (["recurrent", "--steps", "0"], 64, "--steps"),
    (["recurrent", "--pass", "up"], 64, "backward"),
    (["tanh", "--count", "0"], 64, "--count"),
    (["machine", "--milliseconds", "0"], 64, "expected 1"),
    (["machine", "--threads", "0"], 64, "--threads"),
    (["network", "nothing"], 64, "nothing"), (["network", "none.addend"], 66, "none.addend"),
    (["network", "--input", "axb"], 64, "32x32x3"), (["network", "--batch", "0"], 64, "--batch"),
    (["network", "lenet-5", "--input", "7"], 65, "lenet-5"),
  ])
  func whatCannotBeMeasuredIsRefused(_ arguments: [String], _ status: Int, _ word: String) throws {
    let outcome = try command.run(["bench"] + arguments + ["--quiet"])
    #expect(Int(outcome.status) == status, "\(arguments): \(outcome.error)")
    #expect(outcome.error.contains(word), "\(outcome.error)")
    #expect(outcome.error.split(separator: "\n").count == 1 && outcome.output.isEmpty)
  }
}

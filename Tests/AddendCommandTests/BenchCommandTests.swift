import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

private func train(_ path: String, map: String) throws {
  let outcome = try command.run(
    "train", "--dataset", "digits", "--model", "mlp:hidden=16", "--map", map, "--epochs", "1",
    "--output", path, "--quiet")
  #expect(outcome.status == 0, "\(outcome.error)")
}

/// `bench tables`, end to end; what it measures is tested where it is measured.
struct BenchCommandTests {
  @Test func networksProductsAndGiantsAreReported() throws {
    try withTemporaryDirectory { folder in
      try train("\(folder)/lookup.addend", map: "lookup")
      try train("\(folder)/float.addend", map: "float32")
      let outcome = try command.run(
        "bench", "tables", "\(folder)/lookup.addend", "--twin", "\(folder)/float.addend",
        "--rounds", "1", "--giant", "16x16", "--chart", "\(folder)/chart.svg", "--json", "-")
      #expect(outcome.status == 0, "\(outcome.error)")
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let results = try #require((object as? [String: Any])?["results"] as? [[String: Any]])
      let names = results.compactMap { $0["case"] as? String }
      #expect(
        names == [
          "network-digits", "product-10112x512x100", "product-4096x1024x1024",
          "giant-independent", "giant-chained", "giant-grouped", "giant-grouped-with-sums",
          "giant-closed-256",
        ])
      for result in results { #expect(try #require(result["ours"] as? Double) > 0) }
      // The figures are those that `evaluate` gives.
      let evaluated = try command.run("evaluate", "\(folder)/float.addend", "--json", "-")
      let accuracy = try #require(results[0]["twinAccuracy"] as? Double)
      #expect(evaluated.output.contains("\(accuracy)"), "\(accuracy)")
      let chart = try String(contentsOfFile: "\(folder)/chart.svg", encoding: .utf8)
      #expect(chart.contains("<svg") && chart.contains("network-digits, float32"))
    }
  }

  @Test func whatCannotBeMeasuredIsRefused() throws {
    try withTemporaryDirectory { folder in
      try train("\(folder)/lookup.addend", map: "lookup")
      try train("\(folder)/space.addend", map: "space")
      let network = "\(folder)/lookup.addend"
      for (options, status, word) in [
        (["--giant", "16"], 64, "10000x100000"), (["--giant", "1x16"], 64, "10000x100000"),
        (["--block", "0"], 64, "--block"), (["--rounds", "0"], 64, "--rounds"),
        (["--smaller", "9000"], 64, "--smaller"), (["\(folder)/none.addend"], 66, "none.addend"),
        (["\(folder)/space.addend"], 65, "dense1"),
        ([network, "--twin", "\(folder)/space.addend"], 65, "no float32 twin"),
        ([network, "--dataset", "synthetic-spirals"], 65, "no images"),
      ] {
        let giant = options.contains("--giant") ? [] : ["--giant", "none"]
        let outcome = try command.run(["bench", "tables", "--quiet"] + options + giant)
        #expect(Int(outcome.status) == status, "\(options): \(outcome.error)")
        #expect(outcome.error.contains(word), "\(outcome.error)")
        #expect(outcome.error.split(separator: "\n").count == 1 && outcome.output.isEmpty)
      }
    }
  }
}

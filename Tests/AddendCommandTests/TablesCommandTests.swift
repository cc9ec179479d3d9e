import AddendTestSupport
import Foundation
import Testing

private let command = BuiltCommand()

private func results(_ text: String) throws -> [[String: Any]] {
  let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  return try #require(object["results"] as? [[String: Any]])
}

private func train(_ path: String, seed: String = "1") throws {
  let outcome = try command.run(
    "train", "--dataset", "digits", "--model", "mlp:hidden=30", "--epochs", "1", "--output", path,
    "--quiet", "--seed", seed)
  #expect(outcome.status == 0, "\(outcome.error)")
}

/// `tables build` and `tables inspect`, end to end.
struct TablesCommandTests {
  @Test func tablesOfANetworkAreBuiltAndFound() throws {
    try withTemporaryDirectory { folder in
      try train("\(folder)/m.addend")
      let options = [
        "tables", "build", "--model", "\(folder)/m.addend", "--output", "\(folder)/tables",
        "--tables", "product,transposed-product,outer-product,sum", "--entries", "index",
        "--rows", "4", "--examples", "200", "--vector-words", "32", "--matrix-words", "16",
        "--gradient-words", "16", "--result-words", "32", "--json", "-",
      ]
      let outcome = try command.run(options)
      #expect(outcome.status == 0, "\(outcome.error)")
      let layers = try results(outcome.output)
      #expect(layers.count == 3)
      let first = try #require(layers.first)
      // 30 outputs of the first layer in blocks of 4 lack 2.
      #expect(first["outputPadding"] as? Int == 2 && first["inputPadding"] as? Int == 0)
      let codebooks = try #require(first["codebooks"] as? [[String: Any]])
      #expect(codebooks.map { $0["codes"] as? String } == ["vectors", "matrices", "gradients"])
      for codebook in codebooks {
        let error = try #require(codebook["relativeError"] as? Double)
        #expect(error >= 0 && error < 1)
      }
      let tables = try #require(first["tables"] as? [[String: Any]])
      #expect(tables.count == 4)
      for table in tables {
        let path = try #require(table["path"] as? String)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(size == table["bytes"] as? Int)
        let inspected = try command.run("tables", "inspect", path, "--json", "-")
        #expect(inspected.status == 0, "\(inspected.error)")
        let found = try #require(try results(inspected.output).first)
        for key in ["operation", "entries", "relativeError", "rows", "columns"] {
          #expect("\(found[key] ?? 0)" == "\(table[key] ?? 1)", "\(key)")
        }
      }
      // The same command again makes the same bytes.
      let path = try #require(tables[0]["path"] as? String)
      let before = FileManager.default.contents(atPath: path)
      #expect(try command.run(options + ["--threads", "1"]).output.isEmpty == false)
      #expect(FileManager.default.contents(atPath: path) == before)
    }
  }

  @Test func aDataSetAloneHasVectorsAndDrawnMatrices() throws {
    try withTemporaryDirectory { folder in
      let outcome = try command.run(
        "tables", "build", "--dataset", "digits", "--output", "\(folder)/tables", "--examples",
        "100", "--vectors", "sphere:gains=4", "--vector-words", "64", "--matrix-words", "32",
        "--tables", "product,product", "--json", "-")
      #expect(outcome.status == 0, "\(outcome.error)")
      let layer = try #require(try results(outcome.output).first)
      #expect(layer["layer"] as? String == "digits")
      #expect((layer["tables"] as? [[String: Any]])?.count == 1)
    }
  }

  @Test func tablesOfAnotherNetworkAreRefused() throws {
    try withTemporaryDirectory { folder in
      try train("\(folder)/a.addend")
      try train("\(folder)/b.addend", seed: "2")
      _ = try command.run(
        "tables", "build", "--model", "\(folder)/a.addend", "--output", "\(folder)/tables",
        "--examples", "100", "--vector-words", "8", "--matrix-words", "8", "--quiet")
      let table = "\(folder)/tables/dense1.map.product.table"
      let own = try command.run("tables", "inspect", table, "--model", "\(folder)/a.addend")
      #expect(own.status == 0, "\(own.error)")
      let other = try command.run("tables", "inspect", table, "--model", "\(folder)/b.addend")
      #expect(other.status == 65)
      #expect(other.error.contains("another network"))
      let data = try #require(FileManager.default.contents(atPath: table))
      try data.dropLast(100).write(to: URL(fileURLWithPath: table))
      let cut = try command.run("tables", "inspect", table)
      #expect(cut.status == 65 && cut.error.contains("cut off"))
    }
  }

  /// What is wrong, and a word of the sentence that says so.
  @Test(arguments: [
    (["--vector-words", "1000000"], 65, "cannot be learned"),
    (["--vectors", "k-meanz"], 64, "k-means"),
    (["--dimension", "0"], 64, "dimension"),
    (["--tables", "quotient"], 64, "outer-product"),
    (["--tables", "outer-product"], 64, "--model"),
    (["--vectors", "product:pieces=9", "--vector-words", "512"], 65, "cannot be cut"),
    (["--time-limit", "0"], 65, "multiply-adds"),
    // 8 · 10¹² multiply-adds for words, and few for the table.
    (
      [
        "--dimension", "1", "--vectors", "k-means:iterations=10000", "--vector-words", "3000",
        "--time-limit", "0.1",
      ], 65, "codebooks"
    ),
    (["--dimension", "64", "--vectors", "grid"], 65, "two choices"),
    (
      [
        "--dimension", "256", "--rows", "256", "--vectors", "unit-normal", "--matrices",
        "unit-normal", "--vector-words", "10000", "--matrix-words", "100000", "--entries", "index",
      ], 65, "memory"
    ),
  ])
  func badInputIsRefused(_ options: [String], status: Int, word: String) throws {
    try withTemporaryDirectory { folder in
      let outcome = try command.run(
        ["tables", "build", "--dataset", "digits", "--output", "\(folder)/t", "--examples", "50"]
          + options)
      #expect(Int(outcome.status) == status)
      #expect(outcome.error.contains(word), "\(outcome.error)")
      #expect(outcome.error.split(separator: "\n").count == 1)
      let left = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/t")) ?? []
      #expect(left.isEmpty)
    }
  }
}

internal import Addend
internal import ArgumentParser

/// `addend bench tables`: what look-ups gain over products, measured.
struct BenchTablesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tables",
    abstract: "Measure look-ups beside float32 and 8-bit products, and giant tables.",
    discussion: """
      Networks and products are measured on one thread, all ways in turn, medians. Networks go from \
      bytes to classes and stand beside float32 networks of the same sizes through the better of \
      oneDNN and OpenBLAS. To see a trained one with its accuracy and its float twin's:

        addend bench tables lookup.addend --twin float.addend --dataset fashion-mnist
      """)

  @Argument(help: "Trained networks of look-ups (.addend files) to run on bytes.")
  var networks: [String] = []

  @Option(help: "A float32 network to compare accuracies with.")
  var twin: String?

  @Option(
    help: "The data set of the networks; default: the one each was trained on.",
    transform: Specification.parse)
  var dataset: Specification?

  @Option(
    help: "Stand networks beside float32 ones with so many units in each hidden layer as well.")
  var smaller: [Int] = []

  @Option(help: "Inputs in a block of the products.")
  var block = 8

  @Option(help: "Rounds, of which medians are taken.")
  var rounds = 7

  @Option(
    help: ArgumentHelp(
      "Codewords by matrices of the giant table, 'none' to leave it out.", valueName: "VxM"))
  var giant = "10000x100000"

  @Option(help: "Write a chart of the ratios as an SVG picture.")
  var chart: String?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard 1...512 ~= block else { throw ValidationError("--block is \(block), expected 1 to 512.") }
    if let units = smaller.first(where: { !(1...8192 ~= $0) }) {
      throw ValidationError("--smaller is \(units), expected 1 to 8192.")
    }
    guard 1...1000 ~= rounds else {
      throw ValidationError("--rounds is \(rounds), expected 1 to 1000.")
    }
    _ = try giantShape()
  }

  func run() throws {
    try common.checkOutputs(chart)
    // What is refused should be so before minutes of measuring.
    if let shape = try giantShape() { try GiantTableBenchmark(shape).checkMemory() }
    var cases: [BenchmarkCase] = []
    var accuracies: [NetworkAccuracy] = []
    var timing = Interleaved()
    timing.rounds = rounds
    let limits = try ThreadPool.$current.withValue(ThreadPool(threadCount: 1)) {
      let limits = MeasuredLimits()
      for path in networks {
        announce(path)
        let subject = try BytesOfNetwork(path, dataset: dataset, store: common.store)
        // First of all: what is refused should be so before minutes of measuring.
        let accuracy = try subject.accuracy(twin: twin)
        accuracies.append(accuracy)
        cases += smaller.map { subject.benchmark(timing, limits, besideHidden: $0) }
        var result = subject.benchmark(timing, limits)
        result.figures += accuracy.figures
        cases.append(result)
      }
      for (rows, inputs, outputs) in [(10112, 512, 100), (4096, 1024, 1024)] {
        announce("product \(rows)×\(inputs)×\(outputs)")
        cases.append(
          ProductBenchmark(rows: rows, inputs: inputs, outputs: outputs, block: block)
            .run(timing, limits))
      }
      return limits
    }
    try report(cases, limits, accuracies)
    let giants = try giantCases()
    if let chart { try writeAtomically(Self.chart(of: cases).svg, to: chart) }
    try Envelope(
      command: "bench tables", options: common, dataset: nil,
      results: cases.map(\.json) + giants.map(\.json)
    ).write()
  }

  private func announce(_ next: String) {
    guard !common.quiet else { return }
    StandardStream.error.write("measuring \(next)\n")
  }

  private func report(
    _ cases: [BenchmarkCase], _ limits: MeasuredLimits, _ accuracies: [NetworkAccuracy]
  ) throws {
    var table = TextTable(columns: [
      .init("case", alignment: .leading), .init("shape", alignment: .leading), .init("look-ups"),
      .init("best float32"), .init("times faster"), .init("than int8"),
      .init("of the look-up limit"),
    ])
    for result in cases {
      let float = result.baselines.filter { $0.name.contains("float32") }
      let integers = result.baselines.first { $0.name == "oneDNN int8" }
      table.append([
        result.name, result.shape, QuantityUnit.seconds.text(result.ours),
        float.map(\.seconds).min().map(QuantityUnit.seconds.text) ?? "–",
        float.map(\.seconds).min().map { Self.times($0 / result.ours) } ?? "–",
        integers.map { Self.times($0.seconds / result.ours) } ?? "–",
        result.fractionOfLimit.map(QuantityUnit.fraction.text) ?? "–",
      ])
    }
    common.say("\(Machine.current.summary(threads: 1)), medians of \(rounds)")
    common.say(
      "limits of one thread: \(QuantityUnit.count.text(limits.multiplyAdds)) float32 multiply-adds, "
        + "\(QuantityUnit.count.text(limits.byteLookups)) byte look-ups a second")
    common.say("\(table)")
    for accuracy in accuracies { common.say(accuracy.sentence) }
  }

  private static func times(_ ratio: Double) -> String { "\((10 * ratio).rounded() / 10)×" }

  private static func chart(of cases: [BenchmarkCase]) -> BarChart {
    BarChart(
      title: "Look-ups beside exact products",
      subtitle: "times faster, one thread of \(Machine.current.processor), logarithmic",
      bars: cases.flatMap { result in
        [("float32", true), ("int8", false)].compactMap { format, isEmphasized in
          let others = result.baselines.filter { $0.name.contains(format) }.map(\.seconds)
          return others.min().map {
            let ratio = $0 / result.ours
            return BarChart.Bar(
              label: "\(result.name), \(format)", value: ratio, text: times(ratio),
              isEmphasized: isEmphasized)
          }
        }
      })
  }
}

extension BenchTablesCommand {
  private func giantShape() throws -> GiantTableBenchmark.Shape? {
    guard giant != "none" else { return nil }
    let extents = giant.split(separator: "x").compactMap { Int($0) }
    guard extents.count == 2, extents.allSatisfy({ 2...1_000_000 ~= $0 }), extents[0] <= 65536
    else {
      throw ValidationError(
        "--giant is '\(giant)', expected codewords by matrices like 10000x100000, or none.")
    }
    var shape = GiantTableBenchmark.Shape()
    shape.columns = extents[0]
    shape.rows = extents[1]
    return shape
  }

  private func giantCases() throws -> [BenchmarkCase] {
    guard let shape = try giantShape() else { return [] }
    let results = try common.computing {
      try GiantTableBenchmark(shape, seed: common.seed).run { announce("giant table: \($0)") }
    }
    var table = TextTable(columns: [
      .init("giant table", alignment: .leading), .init("look-ups a second"),
      .init("stands for, FLOP/s"), .init("additions a second"), .init("our GEMM, FLOP/s"),
    ])
    for result in results {
      table.append(
        [result.name]
          + [
            result.lookupsPerSecond, result.equivalentOperationsPerSecond,
            result.additionsPerSecond, result.gemmOperationsPerSecond,
          ].map(QuantityUnit.count.text))
    }
    common.say("\(table)")
    common.say(
      "a look-up stands for a product of 2·d² operations, none of which is done; see "
        + "docs/space-quantization.md for what is lost")
    return results.map { result in
      var one = BenchmarkCase(
        name: "giant-\(result.name)",
        shape: "\(shape.rows)×\(shape.columns), d = \(result.dimension)", ours: result.seconds)
      one.figures = [
        ("lookupsPerSecond", result.lookupsPerSecond),
        ("equivalentOperationsPerSecond", result.equivalentOperationsPerSecond),
        ("additionsPerSecond", result.additionsPerSecond),
        ("gemmOperationsPerSecond", result.gemmOperationsPerSecond),
        ("threads", Double(result.threads)),
      ]
      return one
    }
  }
}

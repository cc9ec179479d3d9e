internal import Addend

/// What `--format binary` measures.
extension BenchGEMMCommand {
  /// Products of signs instead of floats.
  func runBinary() throws {
    let benchmarks =
      shape.isEmpty
      ? BinaryProductBenchmark.standard
      : try benchmarks().map { BinaryProductBenchmark(m: $0.m, n: $0.n, k: $0.k) }
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    var report = BenchReport(
      command: "gemm", options: options, results: results, limits: limits,
      rivals: ["OpenBLAS float32", "oneDNN float32"])
    report.series = { _ in "signs" }
    try report.write()
  }
}

extension BenchNetworkCommand {
  /// The binary perceptron with random weights beside a perceptron with rectifiers: speed depends on
  /// neither's numbers.
  func runBinary() throws {
    let (input, hidden, layers, classes): (Shape, Int, Int, Int) = ([28, 28, 1], 4096, 3, 10)
    let network = BinaryPerceptron(hidden: hidden, layers: layers).network(
      input: input, classes: classes)
    let model = try Model<Float>(network, seed: options.common.seed).frozen()
    let float = Network("float-twin", input: input) {
      Flatten()
      for _ in 0..<layers {
        Dense(hidden, bias: false)
        BatchNorm()
        ReLU()
      }
      Dense(classes, bias: false)
      BatchNorm()
    }
    let twin = try Model<Float>(float, seed: options.common.seed)
    let benchmarks = (batch.isEmpty ? [1, 64] : batch).map {
      BinaryNetworkBenchmark(model, twin: twin, batch: $0)
    }
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    var report = BenchReport(
      command: "network", options: options, results: results, limits: limits,
      rivals: ["float32, compiled"])
    report.series = { _ in "binary" }
    try report.write()
  }
}

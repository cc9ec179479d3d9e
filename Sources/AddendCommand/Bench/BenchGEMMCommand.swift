internal import Addend
internal import ArgumentParser

/// `addend bench gemm`: products of matrices.
struct BenchGEMMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gemm",
    abstract: "Measure matrix products beside OpenBLAS's and oneDNN's.",
    discussion: """
      Cubes and products of small networks. Every result of ours is checked before it is timed.
      """)

  @Option(help: ArgumentHelp("Measure this product instead.", valueName: "MxNxK"))
  var shape: [String] = []

  @Flag(help: "Everyone lays the second matrix out for products beforehand, untimed.")
  var packed = false

  @Option(
    help: ArgumentHelp(
      """
      What ours multiplies: float32, bf16, dfp16 (16 and 15 bits), dfp16x16, int8 (bytes by int8 numbers \
      that are laid out beforehand), binary (signs on bits, laid out beforehand).
      """, valueName: "FORMAT"))
  var format: Format = .float32

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case float32, bf16, dfp16, dfp16x16, int8, binary

    var half: HalfFormat? {
      switch self {
      case .bf16: .bfloat16
      case .dfp16: .dynamicFixedPoint
      case .dfp16x16: .fixedPoint(left: 16, right: 16)
      case .float32, .int8, .binary: nil
      }
    }
  }

  @OptionGroup var options: BenchOptions

  mutating func validate() throws {
    if packed && (format == .int8 || format == .binary) {
      throw ValidationError(
        "--packed says nothing of \(format.rawValue), which is laid out always.")
    }
    _ = try benchmarks()
  }

  func run() throws {
    guard format != .binary else { return try runBinary() }
    let benchmarks = try benchmarks()
    let (results, limits) = try options.measured(
      benchmarks.map { one in .init(name: one.name) { try one.run($0) } })
    let small = results.filter { result in
      benchmarks.contains { $0.name == result.name && max($0.m, $0.n, $0.k) <= 64 }
    }
    var report = BenchReport(
      command: "gemm", options: options, results: results, limits: limits,
      rivals: format == .int8
        ? ["oneDNN matmul, float32", "oneDNN matmul, int8"]
        : packed ? [] : ["OpenBLAS", "oneDNN sgemm", "oneDNN matmul"])
    report.means = Self.means("all", results) + Self.means("up to 64 a side", small)
    report.series = { result in
      benchmarks.first { $0.name == result.name }?.origin == "cube" ? "cubes" : "other products"
    }
    try report.write()
  }

  private static func means(_ cases: String, _ results: [BenchmarkCase]) -> [GeometricMean] {
    ["OpenBLAS", "oneDNN matmul", "oneDNN matmul, float32", "oneDNN matmul, int8"].compactMap {
      rival in
      GeometricMean(cases, against: rival, of: results.compactMap { $0.ratio(to: rival) })
    }
  }

  func benchmarks() throws -> [GEMMBenchmark] {
    let second: GEMMBenchmark.SecondMatrix =
      format == .int8 ? .int8 : packed ? .packed : .plain
    guard !shape.isEmpty else {
      return GEMMBenchmark.standard.map { $0.given(second).rounded(to: format.half) }
    }
    return try shape.map { text in
      let extents = text.split(separator: "x", omittingEmptySubsequences: false).map {
        Int($0) ?? 0
      }
      guard extents.count == 3, extents.allSatisfy({ 1...16384 ~= $0 }) else {
        throw ValidationError("--shape is '\(text)', expected three extents like 64x512x128.")
      }
      return GEMMBenchmark(
        m: extents[0], n: extents[1], k: extents[2], origin: "asked for", second: second
      ).rounded(to: format.half)
    }
  }
}

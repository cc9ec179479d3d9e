public import AddendKernels
internal import AddendTensors

/// A product of matrices beside other libraries' on as many threads as the current pool has.
public struct GEMMBenchmark: Sendable {
  /// How the second matrix is given.
  public enum SecondMatrix: String, Sendable {
    /// Row-major, as it comes.
    case plain
    /// Laid out for products beforehand, as weights can be: that is not timed.
    case packed
    /// Packed int8 numbers, multiplied by bytes: all numbers are whole, sums exact integers.
    case int8
  }

  public let m, n, k: Int
  public let second: SecondMatrix
  /// What ours rounds the operands to; `nil` for float32.
  public var format: HalfFormat?
  /// Where such a product occurs: `cube`, `LeNet-300-100`.
  public let origin: String

  public init(m: Int, n: Int, k: Int, origin: String, second: SecondMatrix = .plain) {
    precondition(m > 0 && n > 0 && k > 0, "a product has extents")
    self.m = m
    self.n = n
    self.k = k
    self.origin = origin
    self.second = second
  }

  /// The same product of a second matrix given otherwise.
  public func given(_ second: SecondMatrix) -> GEMMBenchmark {
    var other = GEMMBenchmark(m: m, n: n, k: k, origin: origin, second: second)
    other.format = format
    return other
  }

  /// The same product with operands of 16 bits.
  public func rounded(to format: HalfFormat?) -> GEMMBenchmark {
    var other = self
    other.format = format
    return other
  }

  /// Cubes from 8³ to 1024³, and products of small networks.
  public static let standard: [GEMMBenchmark] =
    [8, 16, 24, 32, 48, 64, 128, 256, 512, 1024].map { .init(m: $0, n: $0, k: $0, origin: "cube") }
    + [
      .init(m: 1, n: 300, k: 784, origin: "LeNet-300-100, batch 1"),
      .init(m: 64, n: 300, k: 784, origin: "LeNet-300-100, batch 64"),
      .init(m: 64, n: 100, k: 300, origin: "LeNet-300-100, batch 64"),
      .init(m: 64, n: 500, k: 800, origin: "LeNet-5, batch 64"),
      .init(m: 64, n: 512, k: 128, origin: "LSTM 128, batch 64"),
      .init(m: 20, n: 800, k: 200, origin: "LSTM 200, batch 20"),
      .init(m: 64, n: 4096, k: 1024, origin: "LSTM 1024, batch 64"),
    ]

  public func run(_ setting: BenchmarkSetting) throws(BenchmarkError) -> BenchmarkCase {
    if let format { return try runHalves(format, setting) }
    return switch second {
    case .plain: try Contest(ours: Self.ways, rivals: Self.rivals).run(Problem(self), setting)
    case .packed:
      try Contest(ours: Self.packedWays, rivals: Self.packedRivals).run(Problem(self), setting)
    case .int8:
      try Contest(ours: Self.int8Ways, rivals: Self.int8Rivals).run(Problem(self), setting)
    }
  }

  public var name: String {
    let kind = format?.caseName ?? "gemm"
    return switch second {
    case .plain: "\(kind)-\(m)x\(n)x\(k)"
    case .packed: "\(kind)-packed-\(m)x\(n)x\(k)"
    case .int8: "int8-\(m)x\(n)x\(k)"
    }
  }

  /// The operands, `[m, k]` and `[k, n]`.
  package struct Problem: SumProblem, Sendable {
    let benchmark: GEMMBenchmark
    let a, b: Tensor<Float>
    let threads: Int

    package init(_ benchmark: GEMMBenchmark) {
      var random = RandomSource(seed: 1)
      self.benchmark = benchmark
      if benchmark.second == .int8 {
        a = .whole([benchmark.m, benchmark.k], 0...255, &random)
        b = .whole([benchmark.k, benchmark.n], -127...127, &random)
      } else {
        a = .uniform([benchmark.m, benchmark.k], &random)
        b = .uniform([benchmark.k, benchmark.n], &random)
      }
      threads = ThreadPool.current.threadCount
    }

    var m: Int { benchmark.m }
    var n: Int { benchmark.n }
    var k: Int { benchmark.k }
    package var caseName: String { benchmark.name }
    package var shapeText: String {
      "\(m)×\(n)×\(k), \(benchmark.origin)"
        + (benchmark.second == .plain ? "" : ", \(benchmark.second.rawValue)")
    }
    package var work: Work {
      Work(
        multiplyAdds: Double(m) * Double(n) * Double(k), bytes: 4 * Double(m * k + k * n + m * n))
    }
    package var resultCount: Int { m * n }

    package func visitTerms(of index: Int, _ body: (Double) -> Void) {
      let (a, b) = (a.span, b.span)
      let (row, column) = (index / n, index % n)
      for p in 0..<k { body(Double(a[row * k + p]) * Double(b[p * n + column])) }
    }
  }

  /// Ours, of a plain second matrix. A new kernel is a line more, here and below.
  package static let ways: [Way<Problem>] = [
    Way("gemm") { problem in
      .writing(problem.resultCount) { c in
        gemm(
          GEMMShape(m: problem.m, n: problem.n, k: problem.k), problem.a.span, problem.b.span, &c)
      }
    }
  ]

  /// Ours, of a packed one.
  package static let packedWays: [Way<Problem>] = [
    Way("PackedMatrix") { problem in
      let packed = PackedMatrix(problem.b.span, rows: problem.k, columns: problem.n)
      return .writing(problem.resultCount) {
        packed.multiply(problem.a.span, rows: problem.m, into: &$0)
      }
    },
    bothGiven(.bfloat16),
  ]

  package static let rivals: [Way<Problem>] =
    RivalProduct.allCases.map { rival in
      Way(rival == .oneDNN ? "oneDNN sgemm" : rival.rawValue) { problem in
        var isThere = false
        let prepared = Way<Problem>.Prepared.writing(
          problem.resultCount, implementation: rival.implementation
        ) { c in
          isThere = rival.multiply(
            m: problem.m, n: problem.n, k: problem.k, problem.a.span, problem.b.span, into: &c,
            threads: problem.threads)
        }
        prepared.run()
        return isThere ? prepared : nil
      }
    } + [
      matmul("oneDNN matmul"), matmul("oneDNN matmul, bfloat16", bfloat16: true),
    ]

  package static let packedRivals: [Way<Problem>] = [
    Way("LIBXSMM") { problem in
      let product = LIBXSMMProduct(
        rows: problem.m, problem.b.span, n: problem.n, k: problem.k)
      guard let product else { return nil }
      return .writing(problem.resultCount) {
        product.multiply(problem.a.span, into: &$0)
      }
    },
    matmul("oneDNN matmul", packs: true),
    matmul("oneDNN matmul, bfloat16", packs: true, bfloat16: true),
  ]

  static func matmul(
    _ name: String, packs: Bool = false, bfloat16: Bool = false
  ) -> Way<Problem> {
    Way(name, isReference: bfloat16) { problem in
      let operation = RivalOperation.product(
        m: problem.m, n: problem.n, k: problem.k, bfloat16: bfloat16, packsSecond: packs,
        threads: problem.threads)
      guard let operation else { return nil }
      operation.set(0, problem.a.span)
      operation.set(1, problem.b.span)
      return .init(operation) { $0.values(of: 2) }
    }
  }
}

extension Way.Prepared {
  /// A way that writes its result into memory laid out as the problem wants it.
  static func writing(
    _ count: Int, implementation: String? = nil, tolerance: Tolerance = .rounding,
    _ body: @escaping (inout MutableSpan<Float>) -> Void
  ) -> Self {
    var result = Tensor<Float>([count])
    return .init(
      run: {
        var span = result.mutableSpan
        body(&span)
      }, result: { result.elements }, implementation: implementation, tolerance: tolerance)
  }
}

internal import AddendKernels
internal import AddendTensors

/// A product of matrices of signs, on bits, beside the same product in float32.
///
/// Ours takes rows of bits and a matrix packed beforehand, as weights are, to sums in 32-bit
/// integers: all that layers need to make signs of them, which takes less. What is timed includes
/// bringing the rows to the form that products read. The others multiply ±1 in float32, which is
/// exact too.
public struct BinaryProductBenchmark: Sendable {
  public let m, n, k: Int

  public init(m: Int, n: Int, k: Int) {
    precondition(m > 0 && n > 0 && k > 0 && k < 1 << 22, "a product of signs has extents")
    self.m = m
    self.n = n
    self.k = k
  }

  public static let standard: [BinaryProductBenchmark] = [1024, 4096].map {
    .init(m: $0, n: $0, k: $0)
  }

  public var name: String { "binary-\(m)x\(n)x\(k)" }

  public func run(_ setting: BenchmarkSetting) throws(BenchmarkError) -> BenchmarkCase {
    try Contest(ours: Self.ways, rivals: Self.rivals).run(Problem(self), setting)
  }

  /// The operands, `[m, k]` and `[n, k]`, as bits.
  package struct Problem: SumProblem, Sendable {
    let benchmark: BinaryProductBenchmark
    let a, b: [UInt64]
    let threads: Int

    package init(_ benchmark: BinaryProductBenchmark) {
      var random = RandomSource(seed: 1)
      let words = BinaryRows.wordCount(benchmark.k)
      let last = UInt64.max >> UInt64(64 * words - benchmark.k)
      func rows(_ count: Int) -> [UInt64] {
        (0..<count * words).map {
          $0 % words == words - 1 ? random.next() & last : random.next()
        }
      }
      self.benchmark = benchmark
      a = rows(benchmark.m)
      b = rows(benchmark.n)
      threads = ThreadPool.current.threadCount
    }

    var m: Int { benchmark.m }
    var n: Int { benchmark.n }
    var k: Int { benchmark.k }
    var words: Int { BinaryRows.wordCount(k) }
    package var caseName: String { benchmark.name }
    package var shapeText: String { "\(m)×\(n)×\(k), signs" }
    package var work: Work {
      Work(
        multiplyAdds: Double(m) * Double(n) * Double(k),
        bytes: 8 * Double((m + n) * words) + 4 * Double(m * n))
    }
    package var resultCount: Int { m * n }

    package func visitTerms(of index: Int, _ body: (Double) -> Void) {
      let (row, column) = (index / n * words, index % n * words)
      for p in 0..<k {
        body((a[row + p / 64] ^ b[column + p / 64]) >> UInt64(p % 64) & 1 == 1 ? -1 : 1)
      }
    }

    /// `a` `[m, k]`.
    func left() -> [Float] {
      (0..<m * k).map { a[$0 / k * words + $0 % k / 64].sign(at: $0 % k % 64) }
    }

    /// `b` `[k, n]`.
    func right() -> [Float] {
      (0..<k * n).map { b[$0 % n * words + $0 / n / 64].sign(at: $0 / n % 64) }
    }
  }

  package static let ways: [Way<Problem>] = [
    Way("BinaryMatrix") { problem in
      let matrix = BinaryMatrix(problem.b.span, columns: problem.n, wordCount: problem.words)
      let offsets = [Int32](repeating: Int32(problem.k), count: problem.n)
      var rows = problem.a
      let sums = AlignedBuffer<Int32>(uninitializedCount: problem.resultCount)
      return .init(
        run: {
          var span = rows.mutableSpan
          BinaryRows.chain(problem.a.span, wordCount: problem.words, into: &span)
          var result = sums.uniqueSpan
          matrix.sums(of: rows.span, offsets: offsets.span, into: &result)
        },
        result: {
          let found = sums.span
          return found.indices.map { Float(found[$0]) }
        })
    }
  ]

  package static let rivals: [Way<Problem>] = RivalProduct.allCases.map { rival in
    Way("\(rival.rawValue) float32") { problem in
      let (left, right) = (problem.left(), problem.right())
      var isThere = false
      let prepared = Way<Problem>.Prepared.writing(
        problem.resultCount, implementation: rival.implementation
      ) { c in
        isThere = rival.multiply(
          m: problem.m, n: problem.n, k: problem.k, left.span, right.span, into: &c,
          threads: problem.threads)
      }
      prepared.run()
      return isThere ? prepared : nil
    }
  }
}

extension UInt64 {
  /// −1 where the bit is 1, else 1.
  fileprivate func sign(at bit: Int) -> Float { self >> UInt64(bit) & 1 == 1 ? -1 : 1 }
}

internal import AddendKernels
internal import AddendTensors

/// The hyperbolic tangent of many numbers beside other libraries', on as many threads as the current
/// pool has.
public struct TanhBenchmark: Sendable {
  public let count: Int

  public init(count: Int) {
    precondition(count > 0, "there are numbers")
    self.count = count
  }

  public var name: String { "tanh-\(count)" }

  public func run(_ setting: BenchmarkSetting) throws(BenchmarkError) -> BenchmarkCase {
    var result = try Contest(ours: Self.ways, rivals: Self.rivals).run(Problem(self), setting)
    result.figures.append(("numbersPerSecond", Double(count) / result.ours))
    return result
  }

  /// Ours. A new kernel is a line more.
  package static let ways: [Way<Problem>] = [
    Way("activate") { problem in
      .writing(problem.x.count) { Float.activate(.tanh, problem.x.span, into: &$0) }
    },
    Way("K-TanH", isReference: true) { problem in
      .writing(problem.x.count, tolerance: kTanHTolerance) {
        KTanHKernels.best.activate(.tanh, problem.x.span, into: &$0)
      }
    },
    Way("K-TanH, bfloat16", isReference: true) { problem in
      let x = Tensor<BFloat16>(problem.x)
      var y = x
      return .init(
        run: {
          var span = y.mutableSpan
          KTanHKernels.best.tangents(of: x.span, into: &span)
        }, result: { y.elements.map(\.float) }, tolerance: kTanHTolerance)
    },
  ]

  /// What its table is proved for, and what rounding `x` to bfloat16, by up to 2⁻⁸ of itself, moves the
  /// tangent by: `|x| (1 − tanh² x)` is 0.448 at most.
  private static let kTanHTolerance = Tolerance.absolute(8.94e-3 + 0x1p-8 * 0.448)

  package static let rivals: [Way<Problem>] = [
    Way("libmvec") { problem in
      var isThere = false
      let prepared = Way<Problem>.Prepared.writing(problem.x.count) { y in
        isThere = rivalTanh(problem.x.span, into: &y)
      }
      prepared.run()
      return isThere ? prepared : nil
    },
    operation("oneDNN"), operation("oneDNN, bfloat16", bfloat16: true),
  ]

  private static func operation(_ name: String, bfloat16: Bool = false) -> Way<Problem> {
    Way(name, isReference: bfloat16) { problem in
      let operation = RivalOperation.tanh(
        count: problem.x.count, bfloat16: bfloat16, threads: problem.threads)
      guard let operation else { return nil }
      operation.set(0, problem.x.span)
      return .init(operation) { $0.values(of: 1) }
    }
  }

  package struct Problem: BenchmarkProblem, Sendable {
    let x: Tensor<Float>
    let threads: Int

    package init(_ benchmark: TanhBenchmark) {
      var random = RandomSource(seed: 1)
      x = .uniform([benchmark.count], &random, within: 8)
      threads = ThreadPool.current.threadCount
    }

    package var caseName: String { "tanh-\(x.count)" }
    package var shapeText: String { "\(x.count) numbers from −8 to 8" }
    package var work: Work { Work(multiplyAdds: 0, bytes: 8 * Double(x.count)) }

    /// Within 4 ulps of 1, what the kernels of elementary functions promise.
    package func fault(in result: [Float], within tolerance: Tolerance) -> ResultFault? {
      let x = x.span
      for i in x.indices {
        let expected = Math.tanh(Double(x[i]))
        let bound = tolerance.bound(4 * 0x1p-24)
        if !((Double(result[i]) - expected).magnitude <= bound) {
          return ResultFault(index: i, found: result[i], expected: expected, bound: bound)
        }
      }
      return nil
    }
  }
}

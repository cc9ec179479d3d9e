package import AddendKernels
internal import AddendTensors

// Products of 16-bit numbers beside float32's and, in bfloat16, oneDNN's own.
extension GEMMBenchmark {
  func runHalves(
    _ format: HalfFormat, _ setting: BenchmarkSetting
  ) throws(BenchmarkError) -> BenchmarkCase {
    let ours = [
      second == .plain ? Self.rounding(format) : Self.packed(format), Self.bothGiven(format),
    ]
    let rivals = second == .plain ? Self.rivals : Self.packedRivals
    return try Contest(ours: ours, rivals: rivals).run(Problem(self), setting)
  }

  /// From float32 to float32, as a layer's product with a weight that changes.
  package static func rounding(_ format: HalfFormat) -> Way<Problem> {
    Way("HalfProducts") { problem in
      let products = HalfProducts(format)
      return .writing(problem.resultCount, tolerance: format.tolerance(problem)) {
        products.gemm(
          GEMMShape(m: problem.m, n: problem.n, k: problem.k), problem.a.span, problem.b.span, &$0)
      }
    }
  }

  /// From float32 to float32, the second matrix rounded and packed before.
  package static func packed(_ format: HalfFormat) -> Way<Problem> {
    Way("PackedHalfMatrix") { problem in
      let packed = PackedHalfMatrix(
        rounding: problem.b.span, rows: problem.k, columns: problem.n, to: format)
      return .writing(problem.resultCount, tolerance: format.tolerance(problem)) {
        let rows = HalfRows(
          rounding: problem.a.span, rows: problem.m, columns: problem.k, to: format)
        packed.multiply(rows, into: &$0)
      }
    }
  }

  /// Both matrices rounded before, as oneDNN's are.
  package static func bothGiven(_ format: HalfFormat) -> Way<Problem> {
    Way("PackedHalfMatrix of HalfRows", isReference: true) { problem in
      let rows = HalfRows(
        rounding: problem.a.span, rows: problem.m, columns: problem.k, to: format)
      let packed = PackedHalfMatrix(
        rounding: problem.b.span, rows: problem.k, columns: problem.n, to: format)
      return .writing(problem.resultCount, tolerance: format.tolerance(problem)) {
        packed.multiply(rows, into: &$0)
      }
    }
  }
}

extension HalfFormat {
  var caseName: String {
    switch self {
    case .bfloat16: "bf16"
    case .dynamicFixedPoint: "dfp16"
    case .fixedPoint(let left, let right): "dfp\(left)x\(right)"
    }
  }

  /// How far a product of numbers below 1 may be from the exact one.
  func tolerance(_ problem: GEMMBenchmark.Problem) -> Tolerance {
    let terms = Double(problem.k)
    switch self {
    // Both factors are rounded by up to 2⁻⁸ of their size, which is 2⁻⁷ of each term and a bit.
    case .bfloat16: return .times(1 + 1.01 * 0x1p-7 / (terms * 0x1p-24))
    // Each factor is off by a quantum at most, and sums as in float32.
    case .fixedPoint(let left, let right):
      func power(_ exponent: Int) -> Double {
        Double(sign: .plus, exponent: exponent, significand: 1)
      }
      return .absolute(1.01 * terms * (power(1 - left) + power(1 - right) + terms * 0x1p-24))
    }
  }
}

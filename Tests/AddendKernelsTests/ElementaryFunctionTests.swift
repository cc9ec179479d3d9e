import AddendKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The error of the elementary functions over all of float32: every 997th pattern, and the ends.
struct ElementaryFunctionTests {
  static let arguments: [Float] =
    stride(from: UInt32(0), through: .max - 997, by: 997).map(Float.init(bitPattern:))
    .filter { !$0.isNaN }
    + [.infinity, -.infinity, 0, -0.0, 88.72284, 88.7229, -103.97208, -103.98, 0.625, 0.927734375]

  /// The largest distance from `truth`, in units of the last place of the true value.
  private func worstError(_ found: [Float], _ truth: (Double) -> Double) -> (Double, at: Float) {
    var worst = (0.0, at: Float(0))
    for (x, y) in zip(Self.arguments, found) {
      let exact = truth(Double(x))
      let nearest = Float(exact)
      let error =
        nearest.isInfinite || y.isInfinite
        ? (nearest == y ? 0 : .infinity)
        : (Double(y) - exact).magnitude / Double(nearest.ulp)
      // A NaN must not slip through the comparison.
      if !(error <= worst.0) { worst = (error, x) }
    }
    return worst
  }

  private func values(
    _ start: [Float] = Self.arguments, _ body: (inout MutableSpan<Float>) -> Void
  ) -> [Float] {
    var y = start
    var span = y.mutableSpan
    body(&span)
    return y
  }

  @Test func exponentialIsWithinTwoUnits() {
    let y = values { FloatKernels.best.exponential(Self.arguments.span, into: &$0) }
    let worst = worstError(y) { exp($0) }
    #expect(worst.0 <= 2, "\(worst)")
  }

  @Test func errorFunctionIsWithinThreeUnits() {
    let y = values { FloatKernels.best.errorFunction(Self.arguments.span, into: &$0) }
    let worst = worstError(y) { erf($0) }
    #expect(worst.0 <= 3, "\(worst)")
  }

  @Test func tanhIsWithinThreeUnits() {
    let y = values { FloatKernels.best.activate(.tanh, Self.arguments.span, into: &$0) }
    let worst = worstError(y) { tanh($0) }
    #expect(worst.0 <= 3, "\(worst)")
  }

  @Test func sigmoidIsWithinFourUnits() {
    let y = values { FloatKernels.best.activate(.sigmoid, Self.arguments.span, into: &$0) }
    let worst = worstError(y) { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) }
    #expect(worst.0 <= 4, "\(worst)")
  }

  @Test func notANumberStaysOne() {
    let x: [Float] = [.nan, 1, -.nan]
    func expectNaNs(_ y: [Float]) { #expect(y.map(\.isNaN) == [true, false, true]) }
    expectNaNs(values(x) { FloatKernels.best.activate(.sigmoid, x.span, into: &$0) })
    expectNaNs(values(x) { FloatKernels.best.activate(.tanh, x.span, into: &$0) })
    expectNaNs(values(x) { FloatKernels.best.exponential(x.span, into: &$0) })
    expectNaNs(values(x) { FloatKernels.best.errorFunction(x.span, into: &$0) })
  }
}

import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Codes of few bits: what they are, in Double's definition and in float32's kernels alike.
struct QuantizationTests {
  private func codes(_ x: [Double], _ rule: Quantization) -> [Double] {
    let wide = Tensor<Double>([x.count], x).quantized(by: rule).elements
    let narrow = Tensor<Float>([x.count], x.map { Float($0) }).quantized(by: rule).elements
    #expect(narrow.map(Double.init) == wide)
    return wide
  }

  @Test func zeroIsPositive() {
    #expect(codes([-2, -0.0, 0, 1e-30, -1e-30], .sign) == [-1, 1, 1, 1, -1])
  }

  @Test func gridsRoundTiesToEvenAndCut() {
    let rule = Quantization.grid(factor: 2, range: -4...3)
    #expect(codes([0.25, 0.75, -0.25, -0.75, 9, -9, 1.5], rule) == [0, 2, 0, -2, 3, -4, 3])
  }

  @Test func powersRoundTheExponent() {
    let rule = Quantization.powers(factor: 1, count: 4)
    // √2 and √½ lie between float32's neighbours here.
    #expect(
      codes([1, 1.41421354, 1.4142137, 0.70710677, 0.7071069, 3, 5.6, 100, 0], rule)
        == [1, 1, 2, 0, 1, 4, 4, 8, 0])
    #expect(codes([-1, -5.7, -1e-3], rule) == [-1, -8, 0])
  }

  @Test func theNearestPowerIsTakenInLogarithms() {
    let x = normalNumbers(500, seed: 3).map { Double($0) }
    for (number, code) in zip(x, codes(x, .powers(factor: 16, count: 7))) {
      let exponent = min(6, Math.log(number.magnitude * 16) / Math.log(2))
      if code == 0 {
        #expect(exponent < -0.5 + 1e-9)
      } else {
        #expect((exponent - Math.log(code.magnitude) / Math.log(2)).magnitude <= 0.5 + 1e-9)
        #expect((code < 0) == (number < 0))
      }
    }
  }

  /// 40,000 draws: the mean's own deviation is below `power / 2 / √40,000`, of which five are allowed.
  @Test(arguments: [0.3, 1.0, 1.1, 2.9, -5.5, 31.9])
  func drawnPowersHaveTheNumberAsTheirMean(_ number: Double) {
    let count = 40_000
    func drawn<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> [Double] {
      let x = Tensor<Scalar>([count], repeating: Scalar(number))
      return Tensor<Scalar>([count]) {
        Scalar.drawPowers(x.span, factor: 1, count: 6, seed: 5, into: &$0)
      }.elements.map(\.double)
    }
    let numbers = drawn(Double.self)
    #expect(drawn(Float.self) == numbers)
    let power = Double(
      sign: .plus, exponent: max(0, Int(number.magnitude.exponent)), significand: 1)
    let mean = numbers.reduce(0, +) / Double(count)
    #expect((mean - number).magnitude <= 5 * power / 2 / Double(count).squareRoot())
    #expect(Set(numbers).count <= 2)
  }

  @Test func gradientsPassWithinTheWindowOnly() {
    let x = Tensor<Float>([6], [-1.01, -1, 0, 1, 1.01, .nan])
    let dy = Tensor<Float>([6], [1, 2, 3, 4, 5, 6])
    #expect(dy.passed(where: x, isWithin: -1...1).elements == [0, 2, 3, 4, 0, 0])
  }

  /// Codes of up to 8 bits are exact in bfloat16, and sums below 2²⁴ in float32.
  @Test(arguments: [(1, 1, 1), (3, 7, 5), (100, 129, 65)])
  func narrowProductsAreExact(_ m: Int, _ k: Int, _ n: Int) {
    let rule = Quantization.grid(factor: 60, range: -128...127)
    let a = Tensor<Float>([m, k], normalNumbers(m * k, seed: 1)).quantized(by: rule)
    let b = Tensor<Float>([k, n], normalNumbers(k * n, seed: 2)).quantized(by: rule)
    let exact = Tensor<Float>([m, n]) {
      Float.gemm(GEMMShape(m: m, n: n, k: k), a.span, b.span, &$0)
    }
    #expect(NarrowMatrix(b).multiplied(by: a) == exact)
    let transposed = b.reshaped([k, n, 1]).exchangingOuterAxes().reshaped([n, k])
    #expect(NarrowMatrix(transposed, transposed: true).multiplied(by: a) == exact)
    #expect(
      Tensor<Float>(NarrowMatrix(Tensor<Double>(b)).multiplied(by: Tensor<Double>(a))) == exact)
  }
}

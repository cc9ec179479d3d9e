import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

struct ConvolutionTests {
  /// Output, input gradient and filter gradient, the last one twice: put in place, and added on.
  private static func passes<Scalar: TensorScalar>(
    _ g: ConvolutionGeometry, outputs: Int, in format: Scalar.Type
  ) -> [[Scalar]] {
    func numbers(_ count: Int, _ seed: UInt64) -> Tensor<Scalar> {
      Tensor([count], normalNumbers(count, seed: seed).map { Scalar($0.double) })
    }
    let image = numbers(g.imageCount, 1)
    let filter = numbers(g.patchSize * outputs, 2)
    let dy = numbers(g.patchCount * outputs, 3)
    let y = Tensor<Scalar>(dy.shape) {
      Scalar.convolve(image.span, filter.span, g, into: &$0)
    }
    let dx = Tensor<Scalar>(image.shape) {
      Scalar.convolutionInputGradient(dy.span, filter.span, g, into: &$0)
    }
    let gradients = [false, true].map { accumulates in
      var gradient = filter
      var span = gradient.mutableSpan
      Scalar.convolutionFilterGradient(
        image.span, dy.span, g, accumulates: accumulates, into: &span)
      return gradient.elements
    }
    return [y.elements, dx.elements] + gradients
  }

  /// The sums are as long as a patch, as the filter's taps times the outputs, and as the patches are
  /// many; products of normal numbers stay below 32, and vendors may multiply in another order.
  @Test(arguments: WindowCase.all, [1, 3, 16, 50])
  func floatEqualsTheDefinition(_ geometry: ConvolutionGeometry, outputs: Int) {
    let found = Self.passes(geometry, outputs: outputs, in: Float.self)
    let expected = Self.passes(geometry, outputs: outputs, in: Double.self)
    let taps = geometry.filterHeight * geometry.filterWidth
    let terms = [geometry.patchSize, taps * outputs, geometry.patchCount, geometry.patchCount + 1]
    for (index, terms) in terms.enumerated() {
      let tolerance = 0x1p-24 * 32 * Double(terms)
      #expect(mismatch(found[index], expected[index], within: tolerance) == nil, "pass \(index)")
    }
  }

  @Test(arguments: [WindowCase.all[5], WindowCase.all[12]])
  func doesNotDependOnTheThreadCount(_ geometry: ConvolutionGeometry) {
    let results = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        Self.passes(geometry, outputs: 16, in: Float.self).map { $0.map(\.bitPattern) }
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// ⟨A x, y⟩ = ⟨x, Aᵀ y⟩, for patches in float32: integers keep the sums exact.
  @Test(arguments: WindowCase.all)
  func addPatchesIsTheAdjointOfPatches(_ g: ConvolutionGeometry) {
    let image = normalNumbers(g.imageCount, seed: 4).map { ($0 * 4).rounded() }
    let rows = normalNumbers(g.patchCount * g.patchSize, seed: 5).map { ($0 * 4).rounded() }
    let patches = Tensor<Float>([rows.count]) { Float.patches(of: image.span, g, into: &$0) }
    var adjoint = Tensor<Float>([image.count])
    var span = adjoint.mutableSpan
    Float.addPatches(rows.span, g, to: &span)
    let left = zip(patches.elements, rows).reduce(0.0) { $0 + Double($1.0 * $1.1) }
    let right = zip(adjoint.elements, image).reduce(0.0) { $0 + Double($1.0 * $1.1) }
    #expect(left == right)
  }

  @Test(arguments: WindowCase.all)
  func floatPatchesAreTheDefinitions(_ g: ConvolutionGeometry) {
    let image = normalNumbers(g.imageCount, seed: 6)
    let rows = Tensor<Float>([g.patchCount * g.patchSize]) {
      Float.patches(of: image.span, g, into: &$0)
    }
    let expected = Tensor<Double>([g.patchCount * g.patchSize]) {
      Double.patches(of: image.map(Double.init).span, g, into: &$0)
    }
    #expect(rows.elements.map(Double.init) == expected.elements)
  }
}

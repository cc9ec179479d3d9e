import AddendKernels
import AddendTestSupport
import Testing

struct DirectConvolutionTests {
  struct Case: CustomTestStringConvertible {
    var geometry: ConvolutionGeometry
    var outputs: Int
    var groups = 1

    init(
      _ batch: Int, _ height: Int, _ width: Int, _ channels: Int, _ filterHeight: Int,
      _ filterWidth: Int, _ outputs: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
      groups: Int = 1
    ) {
      geometry = ConvolutionGeometry(
        batch: batch, height: height, width: width, channels: channels,
        filterHeight: filterHeight, filterWidth: filterWidth, stride: stride, padding: padding,
        dilation: dilation)
      self.outputs = outputs
      self.groups = groups
    }

    var testDescription: String {
      let g = geometry
      return "\(g.batch)×\(g.height)×\(g.width)×\(g.channels), filter \(g.filterHeight)×"
        + "\(g.filterWidth), \(outputs) outputs, stride \(g.stride), padding \(g.padding), "
        + "dilation \(g.dilation), groups \(groups)"
    }
  }

  /// Every path: pointwise, merged taps, padding left out and multiplied, images smaller than filters,
  /// tiles along rows, columns, images and everything; all widths of panels.
  static let cases: [Case] = [
    Case(1, 1, 1, 1, 1, 1, 1), Case(2, 5, 7, 17, 1, 1, 65), Case(1, 13, 11, 65, 1, 1, 20),
    Case(3, 7, 7, 33, 1, 1, 96, stride: 2), Case(2, 8, 9, 65, 1, 1, 5, stride: 3),
    Case(1, 23, 19, 3, 7, 7, 63, stride: 2, padding: 3), Case(2, 11, 13, 1, 5, 5, 20),
    Case(1, 9, 9, 17, 3, 3, 96, padding: 1), Case(2, 7, 7, 65, 3, 3, 65, padding: 1),
    Case(9, 3, 3, 97, 3, 3, 16, padding: 1), Case(1, 31, 5, 100, 3, 3, 33, padding: 1),
    Case(1, 13, 12, 90, 3, 2, 5, stride: 2, padding: 1),
    Case(2, 10, 11, 65, 3, 3, 17, padding: 2, dilation: 2),
    Case(1, 17, 13, 3, 3, 5, 1, stride: 3, padding: 2, dilation: 2),
    Case(1, 3, 4, 5, 7, 7, 7, padding: 3), Case(1, 2, 2, 129, 5, 5, 3, padding: 4),
    Case(2, 9, 8, 100, 4, 1, 20, stride: 2, padding: 3),
    Case(1, 6, 40, 70, 1, 9, 20, padding: 8, dilation: 2),
    Case(2, 7, 9, 5, 3, 3, 7, padding: 1, groups: 3),
    Case(1, 8, 8, 33, 3, 3, 17, stride: 2, padding: 1, groups: 2),
    Case(2, 6, 5, 4, 1, 1, 20, groups: 5), Case(2, 6, 5, 1, 3, 3, 2, padding: 1, groups: 7),
    Case(1, 9, 7, 1, 3, 3, 1, padding: 1, groups: 85),
    Case(2, 11, 13, 1, 3, 3, 1, stride: 2, padding: 1, groups: 21),
    Case(1, 12, 14, 1, 5, 4, 1, stride: 3, padding: 3, dilation: 2, groups: 17),
    Case(7, 1, 5, 1, 3, 3, 2, padding: 1, groups: 7), Case(1, 1000, 1, 20, 1, 1, 30),
    Case(5, 16, 16, 16, 3, 3, 16, padding: 1),
  ]

  /// A sum of n terms, in any order, errs by at most (n + 2) roundings of its terms' magnitudes.
  private func expectEqual(
    _ found: [Float], _ expected: ConvolutionDefinition.Result, terms: Int, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let scale = 0x1p-24 * Double(terms + 2) * 1.01
    let worst = found.indices.max { a, b in
      func excess(_ i: Int) -> Double {
        let error = (Double(found[i]) - expected.values[i]).magnitude
        return error.isNaN ? .infinity : error - scale * expected.magnitudes[i]
      }
      return excess(a) < excess(b)
    }
    #expect(found.count == expected.values.count, "\(name)", sourceLocation: sourceLocation)
    guard let worst else { return }
    let error = (Double(found[worst]) - expected.values[worst]).magnitude
    #expect(
      error <= scale * expected.magnitudes[worst],
      "\(name): element \(worst) is \(found[worst]), expected \(expected.values[worst])",
      sourceLocation: sourceLocation)
  }

  @Test(arguments: cases)
  func equalsTheDefinition(_ c: Case) throws {
    let definition = ConvolutionDefinition(
      geometry: c.geometry, outputs: c.outputs, groups: c.groups)
    let x = normalNumbers(definition.imageCount, seed: 1)
    let filter = normalNumbers(definition.filterCount, seed: 2)
    let dy = normalNumbers(definition.resultCount, seed: 3)
    let y = definition.convolve(x, filter)
    let dx = definition.inputGradient(dy, filter)
    let gradient = definition.filterGradient(x, dy)
    for set in InstructionSet.available {
      let passes = try #require(Passes(c, set))
      expectEqual(passes.convolve(x, filter), y, terms: c.geometry.patchSize, "\(set), output")
      expectEqual(
        passes.inputGradient(dy, filter), dx,
        terms: c.geometry.filterHeight * c.geometry.filterWidth * c.outputs, "\(set), input")
      expectEqual(
        passes.filterGradient(x, dy), gradient, terms: c.geometry.patchCount, "\(set), filter")
    }
  }

  @Test(arguments: cases)
  func gradientsAreAdded(_ c: Case) throws {
    let definition = ConvolutionDefinition(
      geometry: c.geometry, outputs: c.outputs, groups: c.groups)
    let x = normalNumbers(definition.imageCount, seed: 1)
    let dy = normalNumbers(definition.resultCount, seed: 3)
    let start = normalNumbers(definition.filterCount, seed: 4)
    var expected = definition.filterGradient(x, dy)
    for i in start.indices {
      expected.values[i] += Double(start[i])
      expected.magnitudes[i] += Double(start[i].magnitude)
    }
    let passes = try #require(Passes(c, .best))
    expectEqual(
      passes.filterGradient(x, dy, addedTo: start), expected, terms: c.geometry.patchCount + 1,
      "filter")
  }

  /// Bias, residual and rectifier inside the pass: the bits of the same steps taken after it, since
  /// each is one rounding in the same order.
  @Test(arguments: cases, [false, true])
  func fusedStepsEqualSeparateOnes(_ c: Case, rectifies: Bool) throws {
    let passes = try #require(Passes(c, .best))
    let definition = ConvolutionDefinition(
      geometry: c.geometry, outputs: c.outputs, groups: c.groups)
    let x = normalNumbers(definition.imageCount, seed: 1)
    let filter = normalNumbers(definition.filterCount, seed: 2)
    let columns = c.outputs * c.groups
    let bias = normalNumbers(columns, seed: 5)
    let residual = normalNumbers(definition.resultCount, seed: 6)
    let plain = passes.convolve(x, filter)
    func step(_ i: Int, _ usesBias: Bool, _ usesResidual: Bool) -> Float {
      var value = plain[i]
      if usesBias { value += bias[i % columns] }
      if usesResidual { value += residual[i] }
      return rectifies && !(value > 0) ? 0 : value
    }
    for (usesBias, usesResidual) in [(true, false), (false, true), (true, true)] {
      let fused = passes.convolve(
        x, filter, bias: usesBias ? bias : nil, residual: usesResidual ? residual : nil,
        rectifies: rectifies)
      #expect(fused == plain.indices.map { step($0, usesBias, usesResidual) })
    }
  }

  @Test(arguments: [
    Case(2, 28, 28, 64, 3, 3, 96, padding: 1), Case(1, 14, 14, 300, 1, 1, 200),
    Case(4, 30, 30, 3, 7, 7, 64, stride: 2, padding: 3), Case(1, 56, 56, 48, 1, 1, 64),
    Case(2, 28, 28, 1, 3, 3, 1, padding: 1, groups: 130),
    Case(2, 20, 20, 20, 3, 3, 32, stride: 2, padding: 1, groups: 4),
  ])
  func doesNotDependOnTheThreadCount(_ c: Case) throws {
    let definition = ConvolutionDefinition(
      geometry: c.geometry, outputs: c.outputs, groups: c.groups)
    let x = normalNumbers(definition.imageCount, seed: 1)
    let filter = normalNumbers(definition.filterCount, seed: 2)
    let dy = normalNumbers(definition.resultCount, seed: 3)
    let passes = try #require(Passes(c, .best))
    let results = [1, 2, 3].map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        (passes.convolve(x, filter) + passes.inputGradient(dy, filter)
          + passes.filterGradient(x, dy)).map(\.bitPattern)
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test(arguments: [
    Case(0, 5, 5, 3, 3, 3, 4), Case(1, 2, 2, 3, 3, 3, 4), Case(1, 5, 5, 3, 3, 3, 0),
    Case(1, 5, 5, 0, 3, 3, 4), Case(2, 3, 3, 2, 9, 9, 3, stride: 5, padding: 2),
  ])
  func emptySumsAreZero(_ c: Case) throws {
    let definition = ConvolutionDefinition(
      geometry: c.geometry, outputs: c.outputs, groups: c.groups)
    let x = normalNumbers(definition.imageCount, seed: 1)
    let filter = normalNumbers(definition.filterCount, seed: 2)
    let dy = normalNumbers(definition.resultCount, seed: 3)
    for set in InstructionSet.available {
      let passes = try #require(Passes(c, set))
      #expect(passes.convolve(x, filter).allSatisfy { $0 == 0 })
      #expect(passes.inputGradient(dy, filter).allSatisfy { $0 == 0 })
      #expect(passes.filterGradient(x, dy).allSatisfy { $0 == 0 })
    }
  }

  /// Taps that lie side by side are copied at an image's borders only, and here nothing is padded.
  @Test func scratchIsForTheBorders() throws {
    let geometry = ConvolutionGeometry(
      batch: 64, height: 12, width: 12, channels: 20, filterHeight: 5, filterWidth: 5)
    let convolution = try #require(DirectConvolution(geometry, outputs: 50))
    // 16 parts of up to 384 positions, each with 5 pointers or 25 where taps are not merged.
    #expect(convolution.scratchCount < 16 * 384 * 2 * 25 + 16 * 1024)
  }
}

/// The passes of one convolution on arrays. What they overwrite begins as NaN.
private struct Passes {
  let convolution: DirectConvolution
  let c: DirectConvolutionTests.Case

  init?(_ c: DirectConvolutionTests.Case, _ set: InstructionSet) {
    guard
      let convolution = DirectConvolution(
        c.geometry, outputs: c.outputs, groups: c.groups, instructionSet: set)
    else { return nil }
    self.convolution = convolution
    self.c = c
  }

  func convolve(
    _ x: [Float], _ filter: [Float], bias: [Float]? = nil, residual: [Float]? = nil,
    rectifies: Bool = false
  ) -> [Float] {
    let packed = filled(convolution.packedCount) { convolution.pack(filter.span, into: &$0) }
    return pass(c.geometry.patchCount * c.outputs * c.groups, scratch: convolution.scratchCount) {
      scratch, y in
      switch (bias, residual) {
      case (nil, nil):
        convolution.convolve(
          x.span, packed.span, rectifies: rectifies, scratch: &scratch, into: &y)
      case (let bias?, nil):
        convolution.convolve(
          x.span, packed.span, bias: bias.span, rectifies: rectifies, scratch: &scratch, into: &y)
      case (nil, let residual?):
        convolution.convolve(
          x.span, packed.span, residual: residual.span, rectifies: rectifies, scratch: &scratch,
          into: &y)
      case (let bias?, let residual?):
        convolution.convolve(
          x.span, packed.span, bias: bias.span, residual: residual.span, rectifies: rectifies,
          scratch: &scratch, into: &y)
      }
    }
  }

  func inputGradient(_ dy: [Float], _ filter: [Float]) -> [Float] {
    let packed = filled(convolution.gradientPackedCount) {
      convolution.packForInputGradient(filter.span, into: &$0)
    }
    return pass(
      c.geometry.imageCount * c.groups, scratch: convolution.inputGradientScratchCount
    ) { scratch, dx in
      convolution.inputGradient(dy.span, packed.span, scratch: &scratch, into: &dx)
    }
  }

  func filterGradient(_ x: [Float], _ dy: [Float], addedTo start: [Float]? = nil) -> [Float] {
    pass(
      c.geometry.patchSize * c.outputs * c.groups,
      scratch: convolution.filterGradientScratchCount, from: start
    ) { scratch, gradient in
      convolution.filterGradient(
        x.span, dy.span, accumulates: start != nil, scratch: &scratch, into: &gradient)
    }
  }

  private func filled(_ count: Int, _ body: (inout MutableSpan<Float>) -> Void) -> [Float] {
    var numbers = [Float](repeating: .nan, count: count)
    var span = numbers.mutableSpan
    body(&span)
    return numbers
  }

  private func pass(
    _ count: Int, scratch scratchCount: Int, from start: [Float]? = nil,
    _ body: (_ scratch: inout MutableSpan<Float>, _ result: inout MutableSpan<Float>) -> Void
  ) -> [Float] {
    var result = start ?? [Float](repeating: .nan, count: count)
    var scratch = [Float](repeating: .nan, count: scratchCount)
    var scratchSpan = scratch.mutableSpan
    var span = result.mutableSpan
    body(&scratchSpan, &span)
    return result
  }
}

import AddendKernels
import AddendTestSupport
import Testing

/// Every instruction set that this machine runs gives the bits of the scalar one, tails included.
struct FloatVariantTests {
  static let counts = [0, 1, 15, 16, 17, 33, 1000]
  static let columns = [1, 3, 4, 15, 16, 17, 33, 50]
  static let variants = InstructionSet.available.dropFirst().map { FloatKernels($0) }
  static let functions: [ActivationFunction] =
    [
      .relu, .leakyReLU(slope: 0.125), .sigmoid, .tanh, .gelu, .swish, .hardTanh,
    ] + KTanHFunction.allCases.map { .kTanH($0) }

  /// `outputs` of each variant, bit for bit as those of the scalar set.
  private func expectEqualBits(
    _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ outputs: (FloatKernels) -> [Float]
  ) {
    let expected = outputs(FloatKernels(.scalar)).map(\.bitPattern)
    for variant in Self.variants {
      #expect(
        outputs(variant).map(\.bitPattern) == expected, "\(name), \(variant.instructionSet)",
        sourceLocation: sourceLocation)
    }
  }

  /// What `body` makes of `start`.
  private func changed(_ start: [Float], _ body: (inout MutableSpan<Float>) -> Void) -> [Float] {
    var copy = start
    var span = copy.mutableSpan
    body(&span)
    return copy
  }

  @Test(arguments: counts)
  func elements(count: Int) {
    // Magnitudes up to 50 reach the saturated ends of the functions.
    let x = normalNumbers(count, seed: 1).map { $0 * 12 }
    let y = normalNumbers(count, seed: 2)
    let z = normalNumbers(count, seed: 3)
    expectEqualBits("fill") { k in changed(y) { k.fill(&$0, with: 0.7) } }
    expectEqualBits("addScaled") { k in changed(y) { k.addScaled(0.7, x.span, to: &$0) } }
    expectEqualBits("scale") { k in changed(y) { k.scale(&$0, by: 0.7) } }
    expectEqualBits("multiply") { k in changed(y) { k.multiply(&$0, by: x.span) } }
    expectEqualBits("sumOfSquares") { k in
      let bits = k.sumOfSquares(x.span).bitPattern
      return [Float(bitPattern: UInt32(truncatingIfNeeded: bits)), Float(bits >> 32)]
    }
    expectEqualBits("squaredError") { k in
      var loss = 0.0
      return changed(y) {
        loss = k.squaredError(x.span, targets: z.span, weight: 0.3, gradient: &$0)
      } + [Float(loss)]
    }
    expectEqualBits("blend") { k in
      changed(y) { k.blend(x.span, z.span, share: y.span, into: &$0) }
    }
    expectEqualBits("blendGradient") { k in
      var (dh, dt) = (z, z)
      var first = dh.mutableSpan
      var second = dt.mutableSpan
      return changed(y) {
        k.blendGradient(x.span, z.span, share: y.span, dy: x.span, into: &$0, &first, &second)
      } + dh + dt
    }
    expectEqualBits("ranks") { k in
      // Whole numbers: many are equal.
      let x = x.map { $0.rounded() }
      let ranks = [1, 3].flatMap { rank in
        x.indices.map { Float(k.isRanked(within: rank, column: $0, of: x.span) ? 1 : 0) }
      }
      return ranks + [Float(k.indexOfLargest(x.span))]
    }
    expectEqualBits("exponential") { k in changed(y) { k.exponential(x.span, into: &$0) } }
    expectEqualBits("errorFunction") { k in changed(y) { k.errorFunction(x.span, into: &$0) } }
    for function in Self.functions {
      expectEqualBits("\(function)") { k in changed(y) { k.activate(function, x.span, into: &$0) } }
      expectEqualBits("\(function) gradient") { k in
        changed(y) { k.activationGradient(function, x: x.span, y: y.span, dy: z.span, into: &$0) }
      }
    }
    for looksAhead in [false, true] {
      expectEqualBits("momentum") { k in
        var velocity = z
        var span = velocity.mutableSpan
        return changed(y) {
          k.momentumUpdate(
            &$0, gradient: x.span, velocity: &span, learningRate: 0.1, momentum: 0.9,
            weightDecay: 0.01, looksAhead: looksAhead)
        } + velocity
      }
    }
    let largest = FloatKernels.AdaMaxFactors(
      rate: 0.1, epsilon: 1e-3, decay: 0.1, first: 0.9, second: 0.99)
    expectEqualBits("adaMax") { k in
      var (first, second) = (z, x.map(\.magnitude))
      var firstSpan = first.mutableSpan
      var secondSpan = second.mutableSpan
      return changed(y) {
        k.adaMaxUpdate(
          &$0, gradient: x.span, firstMoment: &firstSpan, largest: &secondSpan, largest)
      } + first + second
    }
    let factors = FloatKernels.AdamFactors(
      rate: 0.1, scale: 1.5, epsilon: 1e-3, decay: 0.1, kept: 0.99, first: 0.9, second: 0.99)
    expectEqualBits("adam") { k in
      var (first, second) = (z, x.map(\.magnitude))
      var firstSpan = first.mutableSpan
      var secondSpan = second.mutableSpan
      return changed(y) {
        k.adamUpdate(
          &$0, gradient: x.span, firstMoment: &firstSpan, secondMoment: &secondSpan, factors)
      } + first + second
    }
  }

  @Test(arguments: columns, [1, 7, 40])
  func rows(columns: Int, rows: Int) {
    let x = normalNumbers(rows * columns, seed: 1)
    let y = normalNumbers(rows * columns, seed: 2)
    let (a, b) = (normalNumbers(columns, seed: 3), normalNumbers(columns, seed: 4))
    let (c, d) = (normalNumbers(columns, seed: 5), normalNumbers(columns, seed: 6))
    expectEqualBits("addRow") { k in changed(y) { k.addRow(a.span, toEachRowOf: &$0) } }
    expectEqualBits("columnSums") { k in changed(a) { k.addColumnSums(of: x.span, to: &$0) } }
    expectEqualBits("softmax") { k in
      changed(y) { k.softmax(x.span, columns: columns, into: &$0) }
    }
    let classes = (0..<rows).map { Int32($0 % (columns + 1)) - 1 }
    expectEqualBits("crossEntropy") { k in
      var loss = 0.0
      return changed(x) {
        loss = k.softmaxCrossEntropy(
          &$0, columns: columns, classes: classes.span, smoothing: 0.1, weight: 0.5)
      } + [Float(loss)]
    }
    expectEqualBits("squaredHinge") { k in
      var loss = 0.0
      return changed(y) {
        loss = k.squaredHinge(
          x.span, columns: columns, classes: classes.span, weight: 0.3, gradient: &$0)
      } + [Float(loss)]
    }
    let perRow = (normalNumbers(rows, seed: 7), normalNumbers(rows, seed: 8))
    expectEqualBits("normalizeRows") { k in
      var (mean, inverse) = perRow
      var meanSpan = mean.mutableSpan
      var inverseSpan = inverse.mutableSpan
      return changed(y) {
        k.normalizeRows(
          x.span, epsilon: 1e-3, scale: a.span, shift: b.span, into: &$0, mean: &meanSpan,
          inverseDeviation: &inverseSpan)
      } + mean + inverse
    }
    expectEqualBits("rowNormalizationGradient") { k in
      var (scaleGradient, shiftGradient) = (c, d)
      var scaleSpan = scaleGradient.mutableSpan
      var shiftSpan = shiftGradient.mutableSpan
      return changed(x) {
        k.rowNormalizationGradient(
          x: x.span, dy: y.span, mean: perRow.0.span, inverseDeviation: perRow.1.span,
          scale: c.span, into: &$0, scaleGradient: &scaleSpan, shiftGradient: &shiftSpan)
      } + scaleGradient + shiftGradient
    }
    expectEqualBits("moments") { k in
      var variance = b
      var span = variance.mutableSpan
      return changed(a) { k.columnMoments(of: x.span, mean: &$0, variance: &span) } + variance
    }
    expectEqualBits("normalize") { k in
      changed(y) {
        k.normalize(
          x.span, mean: a.span, inverseDeviation: b.span, scale: c.span, shift: d.span, into: &$0)
      }
    }
    expectEqualBits("normalizationGradient") { k in
      var (scaleGradient, shiftGradient) = (c, d)
      var scaleSpan = scaleGradient.mutableSpan
      var shiftSpan = shiftGradient.mutableSpan
      return changed(x) {
        k.normalizationGradient(
          x: x.span, dy: y.span, mean: a.span, inverseDeviation: b.span, scale: c.span, into: &$0,
          scaleGradient: &scaleSpan, shiftGradient: &shiftSpan)
      } + scaleGradient + shiftGradient
    }
  }

  @Test(arguments: columns)
  func windows(channels: Int) {
    let g = ConvolutionGeometry(
      batch: 2, height: 7, width: 6, channels: channels, filterHeight: 3, filterWidth: 2,
      stride: 2, padding: 1)
    let x = normalNumbers(g.imageCount, seed: 1)
    let dy = normalNumbers(g.patchCount * channels, seed: 2)
    let rows = normalNumbers(g.patchCount * g.patchSize, seed: 3)
    var choices = dy.map { _ in Int32(0) }
    expectEqualBits("maxPool") { k in
      var span = choices.mutableSpan
      return changed(dy) { k.maxPool(x.span, g, into: &$0, choices: &span) }
        + choices.map(Float.init)
    }
    for k in [FloatKernels(.scalar)] + Self.variants {
      let chosen = changed(dy) {
        var span = choices.mutableSpan
        k.maxPool(x.span, g, into: &$0, choices: &span)
      }
      let values = changed(dy) { k.maxPool(x.span, g, into: &$0) }
      #expect(values.map(\.bitPattern) == chosen.map(\.bitPattern), "\(k.instructionSet)")
    }
    let chosen = choices
    expectEqualBits("maxPoolGradient") { k in
      changed(x) { k.maxPoolGradient(dy.span, choices: chosen.span, g, into: &$0) }
    }
    expectEqualBits("averagePool") { k in changed(dy) { k.averagePool(x.span, g, into: &$0) } }
    expectEqualBits("averagePoolGradient") { k in
      changed(x) { k.averagePoolGradient(dy.span, g, into: &$0) }
    }
    expectEqualBits("patches") { k in changed(rows) { k.patches(of: x.span, g, into: &$0) } }
    expectEqualBits("addPatches") { k in changed(x) { k.addPatches(rows.span, g, to: &$0) } }
  }

  /// The largest pixels are the same with and without their choices: windows of 2×2, others, windows
  /// that lie in the padding, numbers that are none, and more lines than one part has.
  @Test(arguments: [
    ConvolutionGeometry(
      batch: 3, height: 9, width: 8, channels: 20, filterHeight: 2, filterWidth: 2, stride: 2),
    ConvolutionGeometry(
      batch: 2, height: 5, width: 6, channels: 17, filterHeight: 3, filterWidth: 3, stride: 2,
      padding: 4, dilation: 2),
    ConvolutionGeometry(
      batch: 2, height: 40, width: 31, channels: 33, filterHeight: 2, filterWidth: 2, padding: 1),
  ])
  func largestPixelsNeedNoChoices(_ geometry: ConvolutionGeometry) {
    var x = normalNumbers(geometry.imageCount, seed: 1)
    for i in stride(from: 0, to: x.count, by: 37) { x[i] = .nan }
    let start = [Float](repeating: 7, count: geometry.patchCount * geometry.channels)
    var choices = start.map { _ in Int32(0) }
    for k in [FloatKernels(.scalar)] + Self.variants {
      let expected = changed(start) {
        var span = choices.mutableSpan
        k.maxPool(x.span, geometry, into: &$0, choices: &span)
      }
      for threads in [1, 3] {
        let values = ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
          changed(start) { k.maxPool(x.span, geometry, into: &$0) }
        }
        #expect(
          values.map(\.bitPattern) == expected.map(\.bitPattern),
          "\(k.instructionSet), \(threads) threads")
      }
    }
  }
}

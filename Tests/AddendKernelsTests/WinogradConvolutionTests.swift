import AddendKernels
import AddendTestSupport
import Testing

/// Winograd's convolution and its gradients keep the errors that they state, in every instruction set.
struct WinogradConvolutionTests {
  /// A convolution with its data.
  struct Case: CustomStringConvertible {
    var geometry: ConvolutionGeometry
    var outputs: Int
    var description: String {
      "\(geometry.batch)×\(geometry.height)×\(geometry.width)×\(geometry.channels)→\(outputs), "
        + "padding \(geometry.padding)"
    }

    init(_ batch: Int, _ height: Int, _ width: Int, _ channels: Int, _ outputs: Int, _ padding: Int)
    {
      geometry = ConvolutionGeometry(
        batch: batch, height: height, width: width, channels: channels, filterHeight: 3,
        filterWidth: 3, padding: padding)
      self.outputs = outputs
    }

    var resultCount: Int { geometry.patchCount * outputs }
    var x: [Float] { normalNumbers(geometry.imageCount, seed: 1) }
    var filter: [Float] { normalNumbers(geometry.patchSize * outputs, seed: 2) }
    var dy: [Float] { normalNumbers(resultCount, seed: 3) }
  }

  /// All heights and widths from 1 to 15, channels and outputs that leave parts of vectors and of
  /// panels, batches whose tiles one block holds and does not.
  static let cases: [Case] =
    (1...15).flatMap { size in
      (0...2).compactMap { padding in
        let (channels, outputs) = ([1, 3, 17, 65, 64], [1, 5, 63, 65, 96])
        let turn = size + 3 * padding
        let made = Case(
          1 + turn % 5, size, 1 + (size * 7 + padding) % 15, channels[turn % 5],
          outputs[(size / 2 + padding) % 5], padding)
        return made.geometry.patchCount > 0 ? made : nil
      }
    } + [
      // Transforms cut into ranges of tiles on either side, and blocks that read a small filter each.
      Case(4, 15, 15, 17, 130, 1), Case(4, 15, 15, 130, 17, 1), Case(1, 31, 32, 16, 20, 1),
    ]

  // MARK: the definitions, in Double

  /// Calls `body` with the indices of every pixel, tap and result that meet.
  static func forEachProduct(
    _ geometry: ConvolutionGeometry, _ body: (_ pixel: Int, _ tap: Int, _ result: Int) -> Void
  ) {
    var result = 0
    for image in 0..<geometry.batch {
      for row in 0..<geometry.outputHeight {
        for column in 0..<geometry.outputWidth {
          for tap in 0..<9 {
            let y = geometry.source(output: row, tap: tap / 3)
            let x = geometry.source(output: column, tap: tap % 3)
            if 0..<geometry.height ~= y && 0..<geometry.width ~= x {
              body((image * geometry.height + y) * geometry.width + x, tap, result)
            }
          }
          result += 1
        }
      }
    }
  }

  static func convolved(_ x: [Float], _ filter: [Float], _ test: Case) -> [Double] {
    let (channels, outputs) = (test.geometry.channels, test.outputs)
    let (x, filter) = (x.map(Double.init), filter.map(Double.init))
    var y = [Double](repeating: 0, count: test.resultCount)
    forEachProduct(test.geometry) { pixel, tap, result in
      for c in 0..<channels {
        let value = x[pixel * channels + c]
        let row = (tap * channels + c) * outputs
        for k in 0..<outputs { y[result * outputs + k] += value * filter[row + k] }
      }
    }
    return y
  }

  static func inputGradient(_ dy: [Float], _ filter: [Float], _ test: Case) -> [Double] {
    let (channels, outputs) = (test.geometry.channels, test.outputs)
    let (dy, filter) = (dy.map(Double.init), filter.map(Double.init))
    var dx = [Double](repeating: 0, count: test.geometry.imageCount)
    forEachProduct(test.geometry) { pixel, tap, result in
      for c in 0..<channels {
        let row = (tap * channels + c) * outputs
        var sum = 0.0
        for k in 0..<outputs { sum += dy[result * outputs + k] * filter[row + k] }
        dx[pixel * channels + c] += sum
      }
    }
    return dx
  }

  static func filterGradient(_ x: [Float], _ dy: [Float], _ test: Case) -> [Double] {
    let (channels, outputs) = (test.geometry.channels, test.outputs)
    let (x, dy) = (x.map(Double.init), dy.map(Double.init))
    var gradient = [Double](repeating: 0, count: 9 * channels * outputs)
    forEachProduct(test.geometry) { pixel, tap, result in
      for c in 0..<channels {
        let value = x[pixel * channels + c]
        let row = (tap * channels + c) * outputs
        for k in 0..<outputs { gradient[row + k] += value * dy[result * outputs + k] }
      }
    }
    return gradient
  }

  // MARK: the kernels

  static func convolve(
    _ convolution: WinogradConvolution, _ x: [Float], _ filter: [Float], bias: [Float]? = nil,
    residual: [Float]? = nil, rectifies: Bool = false
  ) -> [Float] {
    var packed = [Float](repeating: .nan, count: convolution.packedCount)
    var packedSpan = packed.mutableSpan
    convolution.pack(filter.span, into: &packedSpan)
    // Scratch memory of any content.
    var scratch = [Float](repeating: .nan, count: convolution.scratchCount)
    var scratchSpan = scratch.mutableSpan
    var y = [Float](
      repeating: .nan, count: convolution.geometry.patchCount * convolution.outputs)
    var span = y.mutableSpan
    convolution.convolve(
      x.span, packed.span, bias: bias?.span, residual: residual?.span, rectifies: rectifies,
      scratch: &scratchSpan, into: &span)
    return y
  }

  static func inputGradient(
    _ convolution: WinogradConvolution, _ dy: [Float], _ filter: [Float]
  ) -> [Float] {
    var packed = [Float](repeating: .nan, count: convolution.gradientPackedCount)
    var packedSpan = packed.mutableSpan
    convolution.packForInputGradient(filter.span, into: &packedSpan)
    var scratch = [Float](repeating: .nan, count: convolution.inputGradientScratchCount)
    var scratchSpan = scratch.mutableSpan
    var dx = [Float](repeating: .nan, count: convolution.geometry.imageCount)
    var span = dx.mutableSpan
    convolution.inputGradient(dy.span, packed.span, scratch: &scratchSpan, into: &span)
    return dx
  }

  static func filterGradient(
    _ convolution: WinogradConvolution, _ x: [Float], _ dy: [Float], addingTo start: [Float]? = nil
  ) -> [Float] {
    var scratch = [Float](repeating: .nan, count: convolution.filterGradientScratchCount)
    var scratchSpan = scratch.mutableSpan
    let count = convolution.geometry.patchSize * convolution.outputs
    var gradient = start ?? [Float](repeating: .nan, count: count)
    var span = gradient.mutableSpan
    convolution.filterGradient(
      x.span, dy.span, accumulates: start != nil, scratch: &scratchSpan, into: &span)
    return gradient
  }

  // MARK: bounds

  static func greatest(_ values: [Float]) -> Double {
    Double(values.reduce(0) { max($0, $1.magnitude) })
  }

  /// The greatest over outputs of `Σ_c max|g_c|`, and over channels of `Σ_k max|g_k|`.
  static func filterSums(_ filter: [Float], _ test: Case) -> (outputs: Double, channels: Double) {
    let (channels, outputs) = (test.geometry.channels, test.outputs)
    var sums = ([Double](repeating: 0, count: outputs), [Double](repeating: 0, count: channels))
    for c in 0..<channels {
      for k in 0..<outputs {
        let most = (0..<9).map { filter[($0 * channels + c) * outputs + k].magnitude }.max() ?? 0
        sums.0[k] += Double(most)
        sums.1[c] += Double(most)
      }
    }
    return (sums.0.max() ?? 0, sums.1.max() ?? 0)
  }

  @Test(arguments: WinogradConvolution.Tile.allCases, cases)
  func errorsStayWithinTheBounds(tile: WinogradConvolution.Tile, test: Case) throws {
    let (x, filter, dy) = (test.x, test.filter, test.dy)
    let y = Self.convolved(x, filter, test)
    let dx = Self.inputGradient(dy, filter, test)
    let gradient = Self.filterGradient(x, dy, test)
    let sums = Self.filterSums(filter, test)
    let (xMost, dyMost) = (Self.greatest(x), Self.greatest(dy))
    for set in InstructionSet.available {
      let convolution = try #require(
        WinogradConvolution(test.geometry, outputs: test.outputs, tile: tile, using: set))
      #expect(
        mismatch(
          Self.convolve(convolution, x, filter), y,
          within: convolution.errorFactor(.output) * xMost * sums.outputs) == nil, "\(set)")
      #expect(
        mismatch(
          Self.inputGradient(convolution, dy, filter), dx,
          within: convolution.errorFactor(.inputGradient) * dyMost * sums.channels) == nil,
        "\(set)")
      #expect(
        mismatch(
          Self.filterGradient(convolution, x, dy), gradient,
          within: convolution.errorFactor(.filterGradient) * xMost * dyMost) == nil, "\(set)")
    }
  }

  /// The root mean square and the greatest error, both over the root mean square of `exact`.
  static func relativeErrors(_ found: [Float], _ exact: [Double]) -> (rms: Double, most: Double) {
    let errors = zip(found, exact).map { Double($0) - $1 }
    let size = (exact.reduce(0) { $0 + $1 * $1 } / Double(exact.count)).squareRoot()
    let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    return (rms / size, errors.reduce(0) { max($0, $1.magnitude) } / size)
  }

  /// The bounds hold for the worst inputs; ordinary ones have the errors that the documentation states,
  /// to which the order of fused operations adds or takes a little: twice them are an outright mistake.
  @Test(arguments: [
    (WinogradConvolution.Tile.four, 64, 8e-7, 8e-6), (.four, 256, 1.4e-6, 1e-5),
    (.four, 512, 2.2e-6, 1.4e-5), (.two, 64, 2.7e-7, 1.2e-6), (.two, 256, 5.1e-7, 2.4e-6),
    (.two, 512, 7.5e-7, 3.3e-6),
  ])
  func errorsOfNormalDataAreAsStated(
    tile: WinogradConvolution.Tile, channels: Int, rms: Double, most: Double
  ) throws {
    let test = Case(1, 15, 15, channels, 32, 1)
    let turned = Case(1, 15, 15, 32, channels, 1)
    let exact = Self.convolved(test.x, test.filter, test)
    let exactTurned = Self.inputGradient(turned.dy, turned.filter, turned)
    for set in InstructionSet.available {
      let convolution = try #require(
        WinogradConvolution(test.geometry, outputs: test.outputs, tile: tile, using: set))
      let forward = Self.relativeErrors(
        Self.convolve(convolution, test.x, test.filter), exact)
      #expect(forward.rms < 2 * rms && forward.most < 2 * most, "\(set)")
      let other = try #require(
        WinogradConvolution(turned.geometry, outputs: turned.outputs, tile: tile, using: set))
      let backward = Self.relativeErrors(
        Self.inputGradient(other, turned.dy, turned.filter), exactTurned)
      #expect(backward.rms < 2 * rms && backward.most < 2 * most, "\(set)")
    }
  }

  /// The same of the filter's gradient, whose sums are as long as there are tiles: 64 and 256 here.
  @Test(arguments: [(WinogradConvolution.Tile.four, 7.8e-7), (.two, 3.5e-7)])
  func errorsOfNormalGradientsAreAsStated(tile: WinogradConvolution.Tile, stated: Double) throws {
    let test = Case(4, 15, 15, 64, 32, 1)
    let exact = Self.filterGradient(test.x, test.dy, test)
    for set in InstructionSet.available {
      let convolution = try #require(
        WinogradConvolution(test.geometry, outputs: test.outputs, tile: tile, using: set))
      let gradient = Self.filterGradient(convolution, test.x, test.dy)
      #expect(Self.relativeErrors(gradient, exact).rms < 2 * stated, "\(set)")
    }
  }

  /// `⟨dy, conv(x, w)⟩ = ⟨dx, x⟩ = ⟨dw, w⟩` but for the rounding that the bounds allow.
  @Test(
    arguments: WinogradConvolution.Tile.allCases,
    [Case(3, 9, 14, 17, 63, 0), Case(2, 5, 7, 33, 20, 2)])
  func gradientsAreAdjoints(tile: WinogradConvolution.Tile, test: Case) throws {
    func product(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    func magnitude(_ a: [Float]) -> Double { a.reduce(0) { $0 + Double($1.magnitude) } }
    let (x, filter, dy) = (test.x, test.filter, test.dy)
    let convolution = try #require(
      WinogradConvolution(test.geometry, outputs: test.outputs, tile: tile))
    let sums = Self.filterSums(filter, test)
    let (xMost, dyMost) = (Self.greatest(x), Self.greatest(dy))
    let result = product(dy, Self.convolve(convolution, x, filter))
    let input = product(Self.inputGradient(convolution, dy, filter), x)
    let weight = product(Self.filterGradient(convolution, x, dy), filter)
    let allowed = convolution.errorFactor(.output) * xMost * sums.outputs * magnitude(dy)
    #expect(
      abs(result - input)
        <= allowed + convolution.errorFactor(.inputGradient) * dyMost * sums.channels * magnitude(x)
    )
    #expect(
      abs(result - weight)
        <= allowed + convolution.errorFactor(.filterGradient) * xMost * dyMost * magnitude(filter))
  }

  @Test(arguments: [
    Case(1, 13, 15, 17, 65, 1), Case(5, 15, 14, 20, 33, 1), Case(9, 15, 15, 3, 70, 2),
    Case(4, 15, 15, 130, 17, 1), Case(1, 31, 32, 16, 20, 1),
  ])
  func threadsDoNotShow(test: Case) throws {
    let (x, filter, dy) = (test.x, test.filter, test.dy)
    let convolution = try #require(WinogradConvolution(test.geometry, outputs: test.outputs))
    let results = (1...3).map { threads in
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        [
          Self.convolve(convolution, x, filter), Self.inputGradient(convolution, dy, filter),
          Self.filterGradient(convolution, x, dy),
        ].map { $0.map(\.bitPattern) }
      }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test(arguments: InstructionSet.available, [Case(2, 9, 7, 17, 37, 1), Case(5, 15, 15, 3, 16, 1)])
  func fusedStepsAreTheSeparateOnes(set: InstructionSet, test: Case) throws {
    let (x, filter, residual) = (test.x, test.filter, test.dy)
    let bias = normalNumbers(test.outputs, seed: 4)
    for tile in WinogradConvolution.Tile.allCases {
      let convolution = try #require(
        WinogradConvolution(test.geometry, outputs: test.outputs, tile: tile, using: set))
      let bare = Self.convolve(convolution, x, filter)
      let added = bare.indices.map { bare[$0] + bias[$0 % test.outputs] + residual[$0] }
      #expect(
        Self.convolve(convolution, x, filter, bias: bias)
          == bare.indices.map {
            bare[$0] + bias[$0 % test.outputs]
          })
      #expect(Self.convolve(convolution, x, filter, bias: bias, residual: residual) == added)
      #expect(
        Self.convolve(convolution, x, filter, bias: bias, residual: residual, rectifies: true)
          == added.map { max($0, 0) })
    }
  }

  /// Of a batch that one block of tiles holds and of one that takes several.
  @Test(arguments: [Case(1, 15, 15, 5, 9, 1), Case(12, 15, 15, 5, 9, 1)])
  func filterGradientsAddUp(test: Case) throws {
    let (x, dy, start) = (test.x, test.dy, test.filter)
    let convolution = try #require(WinogradConvolution(test.geometry, outputs: test.outputs))
    let once = Self.filterGradient(convolution, x, dy)
    let added = Self.filterGradient(convolution, x, dy, addingTo: start)
    // Each block's sum is rounded to what has been added up so far.
    let tolerance = (Self.greatest(once) + Self.greatest(start)) * 0x1p-23 * 4
    #expect(mismatch(added, zip(once, start).map { $0 + $1 }, within: tolerance) == nil)
  }

  /// NaN and infinity are not lost on the way, nor carried beyond the tiles that hold them.
  @Test func nonFiniteInputsShow() throws {
    let test = Case(1, 15, 15, 3, 5, 1)
    let convolution = try #require(WinogradConvolution(test.geometry, outputs: test.outputs))
    var x = test.x
    x[(7 * 15 + 7) * 3] = .nan
    let y = Self.convolve(convolution, x, test.filter)
    for k in 0..<5 {
      #expect(y[(7 * 15 + 7) * 5 + k].isNaN)
      #expect(y[k].isFinite)
    }
  }

  @Test func otherConvolutionsAreRefused() {
    let usual = Case(1, 8, 8, 4, 4, 1).geometry
    func refuses(_ change: (inout ConvolutionGeometry) -> Void) -> Bool {
      var geometry = usual
      change(&geometry)
      return WinogradConvolution(geometry, outputs: 4) == nil
    }
    #expect(!refuses { _ in })
    #expect(refuses { $0.stride = 2 })
    #expect(refuses { $0.dilation = 2 })
    #expect(refuses { $0.padding = 3 })
    #expect(refuses { $0.filterWidth = 1 })
    #expect(refuses { $0.filterHeight = 5 })
    #expect(refuses { $0.batch = 0 })
    #expect(refuses { $0.channels = 0 })
    #expect(
      refuses {
        $0.height = 1; $0.padding = 0
      })
    #expect(WinogradConvolution(usual, outputs: 0) == nil)
  }
}

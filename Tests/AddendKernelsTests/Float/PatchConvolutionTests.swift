import AddendKernels
import AddendTestSupport
import Testing

/// Convolutions by patches are the definition's up to rounding, on any number of threads.
struct PatchConvolutionTests {
  static let geometries = [
    ConvolutionGeometry(
      batch: 1, height: 12, width: 12, channels: 20, filterHeight: 5, filterWidth: 5),
    ConvolutionGeometry(
      batch: 5, height: 9, width: 7, channels: 3, filterHeight: 3, filterWidth: 2, stride: 2,
      padding: 1),
    ConvolutionGeometry(
      batch: 2, height: 11, width: 40, channels: 65, filterHeight: 3, filterWidth: 3, padding: 2,
      dilation: 2),
    ConvolutionGeometry(
      batch: 3, height: 1, width: 1, channels: 1, filterHeight: 1, filterWidth: 1),
  ]

  @Test(arguments: geometries, [1, 17, 50])
  func agreesWithTheDefinition(_ geometry: ConvolutionGeometry, outputs: Int) {
    let definition = ConvolutionDefinition(geometry: geometry, outputs: outputs, groups: 1)
    let x = normalNumbers(definition.imageCount, seed: 1)
    let filter = normalNumbers(definition.filterCount, seed: 2)
    let bias = normalNumbers(outputs, seed: 3)
    let residual = normalNumbers(definition.resultCount, seed: 4)
    let expected = definition.convolve(x, filter)
    for set in InstructionSet.available {
      let convolution = PatchConvolution(geometry, filter.span, outputs: outputs, using: set)
      let plain = convolve(convolution, x, count: definition.resultCount)
      // As many roundings as the sum has terms, and one of each product, for each term at most.
      let unit = Double(geometry.patchSize + 1) * 0x1p-24
      for i in plain.indices {
        #expect(abs(Double(plain[i]) - expected.values[i]) <= unit * expected.magnitudes[i])
      }
      let whole = convolve(
        convolution, x, bias: bias, residual: residual, rectifies: true, count: plain.count)
      for i in whole.indices {
        let (b, r) = (Double(bias[i % outputs]), Double(residual[i]))
        let sum = expected.values[i] + b + r
        let magnitude = expected.magnitudes[i] + abs(b) + abs(r)
        #expect(abs(Double(whole[i]) - max(sum, 0)) <= (unit + 2 * 0x1p-24) * magnitude)
      }
    }
  }

  @Test(arguments: geometries)
  func threadsChangeNoBit(_ geometry: ConvolutionGeometry) {
    let outputs = 50
    let x = normalNumbers(geometry.imageCount, seed: 1)
    let filter = normalNumbers(geometry.patchSize * outputs, seed: 2)
    let convolution = PatchConvolution(geometry, filter.span, outputs: outputs)
    func result(threads: Int) -> [UInt32] {
      ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        convolve(convolution, x, count: geometry.patchCount * outputs).map(\.bitPattern)
      }
    }
    let alone = result(threads: 1)
    #expect(result(threads: 2) == alone)
    #expect(result(threads: 5) == alone)
  }

  /// Sixteen parts of 64 KiB, not the batch's patches.
  @Test func scratchDoesNotGrowWithTheBatch() {
    func scratch(batch: Int) -> Int {
      let geometry = ConvolutionGeometry(
        batch: batch, height: 12, width: 12, channels: 20, filterHeight: 5, filterWidth: 5)
      let filter = normalNumbers(geometry.patchSize * 50, seed: 1)
      return PatchConvolution(geometry, filter.span, outputs: 50).scratchCount
    }
    #expect(scratch(batch: 64) <= 16 << 14)
    #expect(scratch(batch: 256) == scratch(batch: 64))
  }

  private func convolve(
    _ convolution: PatchConvolution, _ x: [Float], bias: [Float]? = nil, residual: [Float]? = nil,
    rectifies: Bool = false, count: Int
  ) -> [Float] {
    // Scratch memory and results of any content.
    var scratch = [Float](repeating: .nan, count: convolution.scratchCount)
    var y = [Float](repeating: .nan, count: count)
    var memory = scratch.mutableSpan
    var result = y.mutableSpan
    convolution.convolve(
      x.span, bias: bias?.span, residual: residual?.span, rectifies: rectifies, scratch: &memory,
      into: &result)
    return y
  }
}

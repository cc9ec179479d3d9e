import AddendKernels
import AddendTestSupport
import Testing

/// oneDNN's convolution beside our direct one, where it is linked and takes the extents.
struct OneDNNConvolutionTests {
  @Test(arguments: [
    ConvolutionGeometry(
      batch: 5, height: 9, width: 8, channels: 16, filterHeight: 3, filterWidth: 3, padding: 1),
    ConvolutionGeometry(
      batch: 19, height: 32, width: 32, channels: 32, filterHeight: 3, filterWidth: 3, stride: 2,
      padding: 1),
    ConvolutionGeometry(
      batch: 2, height: 12, width: 11, channels: 3, filterHeight: 5, filterWidth: 4, dilation: 2),
  ])
  func agreesWithOurs(_ geometry: ConvolutionGeometry) throws {
    let outputs = 32
    guard let theirs = OneDNNConvolution(geometry, outputs: outputs) else { return }
    let ours = try #require(DirectConvolution(geometry, outputs: outputs))
    let x = normalNumbers(geometry.imageCount, seed: 1)
    let filter = normalNumbers(geometry.patchSize * outputs, seed: 2)
    var (found, expected) = (
      [Float](repeating: .nan, count: geometry.patchCount * outputs),
      [Float](repeating: .nan, count: geometry.patchCount * outputs)
    )
    let memory = AlignedBuffer<Float>(
      uninitializedCount: max(theirs.scratchCount, ours.scratchCount))
    var scratch = memory.uniqueSpan
    var result = found.mutableSpan
    theirs.convolve(x.span, packed: theirs.packed(filter.span), scratch: &scratch, into: &result)
    let packed = AlignedBuffer<Float>(uninitializedCount: ours.packedCount)
    var order = packed.uniqueSpan
    ours.pack(filter.span, into: &order)
    var definition = expected.mutableSpan
    ours.convolve(x.span, packed.span, scratch: &scratch, into: &definition)
    // Either rounds each of its terms, products of normal numbers below 32, at most twice.
    let tolerance = 2 * 0x1p-24 * 32 * Double(geometry.patchSize + 1)
    #expect(mismatch(found, expected, within: tolerance) == nil)
  }
}

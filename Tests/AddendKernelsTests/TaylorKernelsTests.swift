import AddendKernels
import AddendTestSupport
import Testing

/// Every instruction set gives the bits of the scalar one, tails included.
@Test(arguments: InstructionSet.available.dropFirst(), [1, 2, 15, 16, 17, 33, 255, 257, 700])
func taylorKernelsGiveTheScalarBits(_ set: InstructionSet, columns: Int) {
  let rows = 5
  let z = normalNumbers(rows * columns, seed: 1).map { 4 * $0 }
  let classes = (0..<rows).map { $0 == 3 ? -1 : Int32($0 % columns) }
  for order in [2, 4, 6, 8, 10] {
    let results = [set, .scalar].map { set in
      var (gradient, probabilities) = (z, z)
      var span = gradient.mutableSpan
      let loss = TaylorKernels(set).crossEntropy(
        z.span, columns: columns, order: order, classes: classes.span, weight: 0.25,
        gradient: &span)
      span = probabilities.mutableSpan
      TaylorKernels(set).softmax(z.span, columns: columns, order: order, into: &span)
      return ((gradient + probabilities).map(\.bitPattern), loss.bitPattern)
    }
    #expect(results[0] == results[1], "order \(order)")
  }
}

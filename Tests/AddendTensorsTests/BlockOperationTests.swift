import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Copies in float32 against the definition in double precision.
struct BlockOperationTests {
  @Test(arguments: [
    (1, 40_000, 0, 0), (7, 5, 9, 5), (300, 100, 100, 130), (4, 6, 6, 2), (0, 3, 3, 3), (3, 0, 1, 1),
  ])
  func blocksAreCopied(_ count: Int, _ length: Int, _ sourceStep: Int, _ targetStep: Int) {
    let source = StridedBlocks(first: 3, step: sourceStep)
    let target = StridedBlocks(first: 2, step: targetStep)
    let x = normalNumbers(3 + count * max(sourceStep, 1) + length, seed: 1)
    let y = normalNumbers(2 + count * max(targetStep, 1) + length, seed: 2)
    func copied<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> [Double] {
      let from = Tensor([x.count], x.map { Scalar(Double($0)) })
      var to = Tensor([y.count], y.map { Scalar(Double($0)) })
      var span = to.mutableSpan
      Scalar.copyBlocks(count, length: length, from: from.span, source, to: &span, target)
      return to.elements.map(\.double)
    }
    #expect(copied(Float.self) == copied(Double.self))
  }

  @Test(arguments: [1, 17, 200])
  func rowsAreGatheredAndAdded(width: Int) {
    let indices: [Int32] = [3, 0, 3, 1, 3, 4, 0]
    let table = normalNumbers(5 * width, seed: 1)
    let rows = normalNumbers(indices.count * width, seed: 2)
    var gathered = [Float](repeating: 0, count: rows.count)
    var span = gathered.mutableSpan
    Float.gatherRows(of: table.span, width: width, indices.span, into: &span)
    for (i, index) in indices.enumerated() {
      let row = Int(index) * width..<(Int(index) + 1) * width
      #expect(Array(gathered[i * width..<(i + 1) * width]) == Array(table[row]))
    }
    var (sums, expected) = (table, table)
    var sumSpan = sums.mutableSpan
    Float.addRows(rows.span, width: width, at: indices.span, to: &sumSpan)
    for (i, index) in indices.enumerated() {
      for c in 0..<width { expected[Int(index) * width + c] += rows[i * width + c] }
    }
    #expect(sums == expected)
  }

  @Test func numbersThatAreNoIndicesAreFound() {
    var indices = [Int32](repeating: 0, count: 3)
    for (numbers, place) in [
      ([0, 4, 2], nil), ([0, 5, 2], 1), ([0, 1, -1], 2), ([0.5, 1, 1], 0), ([.nan, 1, 1], 0),
    ] as [([Float], Int?)] {
      var span = indices.mutableSpan
      #expect(Float.indices(of: numbers.span, below: 5, into: &span) == place)
    }
  }
}

import AddendLinear
import AddendTensors
import Testing

private func layout(_ grid: Shape, block: Int, form: BlockLayout.Form = .tiles) -> BlockLayout {
  BlockLayout(
    MapRole(inputSize: grid.count, outputSize: 1, inputGrid: grid), blockSize: block, form: form)
}

@Test(
  arguments: [
    Shape([28, 28, 1]), [8, 6, 2], [3, 3, 1], [3, 3, 16], [5, 5, 3], [1, 7, 1],
  ], [1, 2, 3, 4, 8, 16])
func everyInputIsInOneBlock(_ grid: Shape, _ block: Int) {
  let layout = layout(grid, block: block)
  #expect(layout.positions.filter { $0 >= 0 }.sorted() == (0..<Int32(grid.count)).map(\.self))
  #expect(layout.positions.count == layout.count * block)
  #expect(layout.count == (grid.count + block - 1) / block)
  #expect((0..<layout.count).allSatisfy { layout.positions[$0 * block] >= 0 })
}

@Test func blocksOfFourPixelsAreSquares() {
  #expect(Array(layout([28, 28, 1], block: 4).positions[4..<8]) == [2, 3, 30, 31])
  #expect(Array(layout([28, 28, 1], block: 8).positions[0..<8]) == [0, 1, 2, 3, 28, 29, 30, 31])
  #expect(Array(layout([28, 28, 1], block: 4, form: .flat).positions[4..<8]) == [4, 5, 6, 7])
}

/// 3×3 pixels need four tiles of 2×2 but three runs of 4.
@Test func tilesThatNeedMoreBlocksAreNotTaken() {
  #expect(layout([3, 3, 1], block: 4) == layout([3, 3, 1], block: 4, form: .flat))
}

@Test func channelsStayTogether() {
  #expect(Array(layout([2, 2, 4], block: 4).positions[0..<4]) == [0, 1, 2, 3])
  #expect(Array(layout([2, 2, 2], block: 8).positions) == [0, 1, 2, 3, 4, 5, 6, 7])
}

import AddendNetworks
import AddendTensors
import Testing

private let outputs = Tensor<Float>(
  [4, 3],
  [
    0.1, 0.7, 0.2,
    3, 2, 1,
    5, 5, 1,
    .nan, 0, 1,
  ])

@Test func classesAmongTheLargestAreCounted() throws {
  let targets = Targets.classes([1, 2, 1, 0])
  // Row 0 is right at once, row 2 ties with an earlier column, row 1 comes last, NaN never comes.
  #expect(try targets.correctCount(in: outputs) == 1)
  #expect(try targets.correctCount(in: outputs, within: 2) == 2)
  #expect(try targets.correctCount(in: outputs, within: 3) == 3)
}

@Test func ignoredRowsAreNotCounted() throws {
  let targets = Targets.classes([1, 0, Targets.ignored, Targets.ignored])
  #expect(try targets.correctCount(in: outputs, within: 3) == 2)
}

@Test func unfitTargetsAreRefused() {
  #expect(throws: TensorError.self) { try Targets.classes([1, 2]).correctCount(in: outputs) }
  #expect(throws: TensorError.self) { try Targets.classes([1, 2, 3, 0]).correctCount(in: outputs) }
  #expect(throws: TensorError.self) { try Targets.values(outputs).correctCount(in: outputs) }
}

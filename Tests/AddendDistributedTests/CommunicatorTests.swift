import AddendDistributed
import AddendTensors
import Testing

/// Every communicator must sum, broadcast and wait alike, whatever the number of ranks.
@Test(arguments: [1, 2, 3, 7])
func ranksSumInRankOrder(_ count: Int) throws {
  // In Float, the order of the sum shows: 1 + 2²⁴ rounds, and so does each later 1.
  let parts: [Float] = [16_777_216, 1, 1, 1, 1, 1, 1]
  let expected = parts.prefix(count).dropFirst().reduce(parts[0], +)
  let sums = try InProcessRanks.run(count) { communicator in
    #expect(communicator.worldSize == count)
    var tensor = Tensor<Float>([2], [parts[communicator.processRank], 1])
    try communicator.allReduce(&tensor)
    return tensor.elements
  }
  #expect(sums == Array(repeating: [expected, Float(count)], count: count))
}

@Test func broadcastGivesEveryoneTheRootsTensor() throws {
  let results = try InProcessRanks.run(3) { communicator in
    var tensor = Tensor<Double>([1], [Double(communicator.processRank)])
    for root in [2, 0, 1] {
      var copy = tensor
      try communicator.broadcast(&copy, from: root)
      #expect(copy.elements == [Double(root)])
    }
    try communicator.barrier()
    try communicator.broadcast(&tensor, from: 1)
    return tensor.elements[0]
  }
  #expect(results == [1, 1, 1])
}

@Test func aRankThatFailsReleasesTheOthers() {
  struct Cause: Error, Equatable {}
  #expect(throws: Cause()) {
    try InProcessRanks.run(3) { communicator in
      if communicator.processRank == 1 { throw Cause() }
      var tensor = Tensor<Float>([4])
      try communicator.allReduce(&tensor)
    }
  }
}

/// Neither an error that is caught nor an early return leaves anybody waiting.
@Test func aRankThatHasLeftIsNotWaitedFor() throws {
  let refusals = try InProcessRanks.run(3) { communicator in
    guard communicator.processRank != 1 else { return 0 }
    return (0..<3).count { _ in
      do throws(CommunicationError) {
        try communicator.barrier()
        return false
      } catch {
        return error == .rankLeft(rank: 1)
      }
    }
  }
  #expect(refusals == [3, 0, 3])
}

@Test func differentShapesAreRefused() {
  #expect(throws: CommunicationError.shapeMismatch(rank: 1, expected: [1], found: [2])) {
    try InProcessRanks.run(2) { communicator in
      var tensor = Tensor<Float>([communicator.processRank + 1])
      try communicator.allReduce(&tensor)
    }
  }
}

@Test func oneProcessAloneIsItsOwnSum() throws {
  var tensor = Tensor<Float>([2], [3, 4])
  try SingleProcess().allReduce(&tensor)
  try SingleProcess().broadcast(&tensor, from: 0)
  #expect(tensor.elements == [3, 4])
}

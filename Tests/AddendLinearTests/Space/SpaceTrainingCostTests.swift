import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// What a step of training does, counted.
struct SpaceTrainingCostTests {
  static let cases: [(text: String, inputs: Int, outputs: Int)] = [
    ("space:update=3", 8, 6), ("space:update=3,dimension=4,encoder=tree", 9, 5),
    ("space:update=3,dimension=2,rows=2,gradients=100,products=20", 7, 5),
    ("space:update=3,dimension=4,rows=4,vectors=9", 10, 7), ("space:update=3,dimension=1", 3, 1),
  ]

  /// Coding the weight anew, twice around a move of its words, coding inputs and gradients, and the
  /// three products: look-ups, additions and comparisons, and no multiplication at all.
  @Test(arguments: cases)
  func aStepMultipliesNothing(_ text: String, _ inputs: Int, _ outputs: Int) throws {
    let rows = 4
    let fixture = try SpaceFixture<CountingScalar>(
      text, inputs: inputs, outputs: outputs, rows: rows, steps: 8)
    var map = fixture.map
    let d = map.configuration.dimension
    let inputBlocks = (inputs + d - 1) / d
    let outputBlocks = (outputs + map.configuration.rows - 1) / map.configuration.rows
    // The ninth step moves words.
    let counts = try OperationTally.counting {
      map.prepare(for: TrainingProgress(step: 8, stepsPerEpoch: 1, epochs: 10))
      let (_, residuals) = try map.trainingForward(fixture.x)
      _ = map.backward(fixture.dy, residuals)
    }
    #expect(counts.multiplications == 0)
    let coding = 2 * inputBlocks * outputBlocks + rows * (inputBlocks + outputBlocks)
    let entries =
      rows * inputBlocks * outputs + rows * inputs * outputBlocks + rows * inputs * outputs
    #expect(counts.lookups == coding + entries)
    // Sums, and the commitment term's difference and sum.
    let sums =
      rows * (inputBlocks - 1) * outputs + rows * inputs * (outputBlocks - 1)
      + (rows - 1) * inputs * outputs
    #expect(counts.additions == sums + 2 * rows * inputs)
    #expect(counts.comparisons > coding)
  }

  /// The way back of a network's first layer, without `dx`.
  @Test func aFirstLayersStepMultipliesNothing() throws {
    let fixture = try SpaceFixture<CountingScalar>("space", inputs: 8, outputs: 6, rows: 3)
    var map = fixture.map
    let counts = try OperationTally.counting {
      let (_, residuals) = try map.trainingForward(fixture.x)
      map.parameterBackward(fixture.dy, residuals)
    }
    #expect(counts.multiplications == 0 && counts.lookups > 0)
  }
}

import AddendKernels
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

private func layers(_ rows: [(input: Int, growth: Int)]) -> [LayerMemory] {
  rows.enumerated().map { LayerMemory(name: "\($0)", input: $1.input, growth: $1.growth) }
}

/// All ways to cut `count` layers.
private func allCuts(_ count: Int) -> [[Int]] {
  (0..<1 << (count - 1)).map { bits in (1..<count).filter { bits >> ($0 - 1) & 1 == 1 } }
}

struct RecomputationPlanTests {
  /// By hand: parts {1, 2}, {3} hold 10 and 20 + 30, then 10 + 5 and 40.
  @Test func peaksAreTheInputsSoFarAndOnePart() {
    let plan = RecomputationPlan(
      cutting: layers([(10, 20), (7, 30), (5, 40)]), at: [2])
    #expect(plan.peak == max(10 + 20 + 30, 10 + 5 + 40))
  }

  /// No other cuts are better.
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func cutsAreTheBest(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    let layers = layers(
      (0..<10).map { _ in
        (
          input: Int.random(in: 1...20, using: &random),
          growth: Int.random(in: -20...60, using: &random)
        )
      })
    let best = allCuts(10).map { RecomputationPlan(cutting: layers, at: $0).peak }.min()
    let plan = RecomputationPlan(layers)
    #expect(plan.peak == best)
    #expect(plan == RecomputationPlan(cutting: layers, at: plan.positions))
  }

  /// As many parts as are asked for, each with a layer, also where some leave nothing.
  @Test(arguments: 1...9)
  func partsAreAsManyAsAskedFor(_ parts: Int) {
    for growth in [
      [1, 1, 1, 1, 1, 1, 1, 1, 1], [90, 0, 0, 0, 0, 0, 0, 0, 1], .init(repeating: 0, count: 9),
    ] {
      let plan = RecomputationPlan(layers(growth.map { (input: 4, growth: $0) }), parts: parts)
      #expect(plan.positions.count == parts - 1)
    }
  }

  /// What is measured of a pass is what the pass takes; cut as planned, it takes less.
  @Test func aPassTakesWhatWasMeasured() throws {
    let network = Network("deep", input: [64]) {
      for _ in 0..<9 {
        Dense(64)
        Tanh()
      }
    }
    var model = try Model<Float>(network, seed: 1)
    let layers = try model.layerMemory(batch: 256)
    let plan = RecomputationPlan(layers)
    #expect(plan.positions.count > 1)
    let whole = layers.reduce(0) { $0 + $1.growth }
    // Each tanh leaves its outputs, which the next product has as inputs.
    #expect(whole >= 9 * 64 * 256 * 4)
    let x = Tensor<Float>([256, 64])
    let kept = try growth(of: &model, on: x)
    #expect(kept == whole)
    model.recompute(from: plan.positions)
    let cut = try growth(of: &model, on: x)
    #expect(cut < plan.peak)
  }

  /// The bytes that a training pass leaves, its output among them.
  private func growth(of model: inout Model<Float>, on x: Tensor<Float>) throws -> Int {
    let before = MemoryUsage.ofThisThread
    var context = PassContext<Float>()
    let y = try model.trainingForward(x, &context)
    defer { model.backward(y) }
    return MemoryUsage.ofThisThread - before
  }
}

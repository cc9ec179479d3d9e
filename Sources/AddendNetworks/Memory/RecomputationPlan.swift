/// Where to cut a network's training passes, so that memory in use stays small.
public struct RecomputationPlan: Hashable, Sendable {
  /// The first layer of every part but the first.
  public let positions: [Int]
  /// The most bytes that all layers hold at once for the way back.
  public let peak: Int

  /// The cuts with the least peak.
  ///
  /// When part `s` is gone back through, memory holds the inputs of parts 1 … s and what the layers of
  /// `s` leave. Bisects the peak; O(n²) in the layers for each.
  public init(_ layers: [LayerMemory]) {
    var best = RecomputationPlan(cutting: layers, at: [])
    var least = 0
    while least < best.peak {
      let bound = least + (best.peak - least) / 2
      if let positions = Self.cuts(layers, keepingBelow: bound) {
        best = RecomputationPlan(cutting: layers, at: positions)
      } else {
        least = bound + 1
      }
    }
    self = best
  }

  /// What given cuts come to.
  public init(cutting layers: [LayerMemory], at positions: [Int]) {
    self.positions = positions
    var (inputs, peak) = (0, 0)
    for (start, end) in zip([0] + positions, positions + [layers.count]) where start < end {
      inputs += layers[start].input
      peak = max(peak, inputs + layers[start..<end].reduce(0) { $0 + $1.growth })
    }
    self.peak = peak
  }

  /// `parts` of the network that leave about the same each.
  public init(_ layers: [LayerMemory], parts: Int) {
    precondition(parts > 0, "a network has a part")
    let whole = layers.reduce(0) { $0 + $1.growth }
    var positions: [Int] = []
    var sum = 0
    for (i, layer) in layers.enumerated() {
      let reached = positions.count + 1
      if i > 0, reached < parts,
        sum * parts >= whole * reached || layers.count - i == parts - reached
      {
        positions.append(i)
      }
      sum += layer.growth
    }
    self.init(cutting: layers, at: positions)
  }

  /// Cuts with a peak of `bound` at most, if there are any: of all ways to a cut that keep to the bound,
  /// the one that holds the fewest inputs is as good as any for what follows.
  private static func cuts(_ layers: [LayerMemory], keepingBelow bound: Int) -> [Int]? {
    var ways: [(inputs: Int, positions: [Int])?] = [(0, [])]
    for end in 1...max(1, layers.count) where !layers.isEmpty {
      var best: (inputs: Int, positions: [Int])?
      var left = 0
      for start in (0..<end).reversed() {
        left += layers[start].growth
        guard let way = ways[start] else { continue }
        let inputs = way.inputs + layers[start].input
        guard inputs + left <= bound, inputs < best?.inputs ?? .max else { continue }
        best = (inputs, start == 0 ? [] : way.positions + [start])
      }
      ways.append(best)
    }
    return ways[layers.count]?.positions
  }
}

import AddendExecution
import AddendTensors
import Testing

struct ArenaPlanTests {
  /// Items of random sizes and lives.
  private static func items(seed: UInt64) -> [ArenaPlan.Item] {
    var random = RandomSource(seed: seed)
    return (0..<Int.random(in: 0...40, using: &random)).map { _ in
      let start = Int.random(in: 0..<20, using: &random)
      return ArenaPlan.Item(
        count: Int.random(in: 0...100, using: &random),
        life: start...(start + Int.random(in: 0...6, using: &random)))
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func whatLivesTogetherLiesApart(seed: UInt64) {
    let items = Self.items(seed: seed)
    let plan = ArenaPlan(items)
    #expect(plan.offsets.count == items.count)
    for i in items.indices {
      #expect(plan.offsets[i] % ArenaPlan.alignment == 0)
      #expect(plan.offsets[i] + items[i].count <= plan.count)
      for j in items.indices where j < i && items[i].life.overlaps(items[j].life) {
        let (first, second) = (plan.offsets[i], plan.offsets[j])
        #expect(
          first + items[i].count <= second || second + items[j].count <= first
            || items[i].count == 0 || items[j].count == 0)
      }
    }
    #expect(plan.count <= ArenaPlan.unshared(items))
  }

  /// A chain takes the memory of its two largest neighbours.
  @Test func aChainTakesTwoPlaces() {
    let plan = ArenaPlan(
      [64, 32, 48, 16, 64].enumerated().map { .init(count: $1, life: $0...($0 + 1)) })
    #expect(plan.count == 96)
  }
}

/// Where results lie in one block of memory, so that those that live at the same time do not overlap.
///
/// Placed greedily, the largest first, each at the lowest place that is free throughout its life
/// (Pisarchyk & Lee, 2020, "Efficient Memory Management for Deep Neural Net Inference", §5.1).
package struct ArenaPlan: Hashable, Sendable {
  /// A piece of memory that is needed for a while.
  package struct Item: Hashable, Sendable {
    /// Numbers.
    package var count: Int
    /// The steps from the one that writes it to the last that reads it.
    package var life: ClosedRange<Int>

    package init(count: Int, life: ClosedRange<Int>) {
      self.count = count
      self.life = life
    }
  }

  /// The place of each item's first number.
  package let offsets: [Int]
  /// Numbers in all.
  package let count: Int

  /// Places lie on borders of so many numbers: 64 bytes of float32.
  package static let alignment = 16

  package init(_ items: [Item]) {
    var offsets = [Int](repeating: 0, count: items.count)
    var placed: [Int] = []
    var end = 0
    let order = items.indices.sorted {
      (items[$0].count, $1) > (items[$1].count, $0)
    }
    for i in order where items[i].count > 0 {
      let size = Self.aligned(items[i].count)
      // Those in the way, from the lowest on: the first gap that is large enough is ours.
      let inTheWay = placed.filter { items[$0].life.overlaps(items[i].life) }
        .sorted { offsets[$0] < offsets[$1] }
      var place = 0
      for other in inTheWay {
        if offsets[other] - place >= size { break }
        place = max(place, offsets[other] + Self.aligned(items[other].count))
      }
      offsets[i] = place
      placed.append(i)
      end = max(end, place + size)
    }
    self.offsets = offsets
    count = end
  }

  /// The memory that would be needed if nothing were shared.
  package static func unshared(_ items: [Item]) -> Int {
    items.reduce(0) { $0 + aligned($1.count) }
  }

  static func aligned(_ count: Int) -> Int {
    (count + alignment - 1) / alignment * alignment
  }
}

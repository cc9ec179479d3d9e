internal import AddendTensors

/// Orders drawn from a seed, the same with every version of Swift's library.
enum Permutation {
  /// `0..<count` in random order (Fisher and Yates, as in Knuth, *Seminumerical Algorithms*,
  /// algorithm P).
  static func of(_ count: Int, using random: inout RandomSource) -> [Int32] {
    var order = Array(0..<Int32(count))
    for last in stride(from: count - 1, to: 0, by: -1) {
      // The high half of a 128-bit product: uniform but for 2⁻⁶⁴ · count.
      let chosen = Int(random.next().multipliedFullWidth(by: UInt64(last + 1)).high)
      order.swapAt(last, chosen)
    }
    return order
  }

  /// The draws that order the examples of one epoch.
  static func source(seed: UInt64, epoch: Int) -> RandomSource {
    RandomSource(seed: seed, stream: 0x6F72_6465_7200_0000 &+ UInt64(epoch))
  }

  /// The draws that change one example in one epoch.
  static func source(seed: UInt64, epoch: Int, example: Int) -> RandomSource {
    RandomSource(
      seed: RandomSource(seed: seed, stream: 0x6368_616E_6765_0000 &+ UInt64(epoch)).state,
      stream: UInt64(example))
  }
}

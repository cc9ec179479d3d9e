/// A seeded stream of random numbers (SplitMix64: Steele, Lea & Flood, OOPSLA 2014).
///
/// A value: copies continue independently, and `state` is all that a checkpoint must hold.
public struct RandomSource: RandomNumberGenerator, Hashable, Sendable {
  public var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// A stream of its own for one purpose, so that one purpose's draws do not shift another's.
  public init(seed: UInt64, stream: UInt64) {
    var mixer = RandomSource(seed: seed ^ (stream &* 0xD1B5_4A32_D192_ED03))
    state = mixer.next()
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform on [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Normal with mean 0 and deviation 1 (Box–Muller, one of the pair).
  public mutating func normal() -> Double {
    let radius = (-2 * Math.log(1 - uniform())).squareRoot()
    return radius * Math.cos(2 * .pi * uniform())
  }
}

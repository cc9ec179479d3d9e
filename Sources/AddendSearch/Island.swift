public import AddendTensors

/// A population that breeds on its own, but for the migrants that it exchanges.
public struct Island<Genome: Hashable & Sendable>: Hashable, Sendable {
  /// The best first; of equals, those that were there before.
  public internal(set) var members: [Judged<Genome>] = []
  /// How strongly the next mutations change, in the space's measure: a method may adapt it.
  public var strength = 1.0
  public var random: RandomSource

  public init(random: RandomSource) { self.random = random }

  public var best: Judged<Genome>? { members.first }

  /// Makes `judged` the members, at most `limit` of them, sorted.
  ///
  /// The order of equals is kept: what stands first in `judged` stays first.
  public mutating func settle(_ judged: [Judged<Genome>], limit: Int) {
    let order = judged.indices.sorted {
      (judged[$1].fitness, $0) < (judged[$0].fitness, $1)
    }
    members = order.prefix(limit).map { judged[$0] }
  }

  /// Takes in `migrant` for the worst member, if it is better than that and is not here already.
  mutating func welcome(_ migrant: Judged<Genome>) {
    guard let worst = members.last, migrant.fitness > worst.fitness,
      !members.contains(where: { $0.genome == migrant.genome })
    else { return }
    settle(members.dropLast() + [migrant], limit: members.count)
  }

  /// `genome` repaired and, where it is one of `taken`, mutated until it is not; a space so small
  /// that all tries fail gives it back as it is.
  mutating func distinct<Space: SearchSpace>(
    _ genome: Genome, from taken: Set<Genome>, in space: Space
  ) -> Genome where Space.Genome == Genome {
    var result = space.repaired(genome, using: &random)
    // A mutation may well change nothing: each is twice as strong as the one before.
    var factor = 1.0
    while taken.contains(result) && factor <= Self.strongest {
      let changed = space.mutated(result, strength: factor * strength, using: &random)
      result = space.repaired(changed, using: &random)
      factor *= 2
    }
    return result
  }

  private static var strongest: Double { 1024 }
}

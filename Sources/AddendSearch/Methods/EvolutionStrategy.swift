public import AddendCatalogue
internal import AddendTensors

/// `evolution-strategy`: one parent, λ mutants, the best of all is the next parent.
///
/// The (1+λ) strategy with the rule of one fifth (Rechenberg, 1973; in the form of Igel, Suttorp &
/// Hansen, 2006, eq. 2, without their smoothing): with `p` the share of mutants that are better than
/// their parent, `strength ← strength · exp((p − 1/5) / (4/5 · damping))`. It does not fall below a
/// hundredth of where it began: where mutants that are almost the parent are all as good as it, it
/// would fall for ever.
public struct EvolutionStrategy: SearchMethod, Hashable {
  /// λ.
  public let offspring: Int
  /// How strong the first mutations are.
  public let strength: Double
  /// How slowly the strength changes.
  public let damping: Double

  public static let declaration = Declaration(
    "evolution-strategy", summary: "mutants of one parent, strong as the rule of one fifth says",
    parameters: [
      .init("offspring", .integer(1...100_000), standard: .integer(8), help: "mutants of a parent"),
      .init(
        "strength", .number(1e-6...1000), standard: .number(1),
        help: "how strong the first mutations are"),
      .init(
        "damping", .number(1...1000), standard: .number(3), help: "how slowly the strength changes"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    offspring = arguments.integer("offspring")
    strength = arguments.number("strength")
    damping = arguments.number("damping")
  }

  public var specification: Specification {
    Specification(
      "evolution-strategy",
      [
        "offspring": .integer(offspring), "strength": .number(strength),
        "damping": .number(damping),
      ])
  }

  public func firstCandidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, seeds: [Space.Genome], in space: Space
  ) -> [Space.Genome] {
    island.strength = strength
    return population(of: max(1, seeds.count), for: &island, seeds: seeds, in: space)
  }

  public func candidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, in space: Space
  ) -> [Space.Genome] {
    guard let parent = island.best?.genome else { return [] }
    var taken: Set = [parent]
    return (0..<offspring).map { _ in
      let fresh = space.mutated(parent, strength: island.strength, using: &island.random)
      let mutant = island.distinct(fresh, from: taken, in: space)
      taken.insert(mutant)
      return mutant
    }
  }

  public func absorb<Genome>(_ judged: [Judged<Genome>], into island: inout Island<Genome>) {
    if let parent = island.best {
      let better = judged.count { $0.fitness > parent.fitness }
      let share = Double(better) / Double(max(1, judged.count))
      let factor = Math.exp((share - 0.2) / (0.8 * damping))
      island.strength = min(max(island.strength * factor, 0.01 * strength), 100 * strength)
    }
    // Mutants first: one that is as good as its parent takes its place, which crosses plateaus.
    island.settle(judged + island.members, limit: 1)
  }
}

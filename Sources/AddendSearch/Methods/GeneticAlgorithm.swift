public import AddendCatalogue
internal import AddendTensors

/// `genetic`: tournaments choose parents, children mix them and are mutated, the best stay.
///
/// A generation: `population − elites` children, each of two parents that won a tournament with
/// probability `crossover` and of one otherwise, mutated, and mutated again where the population
/// holds it already; the `elites` best of the old members stay beside them (Goldberg, *Genetic
/// Algorithms*, 1989; Miller & Goldberg, 1995, for tournaments).
public struct GeneticAlgorithm: SearchMethod, Hashable {
  /// Members of an island.
  public let population: Int
  /// Members that outlive a generation.
  public let elites: Int
  /// Members drawn for a tournament.
  public let tournament: Int
  /// The probability of two parents.
  public let crossover: Double
  /// How strong mutations are.
  public let strength: Double

  public static let declaration = Declaration(
    "genetic", summary: "tournaments, crossover and mutation; the best stay",
    parameters: [
      .init("population", .integer(2...100_000), standard: .integer(16), help: "members"),
      .init(
        "elites", .integer(1...100_000), standard: .integer(2),
        help: "members that outlive a generation"),
      .init(
        "tournament", .integer(1...100_000), standard: .integer(3),
        help: "members drawn to find a parent"),
      .init(
        "crossover", .number(0...1), standard: .number(0.5), help: "the probability of two parents"),
      .init("strength", .number(0...1000), standard: .number(1), help: "how strong mutations are"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    population = arguments.integer("population")
    elites = arguments.integer("elites")
    tournament = arguments.integer("tournament")
    crossover = arguments.number("crossover")
    strength = arguments.number("strength")
    guard elites < population else {
      throw .invalidParameter(
        of: "genetic", parameter: "elites", expected: "fewer than the population of \(population)",
        found: "\(elites)")
    }
  }

  public var specification: Specification {
    Specification(
      "genetic",
      [
        "population": .integer(population), "elites": .integer(elites),
        "tournament": .integer(tournament), "crossover": .number(crossover),
        "strength": .number(strength),
      ])
  }

  public func firstCandidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, seeds: [Space.Genome], in space: Space
  ) -> [Space.Genome] {
    island.strength = strength
    return population(of: population, for: &island, seeds: seeds, in: space)
  }

  public func candidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, in space: Space
  ) -> [Space.Genome] {
    var taken = Set(island.members.map(\.genome))
    return (elites..<population).map { _ in
      var child = parent(of: &island)
      if island.random.uniform() < crossover {
        child = space.crossed(child, parent(of: &island), using: &island.random)
      }
      child = space.mutated(child, strength: island.strength, using: &island.random)
      child = island.distinct(child, from: taken, in: space)
      taken.insert(child)
      return child
    }
  }

  public func absorb<Genome>(_ judged: [Judged<Genome>], into island: inout Island<Genome>) {
    island.settle(island.members.prefix(elites) + judged, limit: population)
  }

  /// The best of `tournament` members drawn at random. Members stand in order: it is the first.
  private func parent<Genome>(of island: inout Island<Genome>) -> Genome {
    let count = UInt64(island.members.count)
    let places = (0..<tournament).map { _ in Int(island.random.next() % count) }
    return island.members[places.min() ?? 0].genome
  }
}

public import AddendCatalogue

/// How a search goes from the genomes that it knows to those that it judges next.
///
/// A method has no memory of its own: what it knows is the island. It asks, is told, and asks again;
/// who judges, on how many processors, is not its business.
public protocol SearchMethod: Configurable {
  /// The genomes that an island judges first.
  ///
  /// - Parameter seeds: genomes known to be good, which a method looks at before any other.
  func firstCandidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, seeds: [Space.Genome], in space: Space
  ) -> [Space.Genome]

  /// The genomes that an island judges next.
  func candidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, in space: Space
  ) -> [Space.Genome]

  /// Makes of the island's members, and of the candidates that were judged, the members to come.
  func absorb<Genome>(_ judged: [Judged<Genome>], into island: inout Island<Genome>)
}

extension SearchMethod {
  /// `count` genomes, the seeds first. The others are near the seeds, or drawn at random where there
  /// are none.
  func population<Space: SearchSpace>(
    of count: Int, for island: inout Island<Space.Genome>, seeds: [Space.Genome], in space: Space
  ) -> [Space.Genome] {
    var genomes = Array(seeds.prefix(count))
    var taken = Set(genomes)
    while genomes.count < count {
      let fresh =
        seeds.isEmpty
        ? space.random(using: &island.random)
        : space.mutated(
          seeds[genomes.count % seeds.count], strength: island.strength, using: &island.random)
      let genome = island.distinct(fresh, from: taken, in: space)
      taken.insert(genome)
      genomes.append(genome)
    }
    return genomes
  }
}

/// The methods there are.
public enum SearchMethods {
  public static let catalogue = Catalogue(
    of: "search method", [GeneticAlgorithm.self, EvolutionStrategy.self, RandomSearch.self])

  /// The method that `specification` names.
  public static func configuration(
    _ specification: Specification
  ) throws(CatalogueError) -> any SearchMethod {
    guard let method = try catalogue.make(specification) as? any SearchMethod else {
      preconditionFailure("the catalogue of search methods holds search methods")
    }
    return method
  }
}

public import AddendCatalogue

/// `random`: genomes drawn one by one, the best is kept.
///
/// What every other method has to beat. Over a space that draws its genomes well (by k-means from a
/// random start, say) it is that method with restarts.
public struct RandomSearch: SearchMethod, Hashable {
  /// Genomes of a generation.
  public let batch: Int

  public static let declaration = Declaration(
    "random", summary: "genomes drawn at random, the best is kept",
    parameters: [
      .init("batch", .integer(1...100_000), standard: .integer(8), help: "genomes of a generation")
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) { batch = arguments.integer("batch") }

  public var specification: Specification { Specification("random", ["batch": .integer(batch)]) }

  public func firstCandidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, seeds: [Space.Genome], in space: Space
  ) -> [Space.Genome] {
    let drawn = max(0, batch - seeds.count)
    return seeds + (0..<drawn).map { _ in draw(&island, space) }
  }

  public func candidates<Space: SearchSpace>(
    of island: inout Island<Space.Genome>, in space: Space
  ) -> [Space.Genome] {
    (0..<batch).map { _ in draw(&island, space) }
  }

  public func absorb<Genome>(_ judged: [Judged<Genome>], into island: inout Island<Genome>) {
    island.settle(island.members + judged, limit: 1)
  }

  private func draw<Space: SearchSpace>(
    _ island: inout Island<Space.Genome>, _ space: Space
  ) -> Space.Genome {
    let genome = space.random(using: &island.random)
    return space.repaired(genome, using: &island.random)
  }
}

internal import AddendKernels
internal import AddendTensors
internal import Synchronization

/// A search under way: islands of candidates, and all that is needed to go on.
///
/// Each generation every island asks its method for candidates, all of them are judged, on as many
/// threads as the current pool has, and each island absorbs its own. Every few generations the best
/// of an island goes to the next one, around a ring.
///
///     var search = Search(space, by: method, islands: 4, seed: 1)
///     while search.evaluations < 10_000 { try search.step { try accuracy(of: $0) } }
///     print(search.best)
///
/// Each island draws from a source of its own, in its own order: under one seed the same genomes are
/// judged whatever the number of threads, and a search restored from a file goes on with the bits
/// that it would have had.
public struct Search<Space: SearchSpace>: Sendable {
  public let space: Space
  public let method: any SearchMethod
  /// Generations from one migration to the next.
  public let migrationInterval: Int
  public let seed: UInt64
  /// What genomes are judged by, in words: a stored search goes on only under the same.
  public let judge: String
  /// Looked at first by every island.
  public let seeds: [Space.Genome]
  public internal(set) var islands: [Island<Space.Genome>]
  /// What happened, a record a generation.
  public internal(set) var history: [GenerationRecord] = []

  public init(
    _ space: Space, by method: any SearchMethod, startingFrom seeds: [Space.Genome] = [],
    judgedBy judge: String = "", islands: Int = 1, migrationInterval: Int = 10, seed: UInt64
  ) {
    precondition(islands > 0 && migrationInterval > 0, "a search has islands and intervals")
    self.space = space
    self.method = method
    self.migrationInterval = migrationInterval
    self.seed = seed
    self.judge = judge
    self.seeds = seeds
    self.islands = (0..<islands).map { island in
      Island(random: RandomSource(seed: seed, stream: UInt64(island) + 1))
    }
  }

  /// Generations judged.
  public var generation: Int { history.count }
  /// Genomes judged.
  public var evaluations: Int { history.last?.evaluations ?? 0 }
  /// What the generations took to breed and to judge.
  public var seconds: Double { history.last?.seconds ?? 0 }

  /// The best of all islands, the first one's of equals; `nil` before the first generation.
  public var best: Judged<Space.Genome>? {
    islands.compactMap(\.best).reduce(nil) { best, other in
      best.map { other.fitness > $0.fitness ? other : $0 } ?? other
    }
  }

  /// Breeds and judges one generation.
  ///
  /// - Parameter fitness: called on several threads at once, each genome's value must be its own;
  ///   higher is better.
  /// - Throws: what `fitness` threw for the first candidate for which it did; the search is then what
  ///   it was.
  public mutating func step<E: Error>(
    _ fitness: @Sendable (Space.Genome) throws(E) -> Double
  ) throws(E) {
    let start = ContinuousClock.now
    var islands = islands
    let isFirst = generation == 0
    let asked = islands.indices.map { i in
      isFirst
        ? method.firstCandidates(of: &islands[i], seeds: seeds, in: space)
        : method.candidates(of: &islands[i], in: space)
    }
    var judged = try Self.judge(asked.flatMap(\.self), fitness)[...]
    let values = judged.map(\.fitness)
    for (i, genomes) in asked.enumerated() {
      method.absorb(Array(judged.prefix(genomes.count)), into: &islands[i])
      judged = judged.dropFirst(genomes.count)
    }
    if (generation + 1) % migrationInterval == 0 { Self.migrate(&islands) }
    self.islands = islands
    history.append(
      GenerationRecord(
        evaluations: evaluations + values.count,
        best: best?.fitness ?? -.infinity,
        mean: values.reduce(0, +) / Double(max(1, values.count)),
        seconds: seconds + (ContinuousClock.now - start) / .seconds(1)))
  }

  private static func judge<E: Error>(
    _ genomes: [Space.Genome], _ fitness: @Sendable (Space.Genome) throws(E) -> Double
  ) throws(E) -> [Judged<Space.Genome>] {
    let results = Mutex([Result<Double, E>?](repeating: nil, count: genomes.count))
    ThreadPool.current.run(genomes.count) { i in
      let result: Result<Double, E>
      do throws(E) {
        result = .success(try fitness(genomes[i]))
      } catch {
        result = .failure(error)
      }
      results.withLock { $0[i] = result }
    }
    var judged: [Judged<Space.Genome>] = []
    for (genome, result) in zip(genomes, results.withLock { $0 }) {
      guard let result else { preconditionFailure("a pool runs every index") }
      judged.append(Judged(genome, fitness: try result.get()))
    }
    return judged
  }

  /// The best of each island goes to the next one, as they stood before any came.
  private static func migrate(_ islands: inout [Island<Space.Genome>]) {
    guard islands.count > 1 else { return }
    let migrants = islands.map(\.best)
    for (i, migrant) in migrants.enumerated() {
      if let migrant { islands[(i + 1) % islands.count].welcome(migrant) }
    }
  }
}

/// What one generation came to.
public struct GenerationRecord: Hashable, Sendable {
  /// Genomes judged until its end.
  public var evaluations: Int
  /// The best fitness until its end.
  public var best: Double
  /// The mean fitness of its candidates.
  public var mean: Double
  /// The time taken until its end.
  public var seconds: Double

  public init(evaluations: Int, best: Double, mean: Double, seconds: Double) {
    self.evaluations = evaluations
    self.best = best
    self.mean = mean
    self.seconds = seconds
  }
}

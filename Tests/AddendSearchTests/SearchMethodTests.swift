import AddendCatalogue
import AddendSearch
import AddendTensors
import Testing

struct SearchMethodTests {
  private func search<Space: SearchSpace>(
    _ space: Space, by method: String, islands: Int = 1, seed: UInt64 = 1
  ) throws -> Search<Space> {
    try Search(
      space, by: SearchMethods.configuration(Specification(parsing: method)), islands: islands,
      seed: seed)
  }

  @Test func geneticSearchFindsAllOnes() throws {
    var search = try search(BitStrings(length: 64), by: "genetic")
    search.run(within: .evaluations(6000)) { BitStrings.oneMax($0) }
    #expect(search.best?.fitness == 64)
  }

  @Test func strategyFindsAllOnes() throws {
    var search = try search(BitStrings(length: 64), by: "evolution-strategy:damping=1000")
    search.run(within: .evaluations(6000)) { BitStrings.oneMax($0) }
    #expect(search.best?.fitness == 64)
  }

  /// One better mutant in five leaves the strength as it is; none and all change it as stated.
  @Test(arguments: [(0, -0.25), (1, 0), (5, 1)])
  func strengthFollowsTheRuleOfOneFifth(better: Int, change: Double) throws {
    let method = try SearchMethods.configuration(
      Specification(parsing: "evolution-strategy:offspring=5,damping=3"))
    var island = Island<[Double]>(random: RandomSource(seed: 1))
    island.settle([Judged([0], fitness: 0)], limit: 1)
    method.absorb(
      (1...5).map { Judged([Double($0)], fitness: $0 <= better ? 1 : -1) }, into: &island)
    #expect(abs(island.strength - Math.exp(change / 3)) < 1e-12)
  }

  /// Of equals, those that stand first stay first.
  @Test func equalsKeepTheirOrder() {
    var island = Island<[Double]>(random: RandomSource(seed: 1))
    island.settle(
      [Judged([1], fitness: 1), Judged([2], fitness: 1), Judged([3], fitness: 2)]
        + (4...9).map { Judged([Double($0)], fitness: 1) }, limit: 6)
    #expect(island.members.map { $0.genome[0] } == [3, 1, 2, 4, 5, 6])
  }

  /// With the rule of one fifth the error falls by a constant factor in so many steps: a fixed
  /// strength comes to a halt.
  @Test func oneFifthRuleConvergesLinearly() throws {
    func error(_ method: String, _ evaluations: Int) throws -> Double {
      var search = try search(Points(dimension: 5), by: method)
      search.run(within: .evaluations(evaluations)) { Points.sphere($0) }
      return -(search.best?.fitness ?? -.infinity)
    }
    let adaptive = "evolution-strategy:strength=1,damping=2"
    #expect(try error(adaptive, 2000) < 1e-3)
    #expect(try error(adaptive, 2000) < 1e-2 * error("evolution-strategy:damping=1000", 2000))
  }

  /// Recombination puts together blocks that were found apart: what makes an evolutionary search more
  /// than a mutation with selection.
  @Test func geneticSearchBeatsRandomOnes() throws {
    let space = BitStrings(length: 40)
    func best(_ method: String) throws -> Double {
      var search = try search(space, by: method, islands: 2)
      search.run(within: .evaluations(8000)) { BitStrings.traps($0) }
      return search.best?.fitness ?? 0
    }
    let genetic = try best("genetic:population=100,elites=2,strength=1")
    #expect(try genetic > best("random"))
    // Ten traps, each deceived: what hill climbing ends with.
    #expect(genetic > 30)
  }

  @Test(arguments: ["genetic", "evolution-strategy", "random", "genetic:elites=1"])
  func theBestIsNeverLost(_ method: String) throws {
    var search = try search(Points(dimension: 8), by: method, islands: 3)
    var best = -Double.infinity
    for _ in 0..<40 {
      search.step { Points.sphere($0) }
      let found = search.best?.fitness ?? -.infinity
      #expect(found >= best)
      best = found
    }
    #expect(search.history.map(\.best) == search.history.map(\.best).sorted())
  }

  @Test func noMethodLosesItsSeed() throws {
    for method in SearchMethods.catalogue.names {
      let optimum = [Double](repeating: 0, count: 6)
      var search = Search(
        Points(dimension: 6), by: try SearchMethods.configuration(Specification(parsing: method)),
        startingFrom: [optimum], islands: 2, seed: 3)
      search.step { Points.sphere($0) }
      search.step { Points.sphere($0) }
      #expect(search.best == Judged(optimum, fitness: 0), "\(method)")
    }
  }

  @Test func duplicatesAreRepaired() throws {
    // 256 genomes, and a mutation that changes nothing most of the time.
    var search = try search(
      BitStrings(length: 8), by: "genetic:population=30,elites=5,strength=0.2")
    for _ in 0..<20 {
      search.step { BitStrings.oneMax($0) }
      for island in search.islands {
        #expect(Set(island.members.map(\.genome)).count == island.members.count)
      }
    }
  }

  @Test func theBestMigratesToTheNextIsland() throws {
    let genetic = try SearchMethods.configuration(Specification(parsing: "genetic:population=6"))
    func search(_ interval: Int) -> Search<BitStrings> {
      var search = Search(
        BitStrings(length: 200), by: genetic, islands: 3, migrationInterval: interval, seed: 5)
      search.step { BitStrings.oneMax($0) }
      return search
    }
    let (apart, mixed) = (search(2), search(1))
    for i in 0..<3 {
      // Bests are better than the worst of the next island here, which gives way.
      let best = try #require(apart.islands[i].best)
      #expect(!apart.islands[(i + 1) % 3].members.contains(best))
      #expect(mixed.islands[(i + 1) % 3].members.contains(best))
      #expect(mixed.islands[i].members.count == 6)
    }
  }

  @Test func notANumberIsTheWorst() throws {
    var search = try search(Points(dimension: 2), by: "genetic")
    search.step { $0[0] > 0 ? .nan : $0[0] }
    let best = try #require(search.best)
    #expect(best.fitness.isFinite && best.genome[0] <= 0)
  }

  @Test func badParametersAreRefused() {
    #expect(throws: CatalogueError.self) {
      try SearchMethods.configuration(Specification(parsing: "genetic:population=4,elites=4"))
    }
    #expect(throws: CatalogueError.self) {
      try SearchMethods.configuration(Specification("annealing"))
    }
  }

  @Test func specificationsMakeTheSameMethod() throws {
    for name in SearchMethods.catalogue.names {
      let method = try SearchMethods.configuration(Specification(name))
      let again = try SearchMethods.configuration(method.specification)
      #expect(again.specification == method.specification)
    }
  }
}

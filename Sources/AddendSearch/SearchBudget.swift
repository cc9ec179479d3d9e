/// When a search has done enough.
///
/// A generation is finished once begun: a budget may be overrun by one.
public enum SearchBudget: Hashable, Sendable {
  /// So many genomes judged: the same search whatever the machine.
  case evaluations(Int)
  /// So many seconds of breeding and judging, those before a resumption included.
  case seconds(Double)

  /// The spent share, from 0; 1 or more when the search has done enough.
  public func spentShare<Space>(by search: borrowing Search<Space>) -> Double {
    switch self {
    case .evaluations(let limit): Double(search.evaluations) / Double(max(1, limit))
    case .seconds(let limit): search.seconds / max(limit, .leastNormalMagnitude)
    }
  }
}

extension Search {
  /// Steps until `budget` is spent; at least one generation of a search that has none.
  public mutating func run<E: Error>(
    within budget: SearchBudget, fitness: @Sendable (Space.Genome) throws(E) -> Double
  ) throws(E) {
    while generation == 0 || budget.spentShare(by: self) < 1 { try step(fitness) }
  }
}

import Addend

/// A network's training step under several precisions, one step of each in turn, so that a machine whose
/// speed drifts drifts for all.
enum PrecisionComparison {
  static func measure(
    _ name: String, _ precisions: [String], rounds: Int
  ) throws -> [JSONValue] {
    let which = try Case(named: name)
    var trainers = try precisions.map { try which.trainer(Precision(parsing: $0)) }
    var times = precisions.map { _ in [Double]() }
    for round in 0..<warmUp + rounds {
      for i in trainers.indices {
        let start = ContinuousClock.now
        _ = try trainers[i].step(which.batch, stepsPerEpoch: 1_000_000)
        if round >= warmUp { times[i].append((ContinuousClock.now - start) / .milliseconds(1)) }
      }
    }
    let medians = times.map { $0.sorted()[$0.count / 2] }
    return precisions.indices.map { i in
      [
        "case": .text(name), "precision": .text(precisions[i]), "steps": .integer(rounds),
        "medianMilliseconds": .number(medians[i]),
        "leastMilliseconds": .number(times[i].min() ?? 0),
        "speedup": .number(medians[0] / medians[i]),
      ]
    }
  }

  private static let warmUp = 3
}

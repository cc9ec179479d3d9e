import Addend

/// A network's training step under several maps, one step of each in turn, so that a machine whose speed
/// drifts drifts for all.
enum MapComparison {
  /// 784-1024-1024-10 in batches of 512, by gradient descent with momentum. Epochs have the 117 steps of
  /// MNIST's, so that encoders are learned anew as often as they would be.
  static func measure(_ maps: [String], rounds: Int) throws -> [JSONValue] {
    let network = try Zoo.network(
      Specification("mlp", ["hidden": .integer(1024), "layers": .integer(2)]), input: [28, 28, 1],
      classes: 10)
    let batch = Case.batch([28, 28, 1], of: 512)
    var trainers = try maps.map {
      Trainer(
        try Model<Float>(network, map: Specification(parsing: $0), seed: 1),
        plan: TrainingPlan(
          epochs: 8, batchSize: 512, optimizer: SGD(momentum: 0.9), learningRate: 0.001))
    }
    var times = maps.map { _ in [Double]() }
    for round in 0..<warmUp + rounds {
      for i in trainers.indices {
        let start = ContinuousClock.now
        _ = try trainers[i].step(batch, stepsPerEpoch: 117)
        if round >= warmUp { times[i].append((ContinuousClock.now - start) / .milliseconds(1)) }
      }
    }
    let medians = times.map { $0.sorted()[$0.count / 2] }
    return zip(maps, medians).enumerated().map { i, pair in
      [
        "case": .text("mlp-1024"), "map": .text(pair.0), "steps": .integer(rounds),
        "medianMilliseconds": .number(pair.1),
        "meanMilliseconds": .number(times[i].reduce(0, +) / Double(rounds)),
        "speedup": .number(medians[0] / pair.1),
      ]
    }
  }

  /// Steps until every encoder has been learned.
  private static let warmUp = 20
}

import Addend

/// Training speed of the networks that PyTorch/training_speed.py trains, in the same way.
///
/// Usage: addend-training-speed CASE THREADS SECONDS. Prints one JSON object: examples (or words) a
/// second, the median over steps. The data are made up and stay in memory.
///
/// Or: addend-training-speed maps THREADS ROUNDS MAP…. Prints one JSON object for each map: the
/// milliseconds of a step of a network of two hidden layers of 1024 under it, and how many times as fast
/// as under the first.
@main
struct TrainingSpeed {
  static func main() throws {
    let arguments = CommandLine.arguments
    if arguments.count > 4, arguments[1] == "maps", let threads = Int(arguments[2]), threads > 0,
      let rounds = Int(arguments[3]), rounds > 0
    {
      let results = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        try MapComparison.measure(Array(arguments[4...]), rounds: rounds)
      }
      for result in results { print(result.text()) }
      return
    }
    guard arguments.count == 4, let threads = Int(arguments[2]), threads > 0,
      let seconds = Double(arguments[3])
    else { throw Misuse(sentence: "usage: addend-training-speed CASE THREADS SECONDS") }
    let result = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
      try measure(try Case(named: arguments[1]), seconds: seconds)
    }
    let json: JSONValue = [
      "case": .text(arguments[1]), "engine": "Addend", "threads": .integer(threads),
      "perSecond": .number(result.perSecond), "steps": .integer(result.steps),
    ]
    print(json.text())
  }

  private static func measure(
    _ which: Case, seconds: Double
  ) throws -> (perSecond: Double, steps: Int) {
    var trainer = Trainer(
      try Model<Float>(which.network, seed: 1),
      plan: TrainingPlan(
        epochs: 1, batchSize: 1, optimizer: SGD(momentum: 0.9), learningRate: 0.001))
    func step() throws { _ = try trainer.step(which.batch, stepsPerEpoch: 1_000_000) }
    for _ in 0..<3 { try step() }
    var times: [Double] = []
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end || times.count < 5 {
      let start = ContinuousClock.now
      try step()
      times.append((ContinuousClock.now - start) / .seconds(1))
    }
    return (Double(which.batch.targets.count) / times.sorted()[times.count / 2], times.count)
  }
}

/// A network and one batch for it.
struct Case {
  let network: Network
  let batch: Batch

  init(named name: String) throws {
    switch name {
    case "lenet-300-100":
      self = try Case(Specification(name), [28, 28, 1], batch: 100)
    case "lenet-5":
      self = try Case(Specification(name), [28, 28, 1], batch: 64)
    case "resnet-20":
      self = try Case(Specification("resnet", ["depth": .integer(20)]), [32, 32, 3], batch: 128)
    case "lstm-lm":
      var random = RandomSource(seed: 1)
      func tokens() -> [Int] { (0..<700).map { _ in Int(random.next() % 10_000) } }
      network = try Zoo.network(Specification("lstm-lm"), input: [35], classes: 10_000)
      batch = Batch(
        input: Tensor([20, 35], tokens().map { Float($0) }),
        targets: .classes(tokens().map { Int32($0) }))
    default: throw Misuse(sentence: "no case is called \(name)")
    }
  }

  private init(_ network: Specification, _ input: Shape, batch size: Int) throws {
    self.network = try Zoo.network(network, input: input, classes: 10)
    batch = Self.batch(input, of: size)
  }

  /// Made-up examples of ten classes.
  static func batch(_ input: Shape, of size: Int) -> Batch {
    var random = RandomSource(seed: 1)
    return Batch(
      input: Tensor(input.batched(size)) { span in
        for i in span.indices { span[i] = Float(random.normal()) }
      },
      targets: .classes((0..<size).map { _ in Int32(random.next() % 10) }))
  }
}

struct Misuse: Error, CustomStringConvertible {
  let sentence: String
  var description: String { sentence }
}

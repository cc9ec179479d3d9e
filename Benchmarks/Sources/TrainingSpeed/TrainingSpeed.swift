import Addend

/// Training speed of the networks that PyTorch/training_speed.py trains, in the same way.
///
/// Usage: addend-training-speed CASE THREADS SECONDS [PRECISION]. Prints one JSON object: examples
/// (or words) a second, the median over steps. The data are made up and stay in memory.
///
/// Or: addend-training-speed inference CASE THREADS BATCH SECONDS. The same of a compiled model: seconds
/// for a batch, the median over runs and the least, as ONNXRuntime/inference_speed.py does it.
///
/// Or: addend-training-speed allocations CASE THREADS BATCH RUNS. How often a compiled model asks for
/// memory in so many runs after the first, counted by allocations.c: see allocations.sh. With `training`
/// for the batch, how often so many steps of training do after the third, and how often for tensors.
///
/// Or: addend-training-speed precisions CASE THREADS ROUNDS PRECISION…. Prints one JSON object for each
/// precision: the milliseconds of a step under it, and how many times as fast as under the first.
///
/// Or: addend-training-speed maps THREADS ROUNDS MAP…. Prints one JSON object for each map: the
/// milliseconds of a step of a network of two hidden layers of 1024 under it, and how many times as fast
/// as under the first.
@main
struct TrainingSpeed {
  static func main() throws {
    let arguments = CommandLine.arguments
    if arguments.count > 5, arguments[1] == "precisions", let threads = Int(arguments[3]),
      threads > 0, let rounds = Int(arguments[4]), rounds > 0
    {
      let results = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        try PrecisionComparison.measure(arguments[2], Array(arguments[5...]), rounds: rounds)
      }
      for result in results { print(result.text()) }
      return
    }
    if arguments.count > 4, arguments[1] == "maps", let threads = Int(arguments[2]), threads > 0,
      let rounds = Int(arguments[3]), rounds > 0
    {
      let results = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        try MapComparison.measure(Array(arguments[4...]), rounds: rounds)
      }
      for result in results { print(result.text()) }
      return
    }
    if arguments.count == 6, arguments[1] == "allocations", arguments[4] == "training",
      let threads = Int(arguments[3]), threads > 0, let steps = Int(arguments[5])
    {
      let counts = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        try AllocationCount.measureTraining(try Case(named: arguments[2]), steps: steps)
      }
      let json: JSONValue = [
        "case": .text(arguments[2]), "threads": .integer(threads), "steps": .integer(steps),
        "allocations": .integer(counts.all), "forTensors": .integer(counts.tensors),
      ]
      return print(json.text())
    }
    if arguments.count == 6, arguments[1] == "allocations", let threads = Int(arguments[3]),
      threads > 0, let batch = Int(arguments[4]), batch > 0, let runs = Int(arguments[5])
    {
      let count = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        try AllocationCount.measure(try Case(named: arguments[2], batch: batch), runs: runs)
      }
      let json: JSONValue = [
        "case": .text(arguments[2]), "threads": .integer(threads), "batch": .integer(batch),
        "runs": .integer(runs), "allocations": .integer(count),
      ]
      return print(json.text())
    }
    if arguments.count == 6, arguments[1] == "inference", let threads = Int(arguments[3]),
      threads > 0,
      let batch = Int(arguments[4]), batch > 0, let seconds = Double(arguments[5])
    {
      let times = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
        try inference(try Case(named: arguments[2], batch: batch), seconds: seconds)
      }
      let json: JSONValue = [
        "case": .text(arguments[2]), "engine": "Addend", "threads": .integer(threads),
        "batch": .integer(batch), "seconds": .number(times[times.count / 2]),
        "least": .number(times[0]),
      ]
      return print(json.text())
    }
    let start = peakBytes()
    guard 4...5 ~= arguments.count, let threads = Int(arguments[2]), threads > 0,
      let seconds = Double(arguments[3])
    else { throw Misuse(sentence: "usage: addend-training-speed CASE THREADS SECONDS [PRECISION]") }
    let precision = arguments.count == 5 ? try Precision(parsing: arguments[4]) : .own
    let result = try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
      try measure(try Case(named: arguments[1]), precision, seconds: seconds)
    }
    let json: JSONValue = [
      "case": .text(arguments[1]), "engine": "Addend", "precision": .text("\(precision)"),
      "threads": .integer(threads),
      "perSecond": .number(result.perSecond), "steps": .integer(result.steps),
      "peakBytes": .integer(peakBytes()), "ownBytes": .integer(peakBytes() - start),
    ]
    print(json.text())
  }

  private static func measure(
    _ which: Case, _ precision: Precision, seconds: Double
  ) throws -> (perSecond: Double, steps: Int) {
    var trainer = try which.trainer(precision)
    let times = try sortedTimes(seconds: seconds) {
      _ = try trainer.step(which.batch, stepsPerEpoch: 1_000_000)
    }
    return (Double(which.batch.targets.count) / times[times.count / 2], times.count)
  }

  private static func inference(_ which: Case, seconds: Double) throws -> [Double] {
    let x = which.batch.input
    let executable = try Model<Float>(which.network, seed: 1).compiled(batch: x.shape[0])
    return try sortedTimes(seconds: seconds) { _ = try executable.run(x) }
  }

  /// What `work` takes each time, warm, sorted.
  private static func sortedTimes(seconds: Double, _ work: () throws -> Void) rethrows -> [Double] {
    for _ in 0..<5 { try work() }
    var times: [Double] = []
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end || times.count < 5 {
      let start = ContinuousClock.now
      try work()
      times.append((ContinuousClock.now - start) / .seconds(1))
    }
    return times.sorted()
  }

  /// The most memory that the process has held: Linux's high-water mark, 0 elsewhere.
  private static func peakBytes() -> Int {
    guard let bytes = try? readFile(at: "/proc/self/status", byteLimit: 1 << 20) else { return 0 }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first {
      $0.hasPrefix("VmHWM:")
    }
    return line.flatMap { Int($0.filter(\.isNumber)) }.map { 1024 * $0 } ?? 0
  }
}

/// A network and one batch for it.
struct Case {
  let network: Network
  let batch: Batch

  /// - Parameter batch: `nil` for that of training.
  init(named name: String, batch size: Int? = nil) throws {
    switch name {
    case "lenet-300-100":
      self = try Case(Specification(name), [28, 28, 1], batch: size ?? 100)
    case "lenet-5":
      self = try Case(Specification(name), [28, 28, 1], batch: size ?? 64)
    case "resnet-20":
      self = try Case(
        Specification("resnet", ["depth": .integer(20)]), [32, 32, 3], batch: size ?? 128)
    case "mlp":
      self = try Case(Specification(name), [28, 28, 1], batch: size ?? 100)
    case "lstm-lm":
      var random = RandomSource(seed: 1)
      let rows = size ?? 20
      func tokens() -> [Int] { (0..<35 * rows).map { _ in Int(random.next() % 10_000) } }
      network = try Zoo.network(Specification("lstm-lm"), input: [35], classes: 10_000)
      batch = Batch(
        input: Tensor([rows, 35], tokens().map { Float($0) }),
        targets: .classes(tokens().map { Int32($0) }))
    default: throw Misuse(sentence: "no case is called \(name)")
    }
  }

  func trainer(_ precision: Precision = .own) throws -> Trainer<Float> {
    Trainer(
      try Model(network, precision: precision, seed: 1),
      plan: TrainingPlan(
        epochs: 1, batchSize: 1, optimizer: SGD(momentum: 0.9), learningRate: 0.001))
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

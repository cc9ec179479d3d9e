/// A data set's parts.
public struct DatasetSplits: Sendable {
  public var training: any Dataset
  /// For choosing among models and for early stopping; `nil` where the set has none and none was
  /// split off.
  public var validation: (any Dataset)?
  public var test: any Dataset

  public init(training: any Dataset, validation: (any Dataset)? = nil, test: any Dataset) {
    self.training = training
    self.validation = validation
    self.test = test
  }

  /// Cuts `whole` in two: `testFraction` of it, rounded, to test on, the rest to train on.
  public init(cutting whole: any Dataset, testFraction: Double, seed: UInt64) {
    let testCount = Int((Double(whole.count) * testFraction).rounded())
    self.init(cutting: whole, testCount: testCount, seed: seed)
  }

  /// Cuts `whole` in two: `testCount` examples to test on, the rest to train on.
  ///
  /// Where each example has a class, both parts hold the classes in equal proportion; which examples
  /// of a class go where is drawn from `seed`. Consecutive data give their end. Both parts keep the
  /// order of the whole.
  public init(cutting whole: any Dataset, testCount: Int, seed: UInt64) {
    let (kept, taken) = whole.indices(splittingOff: testCount, seed: seed)
    self.init(training: Subset(whole, kept), test: Subset(whole, taken))
  }

  /// These parts with `count` training examples moved to `validation`, chosen as
  /// `init(cutting:testCount:seed:)` chooses; a validation part that was there is replaced.
  public func splittingOffValidation(count: Int, seed: UInt64) -> DatasetSplits {
    let (kept, taken) = training.indices(splittingOff: count, seed: seed)
    return DatasetSplits(
      training: Subset(training, kept), validation: Subset(training, taken), test: test)
  }
}

extension Dataset {
  /// The example numbers, ascending, of a part of `takenCount` and of the rest.
  fileprivate func indices(splittingOff takenCount: Int, seed: UInt64) -> (
    kept: [Int], taken: [Int]
  ) {
    precondition(0...count ~= takenCount, "\(takenCount) of \(count) examples are split off")
    if order == .consecutive {
      return (Array(0..<count - takenCount), Array(count - takenCount..<count))
    }
    var random = Permutation.source(seed: seed, epoch: 0)
    var isTaken = [Bool](repeating: false, count: count)
    var groups: [Int32: [Int]] = [:]
    let classes = exampleClasses
    for index in 0..<count { groups[classes?[index] ?? 0, default: []].append(index) }
    // Every class gives its share rounded down; the largest remainders give one more.
    let shares = groups.keys.sorted().map { key in
      let size = groups[key]?.count ?? 0
      return (key: key, share: size * takenCount / count, rest: size * takenCount % count)
    }
    let missing = takenCount - shares.reduce(0) { $0 + $1.share }
    let generous = Set(
      shares.sorted { ($1.rest, $0.key) < ($0.rest, $1.key) }.prefix(missing).map(\.key))
    for (key, share, _) in shares {
      let members = groups[key] ?? []
      let order = Permutation.of(members.count, using: &random)
      for place in order.prefix(share + (generous.contains(key) ? 1 : 0)) {
        isTaken[members[Int(place)]] = true
      }
    }
    let all = 0..<count
    return (all.filter { !isTaken[$0] }, all.filter { isTaken[$0] })
  }
}

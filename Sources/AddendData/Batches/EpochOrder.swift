/// Which examples each batch of one epoch holds.
///
/// It depends on seed, epoch and sizes alone: a checkpoint needs the epoch and the number of the next
/// batch, and nothing else, to go on as if it had never stopped.
struct EpochOrder: Sendable {
  private let shuffled: [Int32]?
  private let exampleCount: Int
  private let batchSize: Int
  let batchCount: Int

  init(
    of dataset: any Dataset, batchSize: Int, remainder: BatchLoader.Remainder, epoch: Int,
    seed: UInt64
  ) {
    exampleCount = dataset.count
    self.batchSize = batchSize
    batchCount = Self.batchCount(exampleCount, batchSize: batchSize, remainder: remainder)
    if dataset.order == .shuffled {
      var random = Permutation.source(seed: seed, epoch: epoch)
      shuffled = Permutation.of(exampleCount, using: &random)
    } else {
      shuffled = nil
    }
  }

  static func batchCount(
    _ exampleCount: Int, batchSize: Int, remainder: BatchLoader.Remainder
  ) -> Int {
    let whole = exampleCount / batchSize
    return remainder == .kept && exampleCount % batchSize != 0 ? whole + 1 : whole
  }

  func indices(ofBatch batch: Int) -> [Int] {
    precondition(0..<batchCount ~= batch, "batch \(batch) of \(batchCount)")
    let places = batch * batchSize..<min((batch + 1) * batchSize, exampleCount)
    if let shuffled { return places.map { Int(shuffled[$0]) } }
    let streamLength = exampleCount / batchSize
    guard batch < streamLength else { return Array(places) }
    return (0..<batchSize).map { $0 * streamLength + batch }
  }

  /// Whether each row of the batch goes on where the same row of the batch before stopped.
  func continuesPrevious(_ batch: Int) -> Bool {
    shuffled == nil && batch > 0 && batch < exampleCount / batchSize
  }
}

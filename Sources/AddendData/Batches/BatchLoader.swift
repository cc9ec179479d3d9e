public import AddendTensors

/// Cuts a data set into the batches of each epoch, prepared on another thread while the network
/// works.
///
/// The batches depend on the data set, the sizes, `seed` and the epoch's number alone, never on
/// timing: resuming at (epoch, batch) is exact.
public struct BatchLoader: Sendable {
  public let dataset: any Dataset
  public let batchSize: Int
  public let seed: UInt64
  public let remainder: Remainder
  public let augmentation: Augmentation?
  public let form: Form
  /// How many batches may wait ready; 0 prepares each when it is asked for.
  public let prefetchCount: Int

  /// What becomes of the examples that do not fill a batch.
  public enum Remainder: Sendable {
    /// They are left out of this epoch: to train.
    case dropped
    /// They make a smaller last batch, so that each example comes exactly once: to evaluate.
    case kept
  }

  /// What batches hold of images.
  public enum Form: Sendable {
    case numbers
    /// Bytes, as far as nothing is changed in them.
    case bytes

    /// What a model of `scalar` is fed with.
    public static func feeding<Scalar: TensorScalar>(_ scalar: Scalar.Type) -> Form {
      Scalar.self == Float.self ? .numbers : .bytes
    }
  }

  /// - Throws: `DataError.invalidContent` where no batch could be filled, and where augmentation is
  ///   asked for examples that are no images.
  public init(
    _ dataset: any Dataset, batchSize: Int, seed: UInt64, remainder: Remainder = .dropped,
    augmentation: Augmentation? = nil, form: Form = .numbers, prefetchCount: Int = 2
  ) throws(DataError) {
    precondition(batchSize > 0 && prefetchCount >= 0, "a batch has at least one example")
    guard remainder == .kept || batchSize <= dataset.count else {
      throw .invalidContent(
        path: dataset.name,
        reason: "a batch of \(batchSize) is more than its \(dataset.count) examples")
    }
    guard augmentation == nil || dataset.inputShape.rank == 3 else {
      throw .invalidContent(
        path: dataset.name,
        reason: "only images can be cropped and flipped, its inputs are \(dataset.inputShape)")
    }
    self.dataset = dataset
    self.batchSize = batchSize
    self.seed = seed
    self.remainder = remainder
    self.augmentation = augmentation
    self.form = augmentation == nil ? form : .numbers
    self.prefetchCount = prefetchCount
  }

  /// The number of batches in an epoch.
  public var batchCount: Int {
    EpochOrder.batchCount(dataset.count, batchSize: batchSize, remainder: remainder)
  }

  /// The batches of one epoch, from `firstBatch` on.
  public func batches(inEpoch epoch: Int, from firstBatch: Int = 0) -> BatchSequence {
    let order = EpochOrder(
      of: dataset, batchSize: batchSize, remainder: remainder, epoch: epoch, seed: seed)
    let (dataset, augmentation, seed, form) = (dataset, augmentation, seed, form)
    return BatchSequence(firstBatch..<order.batchCount, prefetchCount: prefetchCount) { number in
      let indices = order.indices(ofBatch: number)
      var batch = form == .bytes ? dataset.byteBatch(indices) : dataset.batch(indices)
      batch.continuesPrevious = order.continuesPrevious(number)
      if let augmentation {
        batch.input = augmentation.applied(
          to: batch.input, examples: indices, epoch: epoch, seed: seed)
      }
      return batch
    }
  }
}

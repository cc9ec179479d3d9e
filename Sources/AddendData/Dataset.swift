public import AddendTensors

/// Examples that can be fetched by number.
public protocol Dataset: Sendable {
  /// The name that the catalogue knows it by.
  var name: String { get }
  /// The number of examples; for text, of sequences.
  var count: Int { get }
  /// One example's shape: `[28, 28, 1]`, or `[time]` for tokens.
  var inputShape: Shape { get }
  /// The classes' names, in order; empty where targets are numbers.
  var classNames: [String] { get }
  /// A digest of content and order, as printed in reports.
  var checksum: String { get }
  /// The examples numbered `indices`, as one batch: inputs scaled as the data set defines.
  func batch(_ indices: [Int]) -> Batch
}

/// Some examples side by side.
public struct Batch: Sendable {
  /// `[batch] + inputShape`.
  public var input: Tensor<Float>
  public var targets: Targets
  /// For sequences of various lengths: how many steps of each count.
  public var lengths: [Int]?

  public init(input: Tensor<Float>, targets: Targets, lengths: [Int]? = nil) {
    self.input = input
    self.targets = targets
    self.lengths = lengths
  }
}

/// A data set's parts.
public struct DatasetSplits: Sendable {
  public var training: any Dataset
  public var test: any Dataset

  public init(training: any Dataset, test: any Dataset) {
    self.training = training
    self.test = test
  }
}

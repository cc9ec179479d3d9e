public import AddendTensors

/// Examples that can be fetched by number.
public protocol Dataset: Sendable {
  /// The name that the catalogue knows it by.
  var name: String { get }
  /// The number of examples; for text, of windows.
  var count: Int { get }
  /// One example's shape: `[28, 28, 1]`, or `[time]` for tokens.
  var inputShape: Shape { get }
  /// The classes' names, in order; empty where targets are numbers.
  var classNames: [String] { get }
  /// A digest of content and order, as printed in reports.
  var checksum: String { get }
  /// How an epoch visits the examples.
  var order: ExampleOrder { get }
  /// The class of every example; `nil` where an example has not just one.
  var exampleClasses: [Int32]? { get }
  /// All examples' bytes, `[count] + inputShape`; `nil` where inputs are no images.
  var examplePixels: [UInt8]? { get }
  /// How pixels became numbers; `nil` where inputs are no images.
  var normalization: PixelNormalization? { get }
  /// The examples numbered `indices`, as one batch: inputs scaled as the data set defines.
  func batch(_ indices: [Int]) -> Batch
  /// The same batch, images as their bytes: for formats that take no detour by float32.
  func byteBatch(_ indices: [Int]) -> Batch
}

extension Dataset {
  public var order: ExampleOrder { .shuffled }
  public var exampleClasses: [Int32]? { nil }
  public var examplePixels: [UInt8]? { nil }
  public var normalization: PixelNormalization? { nil }
  public func byteBatch(_ indices: [Int]) -> Batch { batch(indices) }
}

/// How an epoch visits the examples of a data set.
public enum ExampleOrder: Sendable {
  /// Each epoch in another order, drawn from seed and epoch.
  case shuffled
  /// As parallel streams: row `b` of a batch goes on where row `b` of the batch before stopped.
  case consecutive
}

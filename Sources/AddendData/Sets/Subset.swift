public import AddendTensors

/// Some examples of another data set, in an order of their own.
public struct Subset: Dataset {
  private let whole: any Dataset
  private let indices: [Int]
  public let checksum: String

  public init(_ whole: any Dataset, _ indices: [Int]) {
    precondition(indices.allSatisfy { 0..<whole.count ~= $0 }, "a subset holds what the whole has")
    self.whole = whole
    self.indices = indices
    checksum =
      Digest(of: indices.map(UInt64.init), continuing: Digest(of: Array(whole.checksum.utf8)))
      .description
  }

  public var name: String { whole.name }
  public var count: Int { indices.count }
  public var inputShape: Shape { whole.inputShape }
  public var classNames: [String] { whole.classNames }
  public var order: ExampleOrder { whole.order }
  public var normalization: PixelNormalization? { whole.normalization }

  public var exampleClasses: [Int32]? {
    whole.exampleClasses.map { classes in indices.map { classes[$0] } }
  }

  public var examplePixels: [UInt8]? {
    let size = inputShape.count
    return whole.examplePixels.map { pixels in
      indices.flatMap { pixels[$0 * size..<($0 + 1) * size] }
    }
  }

  public func batch(_ indices: [Int]) -> Batch { whole.batch(indices.map { self.indices[$0] }) }
  public func byteBatch(_ indices: [Int]) -> Batch {
    whole.byteBatch(indices.map { self.indices[$0] })
  }
}

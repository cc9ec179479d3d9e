public import AddendTensors

/// Some examples side by side.
public struct Batch: Sendable {
  /// The inputs as they were prepared.
  public enum Input: Sendable, Equatable {
    case numbers(Tensor<Float>)
    case pixels(PixelBlock)
  }

  private var content: Input
  public var targets: Targets
  /// For sequences of various lengths: how many steps of each count; zeros stand behind them.
  public var lengths: [Int]?
  /// Whether each row goes on where the same row of the batch before stopped, so that a recurrent
  /// network keeps its state (truncated backpropagation through time).
  public var continuesPrevious = false

  public init(input: Tensor<Float>, targets: Targets, lengths: [Int]? = nil) {
    content = .numbers(input)
    self.targets = targets
    self.lengths = lengths
  }

  public init(pixels: PixelBlock, targets: Targets) {
    content = .pixels(pixels)
    self.targets = targets
  }

  /// `[batch] + input`, in float32.
  public var input: Tensor<Float> {
    get { input(as: Float.self) }
    set { content = .numbers(newValue) }
  }

  /// `[batch] + input` in the format of a model. Bytes become numbers by a table: no other number is
  /// converted on the way.
  public func input<Scalar: TensorScalar>(as scalar: Scalar.Type) -> Tensor<Scalar> {
    switch content {
    case .numbers(let numbers): Tensor<Scalar>(numbers)
    case .pixels(let pixels): pixels.numbers()
    }
  }

  /// The number of examples.
  public var count: Int {
    switch content {
    case .numbers(let numbers): numbers.shape.first ?? 0
    case .pixels(let pixels): pixels.shape.first ?? 0
    }
  }

  /// This batch with other rows of its inputs, in their order.
  public func gathered(_ rows: [Int], targets: Targets, lengths: [Int]?) -> Batch {
    var part = self
    part.targets = targets
    part.lengths = lengths
    switch content {
    case .numbers(let numbers): part.content = .numbers(numbers.gathered(rows))
    case .pixels(let pixels): part.content = .pixels(pixels.gathered(rows))
    }
    return part
  }
}

/// Images side by side as bytes, with what these mean.
public struct PixelBlock: Sendable, Equatable {
  /// `[batch, height, width, channels]`.
  public let shape: Shape
  let bytes: [UInt8]
  let normalization: PixelNormalization

  public init(shape: Shape, bytes: [UInt8], normalization: PixelNormalization) {
    precondition(shape.rank == 4 && bytes.count == shape.count, "bytes fill their images")
    self.shape = shape
    self.bytes = bytes
    self.normalization = normalization
  }

  /// Each byte as its constant of the format.
  func numbers<Scalar: TensorScalar>() -> Tensor<Scalar> {
    let table = normalization.table(channels: shape[3]).map { Scalar(constant: Double($0)) }
    return Tensor(shape) { Scalar.lookUp(bytes.span, in: table.span, into: &$0) }
  }

  func gathered(_ rows: [Int]) -> PixelBlock {
    let size = shape.element.count
    return PixelBlock(
      shape: shape.element.batched(rows.count),
      bytes: rows.flatMap { bytes[$0 * size..<($0 + 1) * size] }, normalization: normalization)
  }
}

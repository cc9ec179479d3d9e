public import AddendTensors

/// Some examples side by side.
public struct Batch: Sendable {
  /// The inputs as they were prepared.
  public enum Input: Sendable, Equatable {
    case numbers(Tensor<Float>)
    case pixels(PixelBlock)
    case symbols(SymbolBlock)
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

  public init(symbols: SymbolBlock, targets: Targets, lengths: [Int]? = nil) {
    content = .symbols(symbols)
    self.targets = targets
    self.lengths = lengths
  }

  /// `[batch] + input`, in float32.
  public var input: Tensor<Float> {
    get { input(as: Float.self) }
    set { content = .numbers(newValue) }
  }

  /// `[batch] + input` in the format of a model. Bytes become numbers by a table, and symbols stay
  /// what they are: no other number is converted on the way.
  public func input<Scalar: TensorScalar>(as scalar: Scalar.Type) -> Tensor<Scalar> {
    switch content {
    case .numbers(let numbers): Tensor<Scalar>(numbers)
    case .pixels(let pixels): pixels.numbers()
    case .symbols(let symbols): symbols.numbers()
    }
  }

  /// The number of examples.
  public var count: Int {
    switch content {
    case .numbers(let numbers): numbers.shape.first ?? 0
    case .pixels(let pixels): pixels.shape.first ?? 0
    case .symbols(let symbols): symbols.shape.first ?? 0
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
    case .symbols(let symbols): part.content = .symbols(symbols.gathered(rows))
    }
    return part
  }
}

/// Rows of symbols.
public struct SymbolBlock: Sendable, Equatable {
  /// `[batch, length]`.
  public let shape: Shape
  let symbols: [Int32]

  public init(shape: Shape, symbols: [Int32]) {
    precondition(shape.rank == 2 && symbols.count == shape.count, "symbols fill their rows")
    self.shape = shape
    self.symbols = symbols
  }

  /// Each as the format has it.
  func numbers<Scalar: TensorScalar>() -> Tensor<Scalar> {
    Tensor(shape) { span in
      for i in span.indices { span[i] = Scalar(symbol: Int(symbols[i])) }
    }
  }

  func gathered(_ rows: [Int]) -> SymbolBlock {
    let length = shape[1]
    return SymbolBlock(
      shape: [rows.count, length],
      symbols: rows.flatMap { symbols[$0 * length..<($0 + 1) * length] })
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

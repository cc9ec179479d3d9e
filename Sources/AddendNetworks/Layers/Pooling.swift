public import AddendCatalogue
internal import AddendKernels
public import AddendLinear
public import AddendTensors

/// A layer that reduces windows of an image, each channel apart.
public protocol PoolingConfiguration: LayerConfiguration {
  /// The side of a window.
  var size: Int { get }
  /// The distance between windows; `nil` for `size`, so that they tile the image.
  var stride: Int? { get }
  /// Pixels of border on each side, which hold nothing.
  var padding: Int { get }
  init(_ size: Int, stride: Int?, padding: Int)
  static var reduction: PoolingReduction { get }
}

/// What a window becomes.
public enum PoolingReduction: Hashable, Sendable {
  case largest, mean
}

extension PoolingConfiguration {
  static func windowed(_ name: String, summary: String) -> Declaration {
    Declaration(
      name, summary: summary,
      parameters: [
        .init("size", .integer(1...extentLimit), standard: nil, help: "the side of a window"),
        .init("stride", .integer(0...extentLimit), standard: .integer(0), help: "0 for the size"),
        .init(
          "padding", .integer(0...extentLimit), standard: .integer(0), help: "empty border pixels"),
      ])
  }

  public init(_ arguments: Arguments) throws(CatalogueError) {
    let (size, padding) = (arguments.integer("size"), arguments.integer("padding"))
    let stride = arguments.integer("stride")
    guard padding < size else {
      throw .invalidParameter(
        of: Self.declaration.name, parameter: "padding", expected: "less than the size, \(size)",
        found: "\(padding)")
    }
    self.init(size, stride: stride == 0 ? nil : stride, padding: padding)
  }

  public var specification: Specification {
    Specification(
      Self.declaration.name,
      ["size": .integer(size), "stride": .integer(stride ?? 0), "padding": .integer(padding)])
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    let window = PoolingWindow(
      name: Self.declaration.name, size: size, stride: stride ?? size, padding: padding)
    return switch Self.reduction {
    case .largest: LayerHolder(MaxPoolLayer<Scalar>(window: window))
    case .mean: LayerHolder(AveragePoolLayer<Scalar>(window: window))
    }
  }
}

/// The largest pixel of each window: `MaxPool(2)`.
public struct MaxPool: PoolingConfiguration {
  public let size: Int
  public let stride: Int?
  public let padding: Int

  public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
    precondition(size > 0 && padding < size, "a window is larger than the border")
    self.size = size
    self.stride = stride
    self.padding = padding
  }
  public static let declaration = windowed("max-pool", summary: "each window's largest pixel")
  public static var reduction: PoolingReduction { .largest }
}

/// The mean of each window's pixels: `AveragePool(2)`. The border does not count.
public struct AveragePool: PoolingConfiguration {
  public let size: Int
  public let stride: Int?
  public let padding: Int

  public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
    precondition(size > 0 && padding < size, "a window is larger than the border")
    self.size = size
    self.stride = stride
    self.padding = padding
  }
  public static let declaration = windowed(
    "average-pool", summary: "the mean of each window's pixels")
  public static var reduction: PoolingReduction { .mean }
}

/// The mean of all pixels, per channel: `[height, width, channels]` to `[channels]`.
public struct GlobalAveragePool: LayerConfiguration {
  public init() {}
  public static let declaration = Declaration(
    "global-average-pool", summary: "the mean of all pixels, per channel")
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("global-average-pool") }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    LayerHolder(AveragePoolLayer<Scalar>(window: nil))
  }
}

/// A pooling layer's windows.
struct PoolingWindow: Hashable, Sendable {
  /// The layer's, for messages.
  let name: String
  let size: Int
  let stride: Int
  let padding: Int

  func geometry(for batch: Shape) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch[0], height: batch[1], width: batch[2], channels: batch[3], filterHeight: size,
      filterWidth: size, stride: stride, padding: padding)
  }

  func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    guard input.rank == 3 else {
      throw .unsuitableInput(layer: name, expected: "an image height×width×channels", found: input)
    }
    let geometry = geometry(for: input.batched(1))
    guard geometry.patchCount > 0 else {
      throw .unsuitableInput(
        layer: name, expected: "an image that a \(size)×\(size) window fits", found: input)
    }
    return [geometry.outputHeight, geometry.outputWidth, input[2]]
  }
}

/// Throws unless `x` is a batch of images.
private func checkImages<Scalar>(
  _ x: Tensor<Scalar>, for operation: String
) throws(TensorError) {
  guard x.shape.rank == 4 else {
    throw .shapeMismatch(
      operation: operation, argument: "x", expected: "batch×height×width×channels", found: x.shape)
  }
}

/// `y[n, p, q, c] = max over the window at (p, q) of x[n, ·, ·, c]`; the gradient goes to the first
/// of equals.
///
/// Cost: for each output, one comparison fewer than the pixels in its window.
public struct MaxPoolLayer<Scalar: TensorScalar>: Layer {
  let window: PoolingWindow

  public struct Residuals: Sendable {
    let geometry: ConvolutionGeometry
    let choices: [Int32]
  }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    try window.outputShape(for: input)
  }

  public func cost(for input: Shape) -> OperationCount {
    let geometry = window.geometry(for: input.batched(1))
    let comparisons = geometry.windowPixelCounts.reduce(0) { $0 + max(0, $1 - 1) }
    return OperationCount(comparisons: comparisons * geometry.channels)
  }

  public var binaryStage: BinaryStage? {
    .maxPool(size: window.size, stride: window.stride, padding: window.padding)
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    let geometry = window.geometry(for: graph.nodes[x].shape.batched(1))
    return graph.append(
      .maxPool(geometry), [x], shape: geometry.outputShape(channels: geometry.channels).element)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try pooled(x).y
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    let (y, choices) = try pooled(x)
    return (y, Residuals(geometry: window.geometry(for: x.shape), choices: choices))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let (geometry, choices, gradient) = (residuals.geometry, residuals.choices, dy.span)
    return Tensor(geometry.imageShape) {
      Scalar.maxPoolGradient(gradient, choices: choices.span, geometry, into: &$0)
    }
  }

  private func pooled(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> (y: Tensor<Scalar>, choices: [Int32]) {
    try checkImages(x, for: window.name)
    let (geometry, source) = (window.geometry(for: x.shape), x.span)
    var choices = [Int32](repeating: -1, count: geometry.patchCount * geometry.channels)
    let y = Tensor<Scalar>(geometry.outputShape(channels: geometry.channels)) {
      var choices = choices.mutableSpan
      Scalar.maxPool(source, geometry, into: &$0, choices: &choices)
    }
    return (y, choices)
  }
}

/// `y[n, p, q, c] = mean over the window at (p, q) of x[n, ·, ·, c]`, or over the whole image.
///
/// Cost: for each output as many additions as the window has pixels, and one multiplication.
public struct AveragePoolLayer<Scalar: TensorScalar>: Layer {
  /// `nil` for the whole image, whose extents then leave the shape.
  let window: PoolingWindow?

  public struct Residuals: Sendable { let geometry: ConvolutionGeometry }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    if let window { return try window.outputShape(for: input) }
    guard input.rank == 3 else {
      throw .unsuitableInput(
        layer: GlobalAveragePool.declaration.name, expected: "an image height×width×channels",
        found: input)
    }
    return [input[2]]
  }

  public func cost(for input: Shape) -> OperationCount {
    let geometry = geometry(for: input.batched(1))
    let counts = geometry.windowPixelCounts
    return geometry.channels
      * OperationCount(multiplications: counts.count, additions: counts.reduce(0, +))
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    let geometry = geometry(for: graph.nodes[x].shape.batched(1))
    let shape = geometry.outputShape(channels: geometry.channels).element
    return graph.append(
      .averagePool(geometry), [x], shape: window == nil ? [geometry.channels] : shape)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkImages(x, for: window?.name ?? GlobalAveragePool.declaration.name)
    let (geometry, source) = (geometry(for: x.shape), x.span)
    let shape: Shape =
      window == nil
      ? [geometry.batch, geometry.channels] : geometry.outputShape(channels: geometry.channels)
    return Tensor(shape) { Scalar.averagePool(source, geometry, into: &$0) }
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    (try forward(x, &context), Residuals(geometry: geometry(for: x.shape)))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let (geometry, gradient) = (residuals.geometry, dy.span)
    return Tensor(geometry.imageShape) {
      Scalar.averagePoolGradient(gradient, geometry, into: &$0)
    }
  }

  private func geometry(for batch: Shape) -> ConvolutionGeometry {
    window?.geometry(for: batch)
      ?? ConvolutionGeometry(
        batch: batch[0], height: batch[1], width: batch[2], channels: batch[3],
        filterHeight: batch[1], filterWidth: batch[2])
  }
}

extension ConvolutionGeometry {
  fileprivate var imageShape: Shape { [batch, height, width, channels] }
}

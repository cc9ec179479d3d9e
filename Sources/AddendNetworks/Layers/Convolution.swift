public import AddendCatalogue
internal import AddendKernels
public import AddendLinear
public import AddendTensors

/// A two-dimensional convolution: `Convolution(20, size: 5)`.
public struct Convolution: LayerConfiguration {
  /// Zeros around the image.
  public enum Padding: Hashable, Sendable, ExpressibleByIntegerLiteral {
    case pixels(Int)
    /// As many as keep height and width at stride 1: `dilation · (size − 1) / 2` on each side.
    case same

    public init(integerLiteral pixels: Int) { self = .pixels(pixels) }
  }

  public var outputs: Int
  /// The filter's height, and its width unless `width` says otherwise.
  public var size: Int
  public var width: Int?
  public var stride: Int
  public var padding: Padding
  /// The distance between neighbouring filter taps.
  public var dilation: Int
  /// The parts into which channels are cut, each convolved apart.
  public var groups: Int
  public var hasBias: Bool
  /// This layer's own map; `nil` for the network's.
  public var map: Specification?

  public init(
    _ outputs: Int, size: Int, width: Int? = nil, stride: Int = 1, padding: Padding = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, map: Specification? = nil
  ) {
    precondition(
      outputs > 0 && size > 0 && stride > 0 && dilation > 0 && groups > 0,
      "a convolution's extents are positive")
    self.outputs = outputs
    self.size = size
    self.width = width
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    hasBias = bias
    self.map = map
  }

  public static let declaration = Declaration(
    "convolution", summary: "one linear map of every patch of an image",
    parameters: [
      .init("outputs", .integer(1...Int(Int32.max)), standard: nil, help: "channels of y"),
      .init("size", .integer(1...extentLimit), standard: nil, help: "the filter's height"),
      .init(
        "width", .integer(0...extentLimit), standard: .integer(0), help: "its width; 0 as size"),
      .init(
        "stride", .integer(1...extentLimit), standard: .integer(1), help: "pixels between patches"),
      .init("padding", .text, standard: .text("0"), help: "zeros on each side, or same"),
      .init(
        "dilation", .integer(1...extentLimit), standard: .integer(1), help: "pixels between taps"),
      .init(
        "groups", .integer(1...Int(Int32.max)), standard: .integer(1), help: "parts of the channels"
      ),
      .init("bias", .flag, standard: .flag(true), help: "whether b is there"),
      Declaration.mapParameter,
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    let padding: Padding
    switch arguments.text("padding") {
    case "same": padding = .same
    case let text:
      guard let pixels = Int(text), 0...extentLimit ~= pixels else {
        throw .invalidParameter(
          of: "convolution", parameter: "padding",
          expected: "an integer from 0 to \(extentLimit), or same",
          found: "'\(text)'")
      }
      padding = .pixels(pixels)
    }
    let width = arguments.integer("width")
    self.init(
      arguments.integer("outputs"), size: arguments.integer("size"),
      width: width == 0 ? nil : width, stride: arguments.integer("stride"), padding: padding,
      dilation: arguments.integer("dilation"), groups: arguments.integer("groups"),
      bias: arguments.flag("bias"), map: try arguments.map())
  }

  public var specification: Specification {
    let padding: ParameterValue =
      switch padding {
      case .same: .text("same")
      case .pixels(let pixels): .integer(pixels)
      }
    return Specification(
      "convolution",
      [
        "outputs": .integer(outputs), "size": .integer(size), "width": .integer(width ?? 0),
        "stride": .integer(stride), "padding": padding, "dilation": .integer(dilation),
        "groups": .integer(groups), "bias": .flag(hasBias),
      ]
    ).choosing(map)
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    guard input.rank == 3, input.count > 0 else {
      throw .unsuitableInput(
        layer: site.location, expected: "an image height×width×channels", found: input)
    }
    guard input[2] % groups == 0, outputs % groups == 0 else {
      throw .parameters(
        layer: site.location,
        .invalidParameter(
          of: "convolution", parameter: "groups",
          expected: "a divisor of \(input[2]) input and \(outputs) output channels",
          found: "\(groups)"))
    }
    let geometry = ConvolutionGeometry(
      batch: 1, height: input[0], width: input[1], channels: input[2] / groups,
      filterHeight: size, filterWidth: width ?? size, stride: stride,
      padding: try paddedPixels(in: site), dilation: dilation)
    let role = MapRole(
      inputSize: geometry.patchSize, outputSize: outputs / groups,
      inputGrid: [geometry.filterHeight, geometry.filterWidth, geometry.channels], isPatch: true)
    var maps: [any MapSlot<Scalar>] = []
    for _ in 0..<groups { maps.append(try site.makeMap(role, of: scalar, choice: map)) }
    return LayerHolder(
      ConvolutionLayer<Scalar>(maps: maps, role: role, geometry: geometry, hasBias: hasBias))
  }

  private func paddedPixels(in site: BuildingSite) throws(NetworkError) -> Int {
    switch padding {
    case .pixels(let pixels): return pixels
    case .same:
      let border = dilation * (size - 1)
      guard border % 2 == 0, (width ?? size) == size else {
        throw .parameters(
          layer: site.location,
          .invalidParameter(
            of: "convolution", parameter: "padding",
            expected: "a number of pixels unless the filter is square and odd", found: "'same'"))
      }
      return border / 2
    }
  }
}

/// The largest side of a filter or window in a network file, so that products of a few do not
/// overflow.
let extentLimit = 1 << 15

/// `y[n, p, q, :] = x's patch at (p, q) · W + b`, the map `W` of any kind, one for each group.
///
/// Shapes: `x` is `[batch, height, width, channels]`, `y` is `[batch, outputHeight, outputWidth,
/// outputs]`, `b` is `[outputs]` and starts at 0. A map's input is a patch of its group's channels:
/// `filterHeight · filterWidth · channels / groups` numbers in that order, zeros in the padding.
///
/// Cost: for each output position the groups' maps, and `outputs` additions for the bias. Padding is
/// multiplied like pixels.
public struct ConvolutionLayer<Scalar: TensorScalar>: Layer {
  private var maps: [any MapSlot<Scalar>]
  private var bias: Parameter<Scalar>?
  private let role: MapRole
  /// One group's, for a batch of one; a pass sets its own batch and image size.
  private let geometry: ConvolutionGeometry

  public struct Residuals: Sendable { let geometry: ConvolutionGeometry }

  init(
    maps: [any MapSlot<Scalar>], role: MapRole, geometry: ConvolutionGeometry, hasBias: Bool
  ) {
    self.maps = maps
    self.role = role
    self.geometry = geometry
    bias = hasBias ? Parameter(Tensor([maps.count * role.outputSize]), role: .bias) : nil
  }

  public var hasParameters: Bool { true }

  private var channels: Int { maps.count * geometry.channels }
  private var outputs: Int { maps.count * role.outputSize }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    guard input.rank == 3, input[2] == channels else {
      throw .unsuitableInput(
        layer: "convolution", expected: "an image height×width×\(channels)", found: input)
    }
    let geometry = geometry(for: input.batched(1))
    guard geometry.patchCount > 0 else {
      let (height, width) = (geometry.filterHeight, geometry.filterWidth)
      throw .unsuitableInput(
        layer: "convolution", expected: "an image that a \(height)×\(width) filter fits",
        found: input)
    }
    return [geometry.outputHeight, geometry.outputWidth, outputs]
  }

  public func cost(for input: Shape) -> OperationCount {
    let geometry = geometry(for: input.batched(1))
    return maps.reduce(.zero) { $0 + $1.imageCost(geometry) }
      + geometry.patchCount * OperationCount(additions: bias == nil ? 0 : outputs)
  }

  /// The map's signs, where there is one group.
  public var binaryStage: BinaryStage? {
    guard maps.count == 1, let weight = maps[0].binaryWeight else { return nil }
    return .convolution(weight, geometry, bias: bias.map { Tensor<Float>($0.value).elements })
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    // Groups have ranges of their own, and the filter is laid out for taps side by side.
    let product = maps.count == 1 && geometry.dilation == 1 ? maps[0].int8Product : nil
    let weights =
      product == nil ? maps.compactMap { $0.exactWeight } : [maps[0].exactTwin.weight.value]
    guard weights.count == maps.count else { return nil }
    let geometry = geometry(for: graph.nodes[x].shape.batched(1))
    var linear = LinearOperation(geometry: geometry, weights: weights, bias: bias?.value)
    linear.int8 = product
    return graph.append(
      .linear(linear), [x], shape: geometry.outputShape(channels: outputs).element)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try checkInput(x)
    let geometry = geometry(for: x.shape)
    guard maps.count > 1 else { return biased(try maps[0].imageForward(x, geometry)) }
    var y = Tensor<Scalar>(geometry.outputShape(channels: outputs)) { _ in }
    for group in maps.indices {
      let part = try maps[group].imageForward(part(group, of: x), geometry)
      y.replaceColumns(from: group * role.outputSize, with: part)
    }
    return biased(y)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    try checkInput(x)
    let geometry = geometry(for: x.shape)
    let residuals = Residuals(geometry: geometry)
    guard maps.count > 1 else {
      return (biased(try maps[0].imageTrainingForward(x, geometry)), residuals)
    }
    var y = Tensor<Scalar>(geometry.outputShape(channels: outputs)) { _ in }
    for group in maps.indices {
      let part = try maps[group].imageTrainingForward(part(group, of: x), geometry)
      y.replaceColumns(from: group * role.outputSize, with: part)
    }
    return (biased(y), residuals)
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let geometry = residuals.geometry
    bias?.addColumnSums(of: dy)
    guard maps.count > 1 else { return maps[0].imageBackward(dy, geometry) }
    var dx = Tensor<Scalar>([geometry.batch, geometry.height, geometry.width, channels]) { _ in }
    for group in maps.indices {
      let part = maps[group].imageBackward(outputPart(group, of: dy), geometry)
      dx.replaceColumns(from: group * geometry.channels, with: part)
    }
    return dx
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    let geometry = residuals.geometry
    bias?.addColumnSums(of: dy)
    for group in maps.indices {
      let part = maps.count == 1 ? dy : outputPart(group, of: dy)
      maps[group].imageParameterBackward(part, geometry)
    }
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    if maps.count == 1 {
      maps[0].visit(&visitor)
    } else {
      for group in maps.indices {
        visitor.enter("group\(group + 1)")
        maps[group].visit(&visitor)
        visitor.leave()
      }
    }
    bias.visit(&visitor, named: "bias")
  }

  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    for group in maps.indices {
      visitor.visit(&maps[group], role, named: maps.count == 1 ? "map" : "map\(group + 1)")
    }
  }

  public mutating func absorb(
    _ next: ChannelAffine, in specification: inout Specification
  ) -> Bool {
    guard next.scale.count == outputs else { return false }
    var scaled = maps
    for group in maps.indices {
      let part = next.scale[group * role.outputSize..<(group + 1) * role.outputSize]
      guard scaled[group].scaleOutputs(by: Array(part)) else { return false }
    }
    maps = scaled
    bias.absorb(next)
    specification.arguments["bias"] = .flag(true)
    return true
  }

  private func geometry(for batch: Shape) -> ConvolutionGeometry {
    var geometry = geometry
    geometry.batch = batch[0]
    geometry.height = batch[1]
    geometry.width = batch[2]
    return geometry
  }

  private func checkInput(_ x: Tensor<Scalar>) throws(TensorError) {
    guard x.shape.rank == 4, x.shape[3] == channels else {
      throw .shapeMismatch(
        operation: "convolution", argument: "x", expected: "batch×height×width×\(channels)",
        found: x.shape)
    }
  }

  private func part(_ group: Int, of x: Tensor<Scalar>) -> Tensor<Scalar> {
    x.columns(group * geometry.channels..<(group + 1) * geometry.channels)
  }

  private func outputPart(_ group: Int, of dy: Tensor<Scalar>) -> Tensor<Scalar> {
    dy.columns(group * role.outputSize..<(group + 1) * role.outputSize)
  }

  // Taken over, so that no other reference makes the sum a copy.
  private func biased(_ product: consuming Tensor<Scalar>) -> Tensor<Scalar> {
    var y = product
    bias?.addToRows(of: &y)
    return y
  }
}

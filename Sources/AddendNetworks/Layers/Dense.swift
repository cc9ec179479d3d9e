public import AddendCatalogue
public import AddendLinear
public import AddendTensors

/// A fully connected layer over the last axis: `Dense(300)`.
public struct Dense: LayerConfiguration {
  public var outputs: Int
  public var hasBias: Bool
  /// This layer's own map; `nil` for the network's.
  public var map: Specification?

  public init(_ outputs: Int, bias: Bool = true, map: Specification? = nil) {
    precondition(outputs > 0, "a dense layer has outputs")
    self.outputs = outputs
    hasBias = bias
    self.map = map
  }

  public static let declaration = Declaration(
    "dense", summary: "y = x W + b over the last axis",
    parameters: [
      .init("outputs", .integer(1...Int(Int32.max)), standard: nil, help: "numbers per row of y"),
      .init("bias", .flag, standard: .flag(true), help: "whether b is there"),
      Declaration.mapParameter,
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      arguments.integer("outputs"), bias: arguments.flag("bias"), map: try arguments.map())
  }

  public var specification: Specification {
    Specification("dense", ["outputs": .integer(outputs), "bias": .flag(hasBias)]).choosing(map)
  }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    guard let inputs = input.last, inputs > 0 else {
      throw .unsuitableInput(
        layer: site.location, expected: "numbers in the last axis", found: input)
    }
    let role = MapRole(
      inputSize: inputs, outputSize: outputs,
      inputGrid: site.flattenedGrid.flatMap { $0.count == inputs ? $0 : nil })
    let map = try site.makeMap(role, of: scalar, choice: map)
    return LayerHolder(DenseLayer<Scalar>(map: map, role: role, hasBias: hasBias))
  }
}

/// `y = x W + b`, the map `W` of any kind.
///
/// Shapes: `x` is `[…, inputSize]`, `b` is `[outputSize]` and starts at 0, `y` is `[…, outputSize]`.
///
/// Cost: the map's for each row, and `outputSize` additions for the bias.
public struct DenseLayer<Scalar: TensorScalar>: Layer {
  private var map: any MapSlot<Scalar>
  private var bias: Parameter<Scalar>?
  private let role: MapRole

  public struct Residuals: Sendable { let inputShape: Shape }

  init(map: any MapSlot<Scalar>, role: MapRole, hasBias: Bool, initialBias: Double = 0) {
    self.map = map
    self.role = role
    let start = Tensor<Scalar>([role.outputSize], repeating: Scalar(constant: initialBias))
    bias = hasBias ? Parameter(start, role: .bias) : nil
  }

  public var hasParameters: Bool { true }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape {
    guard input.last == role.inputSize else {
      throw .unsuitableInput(
        layer: "dense", expected: "\(role.inputSize) numbers in the last axis", found: input)
    }
    return Shape(input.extents.dropLast() + [role.outputSize])
  }

  public func cost(for input: Shape) -> OperationCount {
    let rows = input.count / max(1, role.inputSize)
    return rows * (map.cost + OperationCount(additions: bias == nil ? 0 : role.outputSize))
  }

  /// The map's look-ups, where the rows are whole examples.
  public var lookupStage: LookupStage? {
    guard var tables = map.lookupTables else { return nil }
    if let bias {
      let numbers = Tensor<Double>(bias.value).elements
      for m in numbers.indices { tables.offsets[m] += numbers[m] }
    }
    return .tables(tables)
  }

  /// The map's signs, where the rows are whole examples.
  public var binaryStage: BinaryStage? {
    map.binaryWeight.map { .dense($0, bias: bias.map { Tensor<Float>($0.value).elements }) }
  }

  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    let product = map.int8Product
    guard let weight = product == nil ? map.exactWeight : map.exactTwin.weight.value else {
      return nil
    }
    let shape = Shape(graph.nodes[x].shape.extents.dropLast() + [role.outputSize])
    var linear = LinearOperation(geometry: nil, weights: [weight], bias: bias?.value)
    linear.int8 = product
    return graph.append(.linear(linear), [x], shape: shape)
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    shaped(try map.forward(flat(x), bias: bias?.value), like: x.shape)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    let y = try map.trainingForward(flat(x), bias: bias?.value)
    return (shaped(y, like: x.shape), Residuals(inputShape: x.shape))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    let dy = dy.reshaped([dy.rows, role.outputSize])
    bias?.addColumnSums(of: dy)
    return map.backward(dy).reshaped(residuals.inputShape)
  }

  public mutating func parameterBackward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) {
    let dy = dy.reshaped([dy.rows, role.outputSize])
    bias?.addColumnSums(of: dy)
    map.parameterBackward(dy)
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) {
    map.visit(&visitor)
    bias.visit(&visitor, named: "bias")
  }

  public mutating func visitMaps(_ visitor: inout some MapVisitor<Scalar>) {
    visitor.visit(&map, role, named: "map")
  }

  public mutating func absorb(
    _ next: ChannelAffine, in specification: inout Specification
  ) -> Bool {
    guard next.scale.count == role.outputSize, map.scaleOutputs(by: next.scale) else {
      return false
    }
    bias.absorb(next)
    specification.arguments["bias"] = .flag(true)
    return true
  }

  private func flat(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    guard x.shape.last == role.inputSize else {
      throw .shapeMismatch(
        operation: "dense", argument: "x", expected: "…×\(role.inputSize)", found: x.shape)
    }
    return x.reshaped([x.rows, role.inputSize])
  }

  /// The result in the shape of the input's leading axes.
  private func shaped(_ y: Tensor<Scalar>, like input: Shape) -> Tensor<Scalar> {
    y.reshaped(Shape(input.extents.dropLast() + [role.outputSize]))
  }
}

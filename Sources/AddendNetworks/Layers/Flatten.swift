public import AddendCatalogue
public import AddendTensors

/// Lays each example flat: `[height, width, channels]` to one axis.
public struct Flatten: LayerConfiguration {
  public init() {}
  public static let declaration = Declaration("flatten", summary: "each example as one row")
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("flatten") }

  public func makeLayer<Scalar: TensorScalar>(
    for input: Shape, of scalar: Scalar.Type, in site: inout BuildingSite
  ) throws(NetworkError) -> any LayerSlot<Scalar> {
    site.flattenedGrid = input.rank == 3 ? input : nil
    return LayerHolder(FlattenLayer<Scalar>())
  }
}

/// `y[n, :]` is `x[n]` in row-major order. Costs nothing.
public struct FlattenLayer<Scalar: TensorScalar>: Layer {
  public struct Residuals: Sendable { let shape: Shape }

  public func outputShape(for input: Shape) throws(NetworkError) -> Shape { [input.count] }
  public var lookupStage: LookupStage? { .identity }
  public var binaryStage: BinaryStage? { .identity }
  public func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int? {
    graph.append(.reshape, [x], shape: [graph.nodes[x].shape.count])
  }

  public func forward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    x.reshaped([x.shape[0], x.shape.element.count])
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, _ context: inout PassContext<Scalar>
  ) throws(TensorError) -> (Tensor<Scalar>, Residuals) {
    (try forward(x, &context), Residuals(shape: x.shape))
  }

  public mutating func backward(
    _ dy: Tensor<Scalar>, _ residuals: consuming Residuals
  ) -> Tensor<Scalar> {
    dy.reshaped(residuals.shape)
  }
}

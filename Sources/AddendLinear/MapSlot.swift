public import AddendKernels
public import AddendTensors

/// A map of any kind in a layer's hands, together with the residuals of the passes under way.
///
/// Residuals form a stack: a recurrent layer goes forward once per time step, then backward through
/// the steps in reverse.
public protocol MapSlot<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  var inputSize: Int { get }
  var outputSize: Int { get }
  var cost: OperationCount { get }
  var exactTwin: ExactMap<Scalar> { get }
  var lookupTables: LookupTables? { get }
  var binaryWeight: BinaryWeight? { get }
  var int8Product: Int8Product? { get }
  /// See `LinearMap`.
  var exactWeight: Tensor<Scalar>? { get }
  mutating func addExactGradient(_ body: (inout Tensor<Scalar>, _ accumulates: Bool) -> Void)

  func stepProduct(transposed: Bool) -> ((Tensor<Scalar>) -> Tensor<Scalar>)?
  mutating func addStepGradient(_ x: Tensor<Scalar>, _ dy: Tensor<Scalar>)

  func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount
  func forward(_ x: Tensor<Scalar>, bias: Tensor<Scalar>?) throws(TensorError) -> Tensor<Scalar>
  func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar>

  mutating func trainingForward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> Tensor<Scalar>
  mutating func backward(_ dy: Tensor<Scalar>) -> Tensor<Scalar>
  mutating func parameterBackward(_ dy: Tensor<Scalar>)

  mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar>
  mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar>
  mutating func imageParameterBackward(_ dy: Tensor<Scalar>, _ geometry: ConvolutionGeometry)

  mutating func visit(_ visitor: inout some StateVisitor<Scalar>)
  mutating func prepare(for progress: TrainingProgress)
  mutating func freeze()
  mutating func scaleOutputs(by factors: [Double]) -> Bool
  /// Forgets the residuals of passes that will not be gone back through.
  mutating func discardResiduals()
}

extension MapSlot {
  public func forward(_ x: Tensor<Scalar>) throws(TensorError) -> Tensor<Scalar> {
    try forward(x, bias: nil)
  }
  public mutating func trainingForward(
    _ x: Tensor<Scalar>
  ) throws(TensorError) -> Tensor<Scalar> {
    try trainingForward(x, bias: nil)
  }
}

/// The one conformer of `MapSlot`: it keeps the concrete map, so a layer's call costs one
/// existential dispatch and no cast.
public struct Slot<Map: LinearMap>: MapSlot {
  public typealias Scalar = Map.Scalar

  public private(set) var map: Map
  private var residuals: [Map.Residuals] = []
  private var imageResiduals: [Map.ImageResiduals] = []

  public init(_ map: Map) { self.map = map }

  public var inputSize: Int { map.inputSize }
  public var outputSize: Int { map.outputSize }
  public var cost: OperationCount { map.cost }
  public var exactTwin: ExactMap<Scalar> { map.exactTwin }
  public var lookupTables: LookupTables? { map.lookupTables }
  public var binaryWeight: BinaryWeight? { map.binaryWeight }
  public var int8Product: Int8Product? { map.int8Product }
  public var exactWeight: Tensor<Scalar>? { map.exactWeight }
  public mutating func addExactGradient(
    _ body: (inout Tensor<Scalar>, _ accumulates: Bool) -> Void
  ) {
    map.addExactGradient(body)
  }
  public func stepProduct(transposed: Bool) -> ((Tensor<Scalar>) -> Tensor<Scalar>)? {
    map.stepProduct(transposed: transposed)
  }
  public mutating func addStepGradient(_ x: Tensor<Scalar>, _ dy: Tensor<Scalar>) {
    map.addStepGradient(x, dy)
  }
  public func imageCost(_ geometry: ConvolutionGeometry) -> OperationCount {
    map.imageCost(geometry)
  }

  public func forward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> Tensor<Scalar> {
    try map.forward(x, bias: bias)
  }

  public func imageForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    try map.imageForward(image, geometry)
  }

  public mutating func trainingForward(
    _ x: Tensor<Scalar>, bias: Tensor<Scalar>?
  ) throws(TensorError) -> Tensor<Scalar> {
    let (y, residual) = try map.trainingForward(x, bias: bias)
    residuals.append(residual)
    return y
  }

  public mutating func backward(_ dy: Tensor<Scalar>) -> Tensor<Scalar> {
    map.backward(dy, Self.pop(&residuals))
  }

  public mutating func parameterBackward(_ dy: Tensor<Scalar>) {
    map.parameterBackward(dy, Self.pop(&residuals))
  }

  public mutating func imageTrainingForward(
    _ image: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) throws(TensorError) -> Tensor<Scalar> {
    let (y, residual) = try map.imageTrainingForward(image, geometry)
    imageResiduals.append(residual)
    return y
  }

  public mutating func imageBackward(
    _ dy: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) -> Tensor<Scalar> {
    map.imageBackward(dy, Self.pop(&imageResiduals), geometry)
  }

  public mutating func imageParameterBackward(
    _ dy: Tensor<Scalar>, _ geometry: ConvolutionGeometry
  ) {
    map.imageParameterBackward(dy, Self.pop(&imageResiduals), geometry)
  }

  public mutating func visit(_ visitor: inout some StateVisitor<Scalar>) { map.visit(&visitor) }
  public mutating func prepare(for progress: TrainingProgress) { map.prepare(for: progress) }
  public mutating func freeze() {
    discardResiduals()
    map.freeze()
  }

  public mutating func scaleOutputs(by factors: [Double]) -> Bool {
    map.scaleOutputs(by: factors)
  }

  public mutating func discardResiduals() {
    residuals.removeAll()
    imageResiduals.removeAll()
  }

  private static func pop<Residual>(_ stack: inout [Residual]) -> Residual {
    guard let last = stack.popLast() else {
      preconditionFailure("backward goes back through a trainingForward that came before it")
    }
    return last
  }
}

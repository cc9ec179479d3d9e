internal import AddendLinear
internal import AddendTensors
internal import Synchronization

/// Rows drawn from a stream whose length nobody knows, each with the same probability (Vitter's
/// algorithm R, 1985).
struct RowReservoir: Sendable {
  private var numbers: [Float] = []
  private let width: Int
  private let capacity: Int
  private var seen = 0
  private var random: RandomSource

  init(width: Int, capacity: Int, random: RandomSource) {
    self.width = width
    self.capacity = capacity
    self.random = random
  }

  mutating func take(_ rows: Tensor<Float>) {
    guard width > 0 else { return }
    let source = rows.span
    for row in 0..<source.count / width {
      seen += 1
      var place = seen - 1
      if place >= capacity { place = Int(random.next() % UInt64(seen)) }
      guard place < capacity else { continue }
      for c in 0..<width {
        let number = source[row * width + c]
        if place * width + c == numbers.count {
          numbers.append(number)
        } else {
          numbers[place * width + c] = number
        }
      }
    }
  }

  /// `[rows, width]`.
  var rows: Tensor<Float> { Tensor([width > 0 ? numbers.count / width : 0, width], numbers) }
}

/// What passes through one map.
///
/// A class, since the network that the map sits in is not changed by an inference; the lock guards
/// what was taken.
final class MapRecorder: Sendable {
  private struct Taken: Sendable {
    var inputs: RowReservoir
    var gradients: RowReservoir
  }

  private let name: String
  private let weight: Tensor<Float>
  private let taken: Mutex<Taken>

  init(_ name: String, weight: Tensor<Float>, capacity: Int, seed: UInt64) {
    self.name = name
    self.weight = weight
    taken = Mutex(
      Taken(
        inputs: RowReservoir(
          width: weight.shape[0], capacity: capacity, random: RandomSource(seed: seed, stream: 11)),
        gradients: RowReservoir(
          width: weight.shape[1], capacity: capacity, random: RandomSource(seed: seed, stream: 12))
      ))
  }

  func take(input: Tensor<Float>) { taken.withLock { $0.inputs.take(input) } }
  func take(gradient: Tensor<Float>) { taken.withLock { $0.gradients.take(gradient) } }

  var layer: LayerSurvey.Layer {
    taken.withLock {
      LayerSurvey.Layer(
        name: name, weight: weight, inputs: $0.inputs.rows, gradients: $0.gradients.rows)
    }
  }
}

/// Stands in a layer for a map: in inference that map, in training its exact twin.
///
/// It has the convolutions' forms by default, through patches: those are what its inputs are.
struct SurveyMap: LinearMap {
  let inner: any MapSlot<Float>
  var exact: ExactMap<Float>
  let recorder: MapRecorder

  typealias Residuals = ExactMap<Float>.Residuals
  typealias ImageResiduals = Residuals

  init(inner: any MapSlot<Float>, exact: ExactMap<Float>, recorder: MapRecorder) {
    self.inner = inner
    self.exact = exact
    self.recorder = recorder
  }

  var inputSize: Int { exact.inputSize }
  var outputSize: Int { exact.outputSize }
  var cost: OperationCount { inner.cost }
  var exactTwin: ExactMap<Float> { exact }

  func forward(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
    recorder.take(input: x)
    return try inner.forward(x)
  }

  mutating func trainingForward(
    _ x: Tensor<Float>
  ) throws(TensorError) -> (Tensor<Float>, Residuals) {
    try exact.trainingForward(x)
  }

  mutating func backward(_ dy: Tensor<Float>, _ residuals: consuming Residuals) -> Tensor<Float> {
    recorder.take(gradient: dy)
    return exact.backward(dy, residuals)
  }

  mutating func parameterBackward(_ dy: Tensor<Float>, _ residuals: consuming Residuals) {
    recorder.take(gradient: dy)
  }

  mutating func visit(_ visitor: inout some StateVisitor<Float>) { exact.visit(&visitor) }
}

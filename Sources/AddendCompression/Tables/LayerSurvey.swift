public import AddendData
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// What passes through the maps of a network: their inputs in inference, and the gradients towards
/// their outputs in a training pass.
///
/// Inputs are those of the network as it is. Gradients are those of its exact twin, whose maps
/// multiply: a frozen map has none. Of each, rows are drawn evenly from all that passed.
///
/// Cost: two passes over the examples.
public struct LayerSurvey: Sendable {
  /// One map.
  public struct Layer: Sendable {
    /// Its path: `dense1/weight`.
    public let name: String
    /// `[inputSize, outputSize]`, exact.
    public let weight: Tensor<Float>
    /// `[rows, inputSize]`.
    public let inputs: Tensor<Float>
    /// `[rows, outputSize]`.
    public let gradients: Tensor<Float>

    public init(
      name: String, weight: Tensor<Float>, inputs: Tensor<Float>, gradients: Tensor<Float>
    ) {
      self.name = name
      self.weight = weight
      self.inputs = inputs
      self.gradients = gradients
    }
  }

  /// In the order of the network.
  public let layers: [Layer]

  /// - Parameters:
  ///   - examples: looked at, at most.
  ///   - rows: kept of each map's inputs and gradients, at most.
  /// - Throws: `CompressionError`.
  public init(
    of model: Model<Float>, on dataset: any Dataset, loss: any Loss, examples: Int = 1024,
    rows: Int = 2048, seed: UInt64 = 1
  ) throws(CompressionError) {
    precondition(examples > 0 && rows > 0, "a survey looks at something")
    var installation = SurveyInstallation(capacity: rows, seed: seed)
    var model = model
    model.visitMaps(&installation)
    try Self.pass(dataset, through: &model, loss, examples: examples, seed: seed)
    layers = installation.recorders.map { $0.layer }
  }

  private static let batchSize = 64

  private static func pass(
    _ dataset: any Dataset, through model: inout Model<Float>, _ loss: any Loss, examples: Int,
    seed: UInt64
  ) throws(CompressionError) {
    let loader: BatchLoader
    do throws(DataError) {
      loader = try BatchLoader(
        dataset, batchSize: min(batchSize, max(1, dataset.count)), seed: seed, remainder: .kept)
    } catch {
      throw .data(error)
    }
    var (seen, states): (Int, [Tensor<Float>]) = (0, [])
    for batch in loader.batches(inEpoch: 0) {
      guard seen < examples else { break }
      func context() -> PassContext<Float> {
        PassContext(
          random: RandomSource(seed: seed, stream: UInt64(seen)), lengths: batch.lengths,
          initialStates: batch.continuesPrevious ? states : [])
      }
      do throws(NetworkError) {
        var inference = context()
        _ = try model.forward(batch.input, &inference)
        states = inference.finalStates
        var training = context()
        let outputs = try model.trainingForward(batch.input, &training)
        do throws(TensorError) {
          model.backward(try loss.valueAndGradient(outputs, batch.targets).gradient)
        } catch {
          throw .pass(layer: model.network.name, error)
        }
      } catch {
        throw .network(error)
      }
      seen += batch.input.shape.first ?? 1
    }
  }
}

/// Puts a map that records in the place of every map.
private struct SurveyInstallation: MapVisitor {
  typealias Scalar = Float

  let capacity: Int
  let seed: UInt64
  private(set) var recorders: [MapRecorder] = []
  private var path = StatePath()

  init(capacity: Int, seed: UInt64) {
    self.capacity = capacity
    self.seed = seed
  }

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    let recorder = MapRecorder(
      path.appending(name), weight: map.exactTwin.weight.value, capacity: capacity,
      seed: seed &+ UInt64(recorders.count))
    recorders.append(recorder)
    map = Slot(SurveyMap(inner: map, exact: map.exactTwin, recorder: recorder))
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

internal import AddendCodebooks
internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors
internal import Synchronization

/// The blocks that one map sees, some of them drawn at random.
///
/// A class, since the network that it sits in is not changed by an inference; the lock guards it.
final class BlockRecorder: Sendable {
  private struct State {
    var random: RandomSource
    /// Block by block.
    var numbers: [Float] = []
  }

  private let dimension: Int
  private let state: Mutex<State>

  /// As many as a map's codebook is made from.
  private static let limit = 16_384

  init(dimension: Int, random: RandomSource) {
    self.dimension = dimension
    state = Mutex(State(random: random))
  }

  func record(_ x: Tensor<Float>) {
    let (rows, size) = (x.shape[0], x.shape[1])
    let blocks = (size + dimension - 1) / dimension
    guard rows > 0, blocks > 0 else { return }
    state.withLock { state in
      while state.numbers.count < Self.limit * dimension {
        let (row, block) = (state.random.below(rows), state.random.below(blocks))
        for j in block * dimension..<(block + 1) * dimension {
          state.numbers.append(j < size ? x.span[row * size + j] : 0)
        }
      }
    }
  }

  /// `[count, dimension]`.
  var points: Tensor<Float> {
    let numbers = state.withLock { $0.numbers }
    return Tensor([numbers.count / dimension, dimension], numbers)
  }
}

/// A space map with someone who watches its inputs.
struct RecordingMap: LinearMap {
  let map: SpaceMap<Float>
  let recorder: BlockRecorder

  typealias Residuals = SpaceMap<Float>.Residuals

  var inputSize: Int { map.inputSize }
  var outputSize: Int { map.outputSize }
  var cost: OperationCount { map.cost }
  var exactTwin: ExactMap<Float> { map.exactTwin }

  func forward(_ x: Tensor<Float>) throws(TensorError) -> Tensor<Float> {
    recorder.record(x)
    return try map.forward(x)
  }
  mutating func trainingForward(
    _ x: Tensor<Float>
  ) throws(TensorError) -> (Tensor<Float>, Residuals) {
    throw .notTrainable(operation: "search", reason: "its maps are only watched")
  }
  mutating func backward(_ dy: Tensor<Float>, _ residuals: consuming Residuals) -> Tensor<Float> {
    preconditionFailure("no trainingForward came before")
  }
  mutating func visit(_ visitor: inout some StateVisitor<Float>) {}
}

/// Finds the space maps that have codebooks, and puts watched ones in their places.
struct BlockRecording: MapVisitor {
  private var random: RandomSource
  private var found: [(map: SpaceMap<Float>, recorder: BlockRecorder)] = []

  private init(random: RandomSource) { self.random = random }

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    guard let slot = map as? Slot<SpaceMap<Float>>, let words = slot.map.words else { return }
    let recorder = BlockRecorder(
      dimension: words.vectors.shape[1], random: RandomSource(seed: random.next()))
    found.append((slot.map, recorder))
    map = Slot(RecordingMap(map: slot.map, recorder: recorder))
  }

  static func sites(
    of model: Model<Float>, showing batch: Tensor<Float>, seed: UInt64
  ) throws(CompressionError) -> [CodebookSpace.Site] {
    var recording = BlockRecording(random: RandomSource(seed: seed, stream: 7))
    var (watched, layers) = (model, [Int]())
    watched.visitMaps(&recording)
    for (layer, node) in model.layers.nodes.enumerated() {
      var count = SpaceMapCount()
      var node = node
      node.layer.visitMaps(&count)
      layers += [Int](repeating: layer, count: count.count)
    }
    guard !recording.found.isEmpty else { return [] }
    do throws(NetworkError) {
      _ = try watched.forward(batch)
    } catch {
      throw .network(error)
    }
    return zip(recording.found, layers).compactMap { found, layer in
      guard let words = found.map.words else { return nil }
      return CodebookSpace.Site(
        map: found.map, layer: layer,
        books: [
          .init(words: words.vectors, blocks: found.recorder.points),
          .init(words: words.matrices, blocks: found.map.weightBlocks.transposedMatrix),
        ])
    }
  }
}

/// Counts the space maps that have codebooks.
private struct SpaceMapCount: MapVisitor {
  var count = 0

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    if let slot = map as? Slot<SpaceMap<Float>>, slot.map.words != nil { count += 1 }
  }
}

/// Puts another map in the place of each space map that has codebooks, by its number.
struct SpaceInstallation: MapVisitor {
  private let replacement: (Int, SpaceMap<Float>) throws(TensorError) -> SpaceMap<Float>
  private var number = 0
  private(set) var error: TensorError?

  init(_ replacement: @escaping (Int, SpaceMap<Float>) throws(TensorError) -> SpaceMap<Float>) {
    self.replacement = replacement
  }

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    guard error == nil, let slot = map as? Slot<SpaceMap<Float>>, slot.map.words != nil else {
      return
    }
    do throws(TensorError) {
      map = Slot(try replacement(number, slot.map))
    } catch {
      self.error = error
    }
    number += 1
  }
}

public import AddendCatalogue
public import AddendData
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// How each layer's space map is cut as a search space: block sizes and numbers of words.
///
/// A genome's model is the trained network, each of its layers converted in turn: codebooks by
/// k-means from calibration examples. Larger codebooks are more exact and take more bytes, larger
/// blocks are cheaper and less exact; layers differ in what they bear.
public struct LayoutSpace: ModelSpace {
  /// One layer's map.
  public struct LayerLayout: Hashable, Sendable {
    /// Inputs in a block.
    public var dimension: Int
    /// Outputs in a block of the matrix: 1, or as many as inputs.
    public var isSquare: Bool
    /// Words for blocks of inputs, and of the matrix.
    public var vectors: Int
    public var matrices: Int

    public init(dimension: Int, isSquare: Bool, vectors: Int, matrices: Int) {
      self.dimension = dimension
      self.isSquare = isSquare
      self.vectors = vectors
      self.matrices = matrices
    }
  }

  public struct Genome: Hashable, Sendable {
    public var layers: [LayerLayout]
  }

  private let base: Model<Float>
  private let calibration: any Dataset
  private let seed: UInt64
  /// The layers that choose their maps, in the order of the network.
  private let names: [String]
  private let models = Memo<Genome, Model<Float>>(capacity: 8)

  /// - Parameters:
  ///   - model: trained, its weights floats or what codes stand for.
  ///   - calibration: examples that codebooks are made from.
  ///   - seed: draws what conversions draw; the same genome always makes the same model.
  /// - Throws: `CompressionError.unsuitable` for a network without layers that have maps.
  public init(
    _ model: Model<Float>, calibration: any Dataset, seed: UInt64
  ) throws(CompressionError) {
    names = MapConversion.layersWithMaps(of: model)
    guard !names.isEmpty else {
      throw .unsuitable(reason: "the network has no layer with a map to lay out")
    }
    base = model
    self.calibration = calibration
    self.seed = seed
  }

  fileprivate static let dimensions = [1, 2, 4, 8]
  fileprivate static let wordCounts = [16, 32, 64, 128, 256]

  /// The standard layout everywhere.
  public var given: Genome {
    let layer = LayerLayout(dimension: 2, isSquare: false, vectors: 256, matrices: 256)
    return Genome(layers: names.map { _ in layer })
  }

  public var identity: String { "layout \(names.joined(separator: " ")), seed \(seed)" }

  public func model(of genome: Genome) throws(CompressionError) -> Model<Float> {
    try models.value(of: genome) { () throws(CompressionError) in
      var model = base
      for (name, layout) in zip(names, genome.layers) {
        let conversion = MapConversion(
          to: layout.specification, keep: names.filter { $0 != name }, examples: 1024, seed: seed)
        model = try conversion.transformed(model, calibration: calibration)
      }
      return model.frozen()
    }
  }

  public func random(using random: inout RandomSource) -> Genome {
    Genome(layers: names.map { _ in LayerLayout.random(using: &random) })
  }

  /// One step up or down in one or more of a layer's sizes.
  public func mutated(
    _ genome: Genome, strength: Double, using random: inout RandomSource
  ) -> Genome {
    var genome = genome
    repeat {
      let layer = random.below(names.count)
      switch random.below(4) {
      case 0: step(&genome.layers[layer].dimension, Self.dimensions, using: &random)
      case 1: genome.layers[layer].isSquare.toggle()
      case 2: step(&genome.layers[layer].vectors, Self.wordCounts, using: &random)
      default: step(&genome.layers[layer].matrices, Self.wordCounts, using: &random)
      }
    } while random.uniform() < 1 - 1 / (1 + strength)
    return genome
  }

  private func step(_ size: inout Int, _ sizes: [Int], using random: inout RandomSource) {
    let place = (sizes.firstIndex(of: size) ?? 0) + (random.uniform() < 0.5 ? -1 : 1)
    size = sizes[min(max(place, 0), sizes.count - 1)]
  }

  /// Each layer's layout is either parent's.
  public func crossed(_ a: Genome, _ b: Genome, using random: inout RandomSource) -> Genome {
    Genome(
      layers: zip(a.layers, b.layers).map { random.uniform() < 0.5 ? $0.0 : $0.1 })
  }

  /// Blocks of one input have one output in any case.
  public func repaired(_ genome: Genome, using random: inout RandomSource) -> Genome {
    Genome(
      layers: genome.layers.map { layer in
        var layer = layer
        if layer.dimension == 1 { layer.isSquare = false }
        return layer
      })
  }

  public func bytes(of genome: Genome) -> [UInt8] {
    genome.layers.flatMap { layer in
      [
        UInt8(layer.dimension), layer.isSquare ? 1 : 0, UInt8(layer.vectors - 1),
        UInt8(layer.matrices - 1),
      ]
    }
  }

  public func genome(from bytes: [UInt8]) -> Genome? {
    guard bytes.count == 4 * names.count else { return nil }
    let layers = names.indices.map { layer -> LayerLayout in
      let first = 4 * layer
      return LayerLayout(
        dimension: Int(bytes[first]), isSquare: bytes[first + 1] == 1,
        vectors: Int(bytes[first + 2]) + 1, matrices: Int(bytes[first + 3]) + 1)
    }
    let isKnown = layers.allSatisfy { layer in
      Self.dimensions.contains(layer.dimension) && Self.wordCounts.contains(layer.vectors)
        && Self.wordCounts.contains(layer.matrices)
    }
    return isKnown ? Genome(layers: layers) : nil
  }
}

extension LayoutSpace.LayerLayout {
  /// The map as the catalogue names it.
  public var specification: Specification {
    Specification(
      "space",
      [
        "dimension": .integer(dimension), "rows": .integer(isSquare ? dimension : 1),
        "vectors": .integer(vectors), "matrices": .integer(matrices),
      ])
  }

  fileprivate static func random(using random: inout RandomSource) -> Self {
    Self(
      dimension: LayoutSpace.dimensions[random.below(LayoutSpace.dimensions.count)],
      isSquare: random.uniform() < 0.5,
      vectors: LayoutSpace.wordCounts[random.below(LayoutSpace.wordCounts.count)],
      matrices: LayoutSpace.wordCounts[random.below(LayoutSpace.wordCounts.count)])
  }
}

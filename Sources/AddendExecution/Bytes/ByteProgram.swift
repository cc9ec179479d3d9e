public import AddendKernels
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// A frozen network of look-ups as a program on bytes: pixels in, classes out, and between layers
/// columns of bytes that the next layer compares. No number is a float before the last sums.
///
/// What the program computes is what the model computes, up to two roundings: a threshold on a
/// layer's sums becomes a byte, and moves by at most half a byte's step (`isExact` tells that none
/// moved); and the model rounds its float sums where the program does not. Rectifiers disappear into
/// thresholds. What cannot matter is left out, exactly: outputs that no tree of the next layer
/// compares, blocks in which every row has the same code, and comparisons that always come out the
/// same.
///
/// Cost of one row: 4 comparisons a block, `blocks · outputs` look-ups and additions in each layer,
/// and one multiplication and one addition a logit.
public struct ByteProgram: Sendable {
  public let network: ByteNetwork
  /// What is left of each layer.
  public let layers: [Extent]
  /// Whether all thresholds and entries are those of the model: entries of files from before they kept
  /// to 7 bits are halved.
  public let isExact: Bool

  /// A layer's blocks and outputs, as in the model and as they are left.
  public struct Extent: Hashable, Sendable {
    public let blocks, modelBlocks: Int
    public let outputs, modelOutputs: Int
  }

  /// - Parameters:
  ///   - model: a frozen network of dense layers of look-ups with at most 16 codewords.
  ///   - pixelValues: what the model takes for each byte, `[channels, 256]`, ascending.
  /// - Throws: `ProgramError`, which names the layer that does not fit.
  public init(_ model: Model<Float>, pixelValues: [Float]) throws(ProgramError) {
    let products = try Self.products(of: model)
    let inputs = model.network.input.count
    let channels = pixelValues.count / 256
    guard channels > 0, pixelValues.count == 256 * channels, inputs % channels == 0,
      (0..<channels).allSatisfy({ channel in
        let values = pixelValues[256 * channel..<256 * (channel + 1)]
        return zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
      })
    else { throw .pixelValues(count: pixelValues.count) }

    var stages: [ByteStage] = []
    for (i, product) in products.enumerated() {
      if i == 0 {
        stages.append(
          ByteStage(product.tables) { column, value in
            let first = 256 * (column % channels)
            return Self.threshold(
              pixelValues[first..<first + 256].map { product.rectifiesInput ? max($0, 0) : $0 },
              value)
          })
      } else {
        let last = stages[i - 1]
        let ranges = last.entries.indices.map { last.range(ofOutput: $0) }
        stages.append(
          ByteStage(product.tables) { column, value in
            if product.rectifiesInput && value < 0 { return .always }
            return Self.threshold(
              value, scale: last.scales[column], offset: last.offsets[column],
              in: ranges[column])
          })
      }
    }
    self.init(stages, products.map(\.tables), inputs: inputs)
  }

  private init(_ stages: [ByteStage], _ tables: [LookupTables], inputs: Int) {
    var layers: [ByteLayer] = []
    var columns = [Int: ByteColumn](
      uniqueKeysWithValues: (0..<inputs).map { ($0, ByteColumn(pixels: $0)) })
    for (i, stage) in stages.enumerated() {
      guard i + 1 < stages.count else {
        let sums = stage.entries.indices.map { (output: $0, coding: ByteColumn(pixels: $0)) }
        layers.append(stage.layer(columns, outputs: sums))
        break
      }
      let compared = stages[i + 1].partings.sorted { $0.key < $1.key }
      let kept = compared.enumerated().map { index, parting in
        (output: parting.key, coding: ByteColumn(index: index, thresholds: parting.value))
      }
      // A layer of which nothing is compared still has an output.
      let outputs =
        kept.isEmpty ? [(output: 0, coding: ByteColumn(index: 0, thresholds: []))] : kept
      layers.append(stage.layer(columns, outputs: outputs))
      columns = Dictionary(uniqueKeysWithValues: outputs.map { ($0.output, $0.coding) })
    }
    let last = stages[stages.count - 1]
    network = ByteNetwork(
      layers, inputs: inputs, scales: last.scales.map { Float($0) },
      offsets: last.offsets.map { Float($0) })
    self.layers = zip(layers, tables).map { layer, tables in
      Extent(
        blocks: layer.blocks, modelBlocks: tables.blocks, outputs: layer.outputs,
        modelOutputs: tables.outputSize)
    }
    isExact =
      !stages.contains(where: \.isRounded)
      && layers.allSatisfy { $0.shifts.allSatisfy { $0 == 0 } }
  }

  private struct Product {
    var tables: LookupTables
    /// Whether `max(x, 0)` comes before it.
    var rectifiesInput: Bool
  }

  private static func products(of model: Model<Float>) throws(ProgramError) -> [Product] {
    var products: [Product] = []
    var (rectifies, width) = (false, model.network.input.count)
    for node in model.layers.nodes {
      switch node.layer.lookupStage {
      case nil: throw .notLookups(layer: node.name)
      case .identity: break
      case .rectifier: rectifies = true
      case .tables(let tables):
        guard tables.inputSize == width else { throw .notOneRow(layer: node.name) }
        guard tables.levels <= ByteTree.levels else {
          throw .tooManyCodewords(layer: node.name, found: 1 << tables.levels)
        }
        products.append(Product(tables: tables, rectifiesInput: rectifies))
        (rectifies, width) = (false, tables.outputSize)
      }
    }
    guard !products.isEmpty else { throw .noLookups }
    if rectifies { throw .notLookups(layer: model.layers.nodes.last?.name ?? "") }
    return products
  }

  /// The byte above which pixels go right.
  private static func threshold(_ values: [Float], _ value: Double) -> ByteTree.Threshold {
    // Nothing is above what is not a number.
    if value.isNaN { return .never }
    let below = values.prefix { Double($0) <= value }.count
    return below == 0 ? .always : below == 256 ? .never : .above(below - 1)
  }

  /// The sum above which `scale · sum + offset > value`.
  private static func threshold(
    _ value: Double, scale: Double, offset: Double, in range: ClosedRange<Int>
  ) -> ByteTree.Threshold {
    guard scale > 0 else { return offset > value ? .always : .never }
    let sum = ((value - offset) / scale).rounded(.down)
    if sum.isNaN { return .never }
    if sum < Double(range.lowerBound) { return .always }
    return sum >= Double(range.upperBound) ? .never : .above(Int(sum))
  }
}

extension ByteProgram {
  /// The logits `[rows, outputs]` of `pixels` `[rows, inputs]`.
  public func logits(_ pixels: [UInt8], using set: InstructionSet = .best) -> [Float] {
    let rows = pixels.count / network.inputs
    var logits = [Float](repeating: 0, count: rows * network.outputs)
    var span = logits.mutableSpan
    network.run(pixels.span, rows: rows, into: &span, using: set)
    return logits
  }

  /// The class of each row of `pixels` `[rows, inputs]`.
  public func classes(_ pixels: [UInt8], using set: InstructionSet = .best) -> [Int32] {
    let logits = logits(pixels, using: set)
    var classes = [Int32](repeating: 0, count: pixels.count / network.inputs)
    var span = classes.mutableSpan
    largestLogits(logits.span, outputs: network.outputs, into: &span)
    return classes
  }
}

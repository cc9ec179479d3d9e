internal import AddendKernels
internal import AddendLinear
internal import AddendNetworks
internal import AddendTensors

/// The steps of a program on bits, as they are read off a model's layers.
struct BinaryPlan {
  private(set) var steps: [BinaryStep] = []
  private(set) var summary: [String] = []
  private(set) var products = 0
  private(set) var byteCount = 0
  private(set) var outputs = 0

  private let set: InstructionSet
  /// What the layers so far make of an example: pixels, or bits as `layout` says.
  private var shape: Shape
  private var layout: BinaryLayout?
  private var pending: PendingProduct?

  init(_ model: Model<Float>, _ set: InstructionSet) throws(ProgramError) {
    self.set = set
    shape = model.network.input
    for node in model.layers.nodes {
      try add(node.layer, named: node.name)
    }
    guard let last = pending, last.pools.isEmpty, last.source.geometry == nil else {
      throw .notSigns(layer: model.layers.nodes.last?.name ?? "")
    }
    let offsets = last.source.offsets
    outputs = last.columns
    append(last.work(set), .numbers(last.numbers, offsets: offsets), last)
  }

  private mutating func add(
    _ layer: any LayerSlot<Float>, named name: String
  ) throws(ProgramError) {
    guard let stage = layer.binaryStage, let next = try? layer.outputShape(for: shape) else {
      throw .notSigns(layer: name)
    }
    switch stage {
    case .identity: break
    case .dense(let weight, let bias): try begin(weight, nil, bias, name)
    case .convolution(let weight, var geometry, let bias):
      geometry.batch = 1
      geometry.height = shape[0]
      geometry.width = shape[1]
      try begin(weight, geometry, bias, name)
    case .normalization(let normalization):
      guard pending != nil else { throw .notSigns(layer: name) }
      guard normalization.isFinite else { throw .notFinite(layer: name) }
      pending?.add(normalization)
    case .maxPool(let size, let stride, let padding):
      let geometry = ConvolutionGeometry(
        batch: 1, height: shape[0], width: shape[1], channels: shape[2], filterHeight: size,
        filterWidth: size, stride: stride, padding: padding)
      if pending != nil {
        pending?.pools.append(.init(geometry: geometry))
      } else {
        guard let layout else { throw .notSigns(layer: name) }
        append(pool: geometry, decreasing: Array(repeating: false, count: layout.channels))
        self.layout = BinaryLayout(pixels: geometry.patchCount, channels: layout.channels)
      }
    case .sign:
      if let product = pending {
        end(product)
      } else if layout == nil {
        throw .notSigns(layer: name)
      }
    }
    shape = next
  }

  private mutating func begin(
    _ weight: BinaryWeight, _ geometry: ConvolutionGeometry?, _ bias: [Float]?, _ name: String
  ) throws(ProgramError) {
    guard pending == nil else { throw .notSigns(layer: name) }
    guard bias?.allSatisfy(\.isFinite) ?? true else { throw .notFinite(layer: name) }
    let source = BinarySource(weight: weight, geometry: geometry, layout: layout)
    guard weight.inputSize == (geometry?.patchSize ?? shape.count),
      source.wordCount < BinaryMatrix.mostWords
    else { throw .notOneRow(layer: name) }
    var unit = 1.0
    switch (weight.inputKind, layout) {
    case (.pixels(let maximum), nil) where 1...255 ~= maximum: unit = 1 / Double(maximum)
    case (.signs, .some): break
    default: throw .notItsInput(layer: name)
    }
    pending = PendingProduct(
      source: source,
      numbers: BinaryNumbers(factors: weight.scales.map { Float(unit * Double($0)) }, bias: bias),
      name: name)
  }

  /// A product whose results become signs.
  private mutating func end(_ product: PendingProduct) {
    let source = product.source
    let thresholds = product.numbers.thresholds(
      offsets: source.offsets, slope: source.isOfPixels ? 1 : -2, largest: source.largestValue)
    append(product.work(set), .bits(thresholds), product)
    let positions = source.geometry?.patchCount ?? 1
    layout = BinaryLayout(pixels: positions, channels: product.columns)
    for pool in product.pools {
      append(pool: pool.geometry, decreasing: pool.isDecreasing(product.columns))
      layout = BinaryLayout(pixels: pool.geometry.patchCount, channels: product.columns)
    }
    pending = nil
  }

  private mutating func append(
    _ work: BinaryStep.Work, _ result: BinaryStep.Result, _ product: PendingProduct
  ) {
    let step = BinaryStep(work: work, result: result)
    steps.append(step)
    let weight = product.source.weight
    products += step.positions * weight.inputSize * weight.outputSize
    switch work {
    case .pixels(let matrix), .pixelPatches(let matrix, _): byteCount += matrix.byteCount
    case .rows(let matrix), .patches(let matrix, _, _): byteCount += matrix.byteCount
    case .pool: break
    }
    summary.append("\(product.name) \(weight.inputSize) → \(weight.outputSize)")
  }

  private mutating func append(pool geometry: ConvolutionGeometry, decreasing: [Bool]) {
    let images = BinaryImages(geometry, channels: geometry.channels)
    steps.append(
      BinaryStep(work: .pool(images, any: BinaryNumbers.words(decreasing)), result: nil))
    summary.append("pool \(geometry.filterHeight)×\(geometry.filterWidth)")
  }
}

/// How an example's bits lie: each pixel's channels fill words of their own.
struct BinaryLayout: Hashable, Sendable {
  let pixels: Int
  let channels: Int

  var wordCount: Int { pixels * BinaryRows.wordCount(channels) }

  /// Rows of bits that follow one another, `[rows, ⌈pixels · channels / 64⌉]`, as they lie here.
  func laid(_ words: [UInt64], rows: Int) -> [UInt64] {
    guard channels % 64 != 0, pixels > 1 else { return words }
    let (from, to) = (BinaryRows.wordCount(pixels * channels), wordCount)
    let perPixel = BinaryRows.wordCount(channels)
    var laid = [UInt64](repeating: 0, count: rows * to)
    for row in 0..<rows {
      for bit in 0..<pixels * channels
      where words[row * from + bit / 64] >> UInt64(bit % 64) & 1 == 1 {
        let channel = bit % channels
        laid[row * to + bit / channels * perPixel + channel / 64] |= 1 << UInt64(channel % 64)
      }
    }
    return laid
  }
}

/// A product's operands: weights, and what rows they meet.
struct BinarySource: Sendable {
  let weight: BinaryWeight
  /// A convolution's, of one image.
  let geometry: ConvolutionGeometry?
  /// How bits lie; `nil` for pixels.
  let layout: BinaryLayout?

  var isOfPixels: Bool { layout == nil }

  /// How a row of the product lies: a patch, or an example.
  private var rowLayout: BinaryLayout? {
    guard let layout, let geometry else { return layout }
    return BinaryLayout(
      pixels: geometry.filterHeight * geometry.filterWidth, channels: layout.channels)
  }

  var wordCount: Int { rowLayout?.wordCount ?? weight.wordsPerOutput }

  /// The weights' bits as rows lie.
  var words: [UInt64] {
    rowLayout?.laid(weight.words, rows: weight.outputSize) ?? weight.words
  }

  /// The largest value `v`.
  var largestValue: Int { isOfPixels ? 255 * weight.inputSize : weight.inputSize }

  /// The class of each position.
  var classes: [UInt16] {
    guard let geometry else { return [0] }
    let (rows, columns) = (geometry.patterns(isRow: true), geometry.patterns(isRow: false))
    return rows.classes.flatMap { row in
      columns.classes.map { UInt16(row * columns.taps.count + $0) }
    }
  }

  /// `[classes, outputs]`: the integer that a value of 0 stands for.
  ///
  /// Of signs, each tap that lies in the image counts for its channels. Taps outside are bits of 0 and
  /// differ from weights of −1 without meaning to, which is taken back. Of pixels, zeros outside add
  /// nothing.
  var offsets: [Int32] {
    let outputs = weight.outputSize
    guard let layout else {
      return (0..<outputs).map { -255 * Int32(ones(of: $0, in: 0..<weight.inputSize)) }
    }
    guard let geometry else {
      return Array(repeating: Int32(weight.inputSize), count: outputs)
    }
    let (rows, columns) = (geometry.patterns(isRow: true), geometry.patterns(isRow: false))
    let channels = layout.channels
    // [outputs][taps]
    let tapOnes = (0..<outputs).map { output in
      (0..<geometry.filterHeight * geometry.filterWidth).map {
        ones(of: output, in: $0 * channels..<($0 + 1) * channels)
      }
    }
    return rows.taps.flatMap { row in
      columns.taps.flatMap { column in
        let inside = row.flatMap { p in column.map { p && $0 } }
        return (0..<outputs).map { output in
          zip(inside, tapOnes[output]).reduce(Int32(0)) {
            $0 + Int32($1.0 ? channels : 2 * $1.1)
          }
        }
      }
    }
  }

  private func ones(of output: Int, in inputs: Range<Int>) -> Int {
    inputs.count { weight.isNegative($0, to: output) }
  }
}

extension ConvolutionGeometry {
  /// Which of the filter's taps lie in the image, for each kind of output row (or column) that
  /// there is, and of which kind each is.
  fileprivate func patterns(isRow: Bool) -> (taps: [[Bool]], classes: [Int]) {
    let (outputs, filter, extent) =
      isRow ? (outputHeight, filterHeight, height) : (outputWidth, filterWidth, width)
    var (taps, classes) = ([[Bool]](), [Int]())
    for output in 0..<outputs {
      let inside = (0..<filter).map { 0..<extent ~= source(output: output, tap: $0) }
      if let known = taps.firstIndex(of: inside) {
        classes.append(known)
      } else {
        classes.append(taps.count)
        taps.append(inside)
      }
    }
    return (taps, classes)
  }
}

/// A product on its way to signs, or to the network's results.
struct PendingProduct {
  let source: BinarySource
  var numbers: BinaryNumbers
  var pools: [PendingPool] = []
  let name: String

  /// Windows over a product's results, and which results have been turned round since.
  struct PendingPool {
    let geometry: ConvolutionGeometry
    var decreasing: [Bool]?

    func isDecreasing(_ columns: Int) -> [Bool] {
      decreasing ?? Array(repeating: false, count: columns)
    }
  }

  var columns: Int { source.weight.outputSize }

  /// The largest number stays the largest, or becomes the smallest, under a normalisation that follows.
  mutating func add(_ normalization: ChannelNormalization) {
    numbers.normalizations.append(normalization)
    let scale = normalization.scale.elements
    for i in pools.indices {
      pools[i].decreasing = zip(pools[i].isDecreasing(columns), scale).map { $0 != ($1 < 0) }
    }
  }

  func work(_ set: InstructionSet) -> BinaryStep.Work {
    let words = source.words
    if source.isOfPixels {
      let matrix = BinaryPixelMatrix(
        words.span, columns: columns, inputs: source.weight.inputSize, using: set)
      return source.geometry.map { .pixelPatches(matrix, $0) } ?? .pixels(matrix)
    }
    let matrix = BinaryMatrix(
      words.span, columns: columns, wordCount: source.wordCount, using: set)
    return source.geometry.map {
      .patches(matrix, BinaryImages($0, channels: $0.channels), classes: source.classes)
    } ?? .rows(matrix)
  }
}

extension ChannelNormalization {
  /// Whether results are numbers for all integers.
  fileprivate var isFinite: Bool {
    let slopes = zip(scale.elements, inverseDeviation.elements).map { $0 * $1 }
    return [mean.elements, inverseDeviation.elements, shift.elements, slopes].allSatisfy {
      $0.allSatisfy(\.isFinite)
    }
  }
}

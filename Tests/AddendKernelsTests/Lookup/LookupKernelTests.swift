import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Extents with whole registers, with tails of every kind, and with neither.
private let shapes = [
  LookupShape(rows: 1, inputs: 1, blocks: 1, blockSize: 1, levels: 1, outputs: 1),
  LookupShape(rows: 15, inputs: 9, blocks: 3, blockSize: 4, levels: 3, outputs: 5),
  LookupShape(rows: 67, inputs: 31, blocks: 8, blockSize: 4, levels: 4, outputs: 13),
  LookupShape(rows: 129, inputs: 52, blocks: 13, blockSize: 4, levels: 4, outputs: 72),
  LookupShape(rows: 70, inputs: 20, blocks: 4, blockSize: 5, levels: 8, outputs: 33),
  LookupShape(rows: 33, inputs: 520, blocks: 261, blockSize: 2, levels: 2, outputs: 137),
]

/// Tables of 64, 128 and 256 entries, more blocks than 16 bits are sure to hold the sums of, and tails
/// on both sides of where registers pay.
private let wideShapes = [
  LookupShape(rows: 65, inputs: 9, blocks: 9, blockSize: 1, levels: 5, outputs: 3),
  LookupShape(rows: 127, inputs: 301, blocks: 301, blockSize: 1, levels: 6, outputs: 17),
  LookupShape(rows: 1, inputs: 3, blocks: 3, blockSize: 1, levels: 7, outputs: 1),
  LookupShape(rows: 26, inputs: 1, blocks: 1, blockSize: 1, levels: 7, outputs: 5),
  LookupShape(rows: 52, inputs: 3, blocks: 3, blockSize: 1, levels: 8, outputs: 6),
  LookupShape(rows: 13, inputs: 260, blocks: 260, blockSize: 1, levels: 8, outputs: 9),
]

/// Aperiodic operands of one shape.
private struct Operands {
  let shape: LookupShape
  let x: [Float], dy: [Float], tables: [Float], prototypes: [Float], weight: [Float]
  let thresholds: [Float], columns: [Int32], positions: [Int32]
  let codes: [UInt8], packed: [Int8], scales: [Float], offsets: [Float]

  init(_ shape: LookupShape) {
    self.shape = shape
    x = normalNumbers(shape.rows * shape.inputs, seed: 1)
    dy = normalNumbers(shape.rows * shape.outputs, seed: 2)
    tables = normalNumbers(shape.tableCount, seed: 3)
    prototypes = normalNumbers(shape.prototypeCount, seed: 4)
    weight = normalNumbers(shape.inputs * shape.outputs, seed: 5)
    thresholds = normalNumbers(shape.blocks * shape.entries, seed: 6)
    scales = normalNumbers(shape.outputs, seed: 7)
    offsets = normalNumbers(shape.outputs, seed: 8)
    var random = RandomSource(seed: 9)
    columns = (0..<shape.blocks * shape.levels).map { _ in
      Int32.random(in: 0..<Int32(shape.inputs), using: &random)
    }
    // The inputs shuffled over the blocks' positions; the first of a block is never padding.
    var places = Array(0..<Int32(shape.inputs)).shuffled(using: &random)
    let padding = shape.blocks * shape.blockSize - shape.inputs
    for j in 0..<padding { places.insert(-1, at: (j % shape.blocks + 1) * shape.blockSize - 1) }
    positions = places
    codes = (0..<shape.codeCount).map { _ in
      UInt8(Int.random(in: 0..<shape.entries, using: &random))
    }
    packed = (0..<shape.packedCount).map { index in
      index / shape.packedEntries % shape.paddedBlocks < shape.blocks
        ? Int8.random(in: -128...127, using: &random) : 0
    }
  }
}

@Test(arguments: InstructionSet.available, shapes)
func encodingAgreesBitForBit(_ set: InstructionSet, _ shape: LookupShape) {
  let operands = Operands(shape)
  func codes(_ set: InstructionSet) -> [UInt8] {
    var codes = [UInt8](repeating: .max, count: shape.codeCount)
    var span = codes.mutableSpan
    encodeLookups(
      operands.x.span, shape, columns: operands.columns.span,
      thresholds: operands.thresholds.span, into: &span, using: set)
    return codes
  }
  #expect(codes(set) == codes(.scalar))
}

/// Equal values go left, and so does NaN, in every variant.
@Test(arguments: InstructionSet.available)
func equalAndNaNGoLeft(_ set: InstructionSet) {
  let shape = LookupShape(rows: 17, inputs: 1, blocks: 1, blockSize: 1, levels: 1, outputs: 1)
  let x = (0..<17).map { [Float(0.5), .nan, Float(0.5).nextUp][$0 % 3] }
  var codes = [UInt8](repeating: .max, count: 17)
  var span = codes.mutableSpan
  let (columns, thresholds) = ([Int32(0)], [Float(0), 0.5])
  encodeLookups(
    x.span, shape, columns: columns.span, thresholds: thresholds.span, into: &span, using: set)
  #expect(codes == (0..<17).map { $0 % 3 == 2 ? 1 : 0 })
}

@Test(arguments: InstructionSet.available, shapes)
func tableSumsAgreeBitForBit(_ set: InstructionSet, _ shape: LookupShape) {
  let operands = Operands(shape)
  func sums(_ set: InstructionSet) -> [Float] {
    var y = [Float](repeating: .nan, count: shape.rows * shape.outputs)
    var span = y.mutableSpan
    sumEntries(of: operands.tables.span, at: operands.codes.span, shape, into: &span, using: set)
    return y
  }
  #expect(sums(set) == sums(.scalar))
}

@Test(arguments: InstructionSet.available, shapes + wideShapes)
func packedSumsAgreeBitForBit(_ set: InstructionSet, _ shape: LookupShape) {
  let operands = Operands(shape)
  func sums(_ set: InstructionSet) -> [Float] {
    var y = [Float](repeating: .nan, count: shape.rows * shape.outputs)
    var span = y.mutableSpan
    sumPackedEntries(
      of: operands.packed.span, at: operands.codes.span, shape, scales: operands.scales.span,
      offsets: operands.offsets.span, into: &span, using: set)
    return y
  }
  #expect(sums(set) == sums(.scalar))
}

/// 300 blocks of the extreme entries overflow neither the 16-bit sums nor those that follow.
@Test(arguments: InstructionSet.available, [(Int8.min, 4), (.max, 4), (.min, 8), (.max, 8)])
func packedSumsAreExactAtTheExtremes(_ set: InstructionSet, _ which: (entry: Int8, levels: Int)) {
  let entry = which.entry
  let shape = LookupShape(
    rows: 64, inputs: 300, blocks: 300, blockSize: 1, levels: which.levels, outputs: 8)
  let tables = [Int8](repeating: entry, count: shape.packedCount)
  let codes = (0..<shape.codeCount).map { UInt8($0 % 13) }
  let (scales, offsets) = ([Float](repeating: 1, count: 8), [Float](repeating: 0, count: 8))
  var y = [Float](repeating: .nan, count: 512)
  var span = y.mutableSpan
  sumPackedEntries(
    of: tables.span, at: codes.span, shape, scales: scales.span, offsets: offsets.span, into: &span,
    using: set)
  #expect(y.allSatisfy { $0 == 300 * Float(entry) })
}

/// Built on the way or beforehand, from a weight as it is or transposed.
@Test(arguments: InstructionSet.available, shapes)
func productsAgreeBitForBit(_ set: InstructionSet, _ shape: LookupShape) {
  let operands = Operands(shape)
  func products(_ set: InstructionSet, corrections: [Float], isTransposed: Bool) -> [[Float]] {
    let factors = LookupFactors(
      corrections: corrections.span, prototypes: operands.prototypes.span,
      positions: operands.positions.span, weight: operands.weight.span,
      transposesWeight: isTransposed)
    var y = [Float](repeating: .nan, count: shape.rows * shape.outputs)
    var ySpan = y.mutableSpan
    sumEntries(of: factors, at: operands.codes.span, shape, into: &ySpan, using: set)
    var tables = [Float](repeating: .nan, count: shape.tableCount)
    var tableSpan = tables.mutableSpan
    buildTables(of: factors, shape, into: &tableSpan, using: set)
    var again = [Float](repeating: .nan, count: shape.rows * shape.outputs)
    var againSpan = again.mutableSpan
    sumEntries(of: tables.span, at: operands.codes.span, shape, into: &againSpan, using: set)
    #expect(y == again)
    return [y, tables]
  }
  for corrections in [operands.tables, []] {
    for isTransposed in [false, true] {
      let found = products(set, corrections: corrections, isTransposed: isTransposed)
      #expect(
        found == products(.scalar, corrections: corrections, isTransposed: isTransposed))
    }
  }
}

@Test(arguments: InstructionSet.available, shapes)
func gradientsAgreeBitForBit(_ set: InstructionSet, _ shape: LookupShape) {
  let operands = Operands(shape)
  func gradients(_ set: InstructionSet, accumulates: Bool) -> [[Float]] {
    var corrections = operands.tables
    var weight = operands.weight
    var prototypes = [Float](repeating: .nan, count: shape.prototypeCount)
    var dr = corrections.mutableSpan
    var dw = weight.mutableSpan
    var dp = prototypes.mutableSpan
    let factors = LookupFactors(
      corrections: Span(), prototypes: operands.prototypes.span,
      positions: operands.positions.span, weight: operands.weight.span)
    lookupGradients(
      of: operands.dy.span, at: operands.codes.span, factors, shape,
      accumulatesCorrections: accumulates, accumulatesWeight: accumulates, corrections: &dr,
      weight: &dw, prototypes: &dp, using: set)
    return [corrections, weight, prototypes]
  }
  for accumulates in [false, true] {
    #expect(
      gradients(set, accumulates: accumulates) == gradients(.scalar, accumulates: accumulates))
  }
}

/// More rows than are sorted at once, and a width that neither tiles nor vectors divide.
@Test(arguments: InstructionSet.available)
func manyRowsAgreeBitForBit(_ set: InstructionSet) {
  let shape = LookupShape(
    rows: 1201, inputs: 12, blocks: 3, blockSize: 4, levels: 4, outputs: 70)
  gradientsAgreeBitForBit(set, shape)
  productsAgreeBitForBit(set, shape)
}

/// Codes of two stages lie in one byte until they are taken apart.
@Test func stagesAreTakenApart() {
  let shape = LookupShape(
    rows: 3, inputs: 2, blocks: 4, blockSize: 1, levels: 3, outputs: 1, stages: 2)
  let codes: [UInt8] = [0o00, 0o17, 0o71, 0o25, 0o52, 0o77]
  var apart = [UInt8](repeating: .max, count: 12)
  var span = apart.mutableSpan
  splitStages(codes.span, shape, into: &span)
  #expect(apart == [0, 1, 7, 2, 5, 7, 0, 7, 1, 5, 2, 7])
}

/// Sums of rows alone, without inputs to hand gradients to.
@Test(arguments: InstructionSet.available, shapes)
func bucketSumsAreTheCorrectionsGradient(_ set: InstructionSet, _ shape: LookupShape) {
  let operands = Operands(shape)
  var sums = [Float](repeating: .nan, count: shape.tableCount)
  var span = sums.mutableSpan
  bucketSums(of: operands.dy.span, at: operands.codes.span, shape, into: &span, using: set)
  var expected = [Float](repeating: 0, count: shape.tableCount)
  for (i, code) in operands.codes.enumerated() {
    let (bucket, row) = (i / shape.rows * shape.entries + Int(code), i % shape.rows)
    for m in 0..<shape.outputs {
      expected[bucket * shape.outputs + m] += operands.dy[row * shape.outputs + m]
    }
  }
  #expect(sums == expected)
}

@Test(
  arguments: InstructionSet.available,
  shapes.filter { ($0.blocks - 1) * $0.blockSize < $0.inputs })
func deviationsAgreeBitForBit(_ set: InstructionSet, _ shape: LookupShape) {
  let operands = Operands(shape)
  let neighbours = (0..<Int32(shape.blocks * shape.blockSize)).map {
    $0 < Int32(shape.inputs) ? $0 : -1
  }
  func deviations(_ set: InstructionSet, _ positions: [Int32]) -> [Float] {
    var dx = operands.x
    var span = dx.mutableSpan
    addDeviations(
      of: operands.x.span, from: operands.prototypes.span, at: operands.codes.span,
      positions: positions.span, shape, times: 0.3, to: &span, using: set)
    return dx
  }
  for positions in [operands.positions, neighbours] {
    #expect(deviations(set, positions) == deviations(.scalar, positions))
  }
}

import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// A layer of aperiodic numbers.
private func layer(
  _ blocks: Int, inputs: Int, outputs: Int, using random: inout RandomSource
) -> ByteLayer {
  ByteLayer(
    blocks: blocks, outputs: outputs,
    columns: (0..<4 * blocks).map { _ in .random(in: 0..<Int32(inputs), using: &random) },
    thresholds: (0..<16 * blocks).map { _ in .random(in: 0...255, using: &random) },
    tables: (0..<16 * blocks * outputs).map { _ in .random(in: -64...63, using: &random) },
    biases: (0..<outputs).map { _ in .random(in: -900...900, using: &random) },
    shifts: (0..<outputs).map { _ in .random(in: 0...4, using: &random) })
}

/// The definition once more, row by row.
private func sums(_ layer: ByteLayer, _ row: [UInt8]) -> [Int] {
  let codes = (0..<layer.blocks).map { j in
    var node = 1
    for level in 0..<4 {
      let value = row[Int(layer.columns[4 * j + level])]
      node = 2 * node + (value > layer.thresholds[16 * j + node] ? 1 : 0)
    }
    return node - 16
  }
  return (0..<layer.outputs).map { m in
    codes.enumerated().reduce(Int(layer.biases[m])) { sum, block in
      sum + Int(layer.tables[(m * layer.blocks + block.offset) * 16 + block.element])
    }
  }
}

/// Every variant gives the sums of the definition, at whole tiles, tails and odd widths.
@Test(arguments: InstructionSet.available, [1, 63, 64, 65, 256, 300])
func byteNetworksAgreeWithTheirDefinition(_ set: InstructionSet, rows: Int) {
  var random = RandomSource(seed: 11)
  let inputs = 37
  let layers = [
    layer(9, inputs: inputs, outputs: 21, using: &random),
    layer(300, inputs: 21, outputs: 6, using: &random),
    layer(3, inputs: 6, outputs: 5, using: &random),
  ]
  let scales = normalNumbers(5, seed: 3)
  let offsets = normalNumbers(5, seed: 4)
  let x = (0..<rows * inputs).map { _ in UInt8.random(in: 0...255, using: &random) }
  var logits = [Float](repeating: .nan, count: 5 * rows)
  var span = logits.mutableSpan
  ByteNetwork(layers, inputs: inputs, scales: scales, offsets: offsets)
    .run(x.span, rows: rows, into: &span, using: set)
  for r in 0..<rows {
    var row = Array(x[r * inputs..<(r + 1) * inputs])
    for layer in layers.dropLast() {
      row = zip(sums(layer, row), layer.shifts).map { UInt8(clamping: $0 >> Int($1)) }
    }
    let expected = sums(layers[2], row).enumerated().map { m, sum in
      Float(sum) * scales[m] + offsets[m]
    }
    #expect(Array(logits[5 * r..<5 * (r + 1)]) == expected, "row \(r)")
  }
}

/// The extreme entries overflow neither bytes nor 16-bit sums.
@Test(arguments: InstructionSet.available, [Int8(-64), 63])
func byteSumsAreExactAtTheExtremes(_ set: InstructionSet, _ entry: Int8) {
  let blocks = 1030
  let layer = ByteLayer(
    blocks: blocks, outputs: 2, columns: .init(repeating: 0, count: 4 * blocks),
    thresholds: .init(repeating: 100, count: 16 * blocks),
    tables: .init(repeating: entry, count: 32 * blocks), biases: [7, -7], shifts: [0, 0])
  let x = (0..<70).map { UInt8($0 * 3) }
  var logits = [Float](repeating: .nan, count: 140)
  var span = logits.mutableSpan
  ByteNetwork([layer], inputs: 1, scales: [1, 1], offsets: [0, 0])
    .run(x.span, rows: 70, into: &span, using: set)
  let sum = Float(blocks * Int(entry))
  #expect(logits == (0..<140).map { $0 % 2 == 0 ? sum + 7 : sum - 7 })
}

/// Layers whose tables pass slab by slab, in several tiles, odd in every extent, agree with the scalar
/// definition.
@Test(arguments: InstructionSet.available, [1, 300, 513])
func largeByteLayersAgreeWithTheirDefinition(_ set: InstructionSet, rows: Int) {
  var random = RandomSource(seed: 12)
  let inputs = 41
  let network = ByteNetwork(
    [
      layer(121, inputs: inputs, outputs: 243, using: &random),
      layer(301, inputs: 243, outputs: 117, using: &random),
    ], inputs: inputs, scales: normalNumbers(117, seed: 5), offsets: normalNumbers(117, seed: 6))
  let x = (0..<rows * inputs).map { _ in UInt8.random(in: 0...255, using: &random) }
  func logits(_ set: InstructionSet) -> [Float] {
    var logits = [Float](repeating: .nan, count: 117 * rows)
    var span = logits.mutableSpan
    network.run(x.span, rows: rows, into: &span, using: set)
    return logits
  }
  #expect(logits(set) == logits(.scalar))
}

/// One layer on columns, with fewer tiles and more than pass together, agrees with the definition.
@Test(arguments: InstructionSet.available, [(120, 1), (120, 9), (140, 1), (140, 9)])
func byteColumnsAgreeWithTheirDefinition(_ set: InstructionSet, _ extents: (Int, Int)) {
  let (blocks, tiles) = extents
  var random = RandomSource(seed: 13)
  let (inputs, outputs) = (29, 143)
  let wide = layer(blocks, inputs: inputs, outputs: outputs, using: &random)
  let network = ByteNetwork(
    [wide], inputs: inputs, scales: .init(repeating: 1, count: outputs),
    offsets: .init(repeating: 0, count: outputs))
  let tile = ByteNetwork.tileRows
  let x = (0..<tiles * inputs * tile).map { _ in UInt8.random(in: 0...255, using: &random) }
  var y = [UInt8](repeating: 0, count: tiles * outputs * tile)
  var span = y.mutableSpan
  network.runColumns(x.span, into: &span, using: set)
  for t in 0..<tiles {
    for r in [0, 31, 32, 63, 64, 200, 255] {
      let row = (0..<inputs).map { x[(t * inputs + $0) * tile + r] }
      let expected = zip(sums(wide, row), wide.shifts).map { UInt8(clamping: $0 >> Int($1)) }
      #expect((0..<outputs).map { y[(t * outputs + $0) * tile + r] } == expected, "row \(r)")
    }
  }
}

@Test func largestLogitsTakeTheFirstOfEquals() {
  var classes = [Int32](repeating: -1, count: 3)
  var span = classes.mutableSpan
  let logits: [Float] = [0, 2, 2, -1, -3, -1, 5, 4, 3]
  largestLogits(logits.span, outputs: 3, into: &span)
  #expect(classes == [1, 0, 0])
}

import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

/// Outputs with whole registers and with tails, rows and images of every alignment, strides,
/// dilation, padding, groups that fill no quad.
private let shapes = [
  shape(batch: 1, 1, 1, filter: 1, groups: 1, levels: 1, outputs: 1),
  shape(batch: 3, 7, 5, filter: 3, padding: 1, groups: 3, levels: 3, outputs: 5),
  shape(batch: 2, 8, 8, filter: 3, padding: 1, groups: 4, levels: 4, outputs: 16),
  shape(batch: 2, 16, 17, filter: 3, stride: 2, padding: 1, groups: 5, levels: 4, outputs: 50),
  shape(batch: 5, 9, 9, filter: 2, stride: 3, dilation: 2, groups: 8, levels: 2, outputs: 37),
  shape(batch: 1, 32, 32, filter: 5, padding: 2, groups: 2, levels: 4, outputs: 72),
  shape(batch: 70, 3, 3, filter: 3, groups: 9, levels: 4, outputs: 100),
]

private func shape(
  batch: Int, _ height: Int, _ width: Int, filter: Int, stride: Int = 1, padding: Int = 0,
  dilation: Int = 1, groups: Int, levels: Int, outputs: Int
) -> LookupImageShape {
  LookupImageShape(
    ConvolutionGeometry(
      batch: batch, height: height, width: width, channels: groups, filterHeight: filter,
      filterWidth: filter, stride: stride, padding: padding, dilation: dilation),
    groups: groups, levels: levels, outputs: outputs)
}

/// Aperiodic operands of one shape.
private struct Operands {
  let tables: [Float], dy: [Float], scales: [Float], offsets: [Float]
  let packed: [Int8], bare: [UInt8], zeros: [UInt8], codes: [UInt8]

  init(_ shape: LookupImageShape) {
    tables = normalNumbers(shape.tableCount, seed: 1)
    dy = normalNumbers(shape.rows * shape.outputs, seed: 2)
    scales = normalNumbers(shape.outputs, seed: 3)
    offsets = normalNumbers(shape.outputs, seed: 4)
    var random = RandomSource(seed: 5)
    func drawn(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8.random(in: 0..<UInt8(shape.entries), using: &random) }
    }
    let (pixels, border) = (drawn(shape.bareCodeCount), drawn(shape.groups))
    (bare, zeros) = (pixels, border)
    packed = (0..<shape.packedCount).map { index in
      index / 16 % shape.paddedGroups < shape.groups
        ? Int8.random(in: -128...127, using: &random) : 0
    }
    var padded = [UInt8](repeating: .max, count: shape.codeCount)
    var span = padded.mutableSpan
    padLookupCodes(pixels.span, zeros: border.span, shape, into: &span)
    codes = padded
  }
}

@Test(arguments: shapes)
func paddingSurroundsImagesWithTheCodesOfZeros(_ shape: LookupImageShape) {
  let operands = Operands(shape)
  let geometry = shape.geometry
  for (i, code) in operands.codes.enumerated() {
    let (plane, pixel) = (i / shape.imagePixels, i % shape.imagePixels)
    let y = pixel / shape.paddedWidth - geometry.padding
    let x = pixel % shape.paddedWidth - geometry.padding
    let isInside = 0..<geometry.height ~= y && 0..<geometry.width ~= x
    let expected =
      isInside
      ? operands.bare[(plane * geometry.height + y) * geometry.width + x]
      : operands.zeros[plane / geometry.batch]
    #expect(code == expected)
  }
}

/// The scalar kernels compute what the definition over any number format does.
@Test(arguments: shapes)
func scalarKernelsAreTheDefinition(_ shape: LookupImageShape) {
  let operands = Operands(shape)
  let y = Tensor<Double>([shape.rows * shape.outputs]) {
    let tables = operands.tables.map(Double.init)
    Double.sumImageEntries(of: tables.span, at: operands.codes.span, shape, into: &$0)
  }
  // Sums of some hundred numbers of size 1, each rounded to 24 bits.
  #expect(mismatch(sums(.scalar, shape, operands), y.elements, within: 1e-4) == nil)
  let sums = Tensor<Double>([shape.tableCount]) {
    let dy = operands.dy.map(Double.init)
    Double.imageBucketSums(of: dy.span, by: operands.codes.span, shape, into: &$0)
  }
  #expect(mismatch(buckets(.scalar, shape, operands), sums.elements, within: 1e-4) == nil)
  let scanned = Tensor<Double>([shape.rows * shape.outputs]) {
    let (scales, offsets) = (operands.scales.map(Double.init), operands.offsets.map(Double.init))
    Double.sumPackedImageEntries(
      of: operands.packed.span, at: operands.codes.span, shape, scales: scales.span,
      offsets: offsets.span, into: &$0)
  }
  for (a, b) in zip(scan(.scalar, shape, operands), scanned.elements) {
    #expect((Double(a) - b).magnitude <= 1e-6 * max(1, b.magnitude))
  }
}

@Test(arguments: InstructionSet.available, shapes)
func imageSumsAgreeBitForBit(_ set: InstructionSet, _ shape: LookupImageShape) {
  let operands = Operands(shape)
  #expect(sums(set, shape, operands) == sums(.scalar, shape, operands))
}

@Test(arguments: InstructionSet.available, shapes)
func imageBucketSumsAgreeBitForBit(_ set: InstructionSet, _ shape: LookupImageShape) {
  let operands = Operands(shape)
  #expect(buckets(set, shape, operands) == buckets(.scalar, shape, operands))
}

@Test(arguments: InstructionSet.available, shapes)
func imageScansAgreeBitForBit(_ set: InstructionSet, _ shape: LookupImageShape) {
  let operands = Operands(shape)
  #expect(scan(set, shape, operands) == scan(.scalar, shape, operands))
}

/// The batch is cut into tasks; who takes them changes nothing.
@Test func imageKernelsDoNotDependOnThreads() {
  let shape = shapes[3]
  let operands = Operands(shape)
  func all(_ threads: Int) -> [[Float]] {
    ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
      [
        sums(.best, shape, operands), buckets(.best, shape, operands), scan(.best, shape, operands),
      ]
    }
  }
  #expect(all(1) == all(3))
}

private func sums(
  _ set: InstructionSet, _ shape: LookupImageShape, _ operands: Operands
) -> [Float] {
  var y = [Float](repeating: .nan, count: shape.rows * shape.outputs)
  var span = y.mutableSpan
  sumImageEntries(
    of: operands.tables.span, at: operands.codes.span, shape, into: &span, using: set)
  return y
}

private func buckets(
  _ set: InstructionSet, _ shape: LookupImageShape, _ operands: Operands
) -> [Float] {
  var sums = [Float](repeating: .nan, count: shape.tableCount)
  var span = sums.mutableSpan
  imageBucketSums(
    of: operands.dy.span, by: operands.codes.span, shape, into: &span, using: set)
  return sums
}

private func scan(
  _ set: InstructionSet, _ shape: LookupImageShape, _ operands: Operands
) -> [Float] {
  var y = [Float](repeating: .nan, count: shape.rows * shape.outputs)
  var span = y.mutableSpan
  sumPackedImageEntries(
    of: operands.packed.span, at: operands.codes.span, shape, scales: operands.scales.span,
    offsets: operands.offsets.span, into: &span, using: set)
  return y
}

/// Tables' adjoints in every variant, whole registers of outputs and tails, padding, and sums added to.
@Test(arguments: InstructionSet.available, [1, 16, 37])
func tableGradientsAgreeBitForBit(_ set: InstructionSet, outputs: Int) {
  let shape = LookupShape(
    rows: 0, inputs: 11, blocks: 4, blockSize: 3, levels: 3, outputs: outputs)
  let sums = normalNumbers(shape.tableCount, seed: 1)
  let prototypes = normalNumbers(shape.prototypeCount, seed: 2)
  let weight = normalNumbers(shape.inputs * outputs, seed: 3)
  let positions: [Int32] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1]
  func gradients(_ set: InstructionSet) -> [[Float]] {
    var weightGradient = [Float](repeating: .nan, count: weight.count)
    var prototypeGradient = [Float](repeating: .nan, count: prototypes.count)
    for accumulates in [false, true] {
      var dw = weightGradient.mutableSpan
      var dp = prototypeGradient.mutableSpan
      tableGradients(
        sums: sums.span, prototypes: prototypes.span, positions: positions.span,
        weight: weight.span, shape, accumulates: accumulates, weightGradient: &dw,
        prototypeGradient: &dp, using: set)
    }
    return [weightGradient, prototypeGradient]
  }
  #expect(gradients(set) == gradients(.scalar))
  // Padding has no gradient.
  #expect((0..<8).allSatisfy { gradients(set)[1][(3 * 8 + $0) * 3 + 2] == 0 })
}

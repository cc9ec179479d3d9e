import AddendKernels
import AddendTensors
import AddendTestSupport
import Testing

private let shape = LookupShape(
  rows: 90, inputs: 22, blocks: 6, blockSize: 4, levels: 3, outputs: 17)
private let positions = (0..<Int32(24)).map { $0 < 22 ? $0 : -1 }

private func codes(seed: UInt64) -> [UInt8] {
  var random = RandomSource(seed: seed)
  return (0..<shape.codeCount).map { _ in UInt8.random(in: 0..<7, using: &random) }
}

/// What `fill` leaves in `count` numbers.
private func filled<S: TensorScalar>(
  _ count: Int, _ fill: (inout MutableSpan<S>) -> Void
) -> [Double] {
  Tensor<S>([count], fill: fill).elements.map(\.double)
}

/// Float32 does what the definition does in Double; code 7 has no rows.
@Test func bucketMeansAgreeWithTheDefinition() {
  let (x, codes) = (normalNumbers(shape.rows * shape.inputs, seed: 1), codes(seed: 2))
  func means<S: TensorScalar>(_: S.Type) -> [Double] {
    let x = Tensor<S>(Tensor([x.count], x))
    return filled(shape.prototypeCount) { (span: inout MutableSpan<S>) in
      S.bucketMeans(of: x.span, by: codes.span, positions: positions.span, shape, into: &span)
    }
  }
  let found = means(Float.self)
  #expect(mismatch(found, means(Double.self), within: 1e-6) == nil)
  #expect(found[7 * 4..<8 * 4].allSatisfy { $0 == 0 })
  #expect(found[5 * 32 + 2] == 0)
}

@Test func mixedEntriesAgreeWithTheDefinition() {
  let (values, from, to) = (
    normalNumbers(shape.tableCount, seed: 1), codes(seed: 2), codes(seed: 3)
  )
  func mixed<S: TensorScalar>(_: S.Type) -> [Double] {
    let values = Tensor<S>(Tensor([values.count], values))
    return filled(shape.tableCount) { (span: inout MutableSpan<S>) in
      S.mixEntries(of: values.span, from: from.span, to: to.span, shape, into: &span)
    }
  }
  #expect(mismatch(mixed(Float.self), mixed(Double.self), within: 1e-5) == nil)
}

/// Rows come back exactly, and their largest magnitudes lie in [1/2, 1).
@Test func rowsAreScaledByPowersOfTwo() {
  var x = normalNumbers(5 * 7, seed: 4)
  for i in 7..<14 { x[i] *= 1e-20 }
  for i in 14..<21 { x[i] = 0 }
  x[22] = .infinity
  x[30] = .nan
  func scaled<S: TensorScalar>(_: S.Type) -> (rows: [Double], scales: [Double]) {
    let source = Tensor<S>(Tensor([x.count], x))
    var scales = Tensor<S>([5])
    let rows = filled(x.count) { (rows: inout MutableSpan<S>) in
      var span = scales.mutableSpan
      S.scaleRowsToOne(source.span, into: &rows, scales: &span)
    }
    return (rows, scales.elements.map(\.double))
  }
  let (single, double) = (scaled(Float.self), scaled(Double.self))
  #expect(single.rows[..<21] == double.rows[..<21])
  #expect(single.scales[..<3] == double.scales[..<3])
  for (r, row) in [0, 7].enumerated() {
    let largest = single.rows[row..<row + 7].map(\.magnitude).max() ?? 0
    #expect(0.5..<1 ~= largest)
    #expect(single.scales[r].significand == 1)
    #expect((row..<row + 7).allSatisfy { single.rows[$0] * single.scales[r] == Double(x[$0]) })
  }
  #expect(single.scales[2] == 1)
  #expect(single.scales[3].isNaN && single.scales[4].isNaN)
  #expect(double.scales[3].isNaN && double.scales[4].isNaN)
}

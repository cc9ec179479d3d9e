import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// A map whose coder of gradients has seen `dy`, commitment aside.
private func coded<Scalar>(
  _ scalar: Scalar.Type, _ options: String = "", inputs: Int, outputs: Int, rows: Int,
  dy: Tensor<Scalar>
) throws -> (map: LookupMap<Scalar>, x: Tensor<Scalar>) {
  var start = try LookupCase<Scalar>(
    "lookup:gradients=coded,commitment=0" + options, inputs: inputs, outputs: outputs, rows: rows,
    learns: false)
  for step in 0..<2 {
    start.map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 1, epochs: 2))
    let (_, residuals) = try start.map.trainingForward(start.x)
    _ = start.map.backward(dy, residuals)
  }
  return (start.map, start.x)
}

/// Rows of few kinds have a code each, and zero its own: their products are exact, whatever their size.
@Test func fewGradientsAreMultipliedExactly() throws {
  let kinds = normalNumbers(4 * 6, seed: 3) + [Float](repeating: 0, count: 6)
  let dy = Tensor<Double>(
    [150, 6], (0..<150 * 6).map { Double(kinds[$0 / 6 % 5 * 6 + $0 % 6]) })
  var (map, x) = try coded(Double.self, inputs: 9, outputs: 6, rows: 150, dy: dy)
  for scale in [1, 0.25, 1024.0] {
    let scaled = Tensor<Double>(dy.shape, dy.elements.map { scale * $0 })
    let (_, residuals) = try map.trainingForward(x)
    let exact = matmul(scaled, map.exactTwin.weight.value, transposingB: true)
    let dx = map.backward(scaled, residuals)
    #expect(mismatch(dx.elements, exact.elements, within: 1e-5 * scale) == nil)
    #expect((0..<9).allSatisfy { dx[4, $0] == 0 })
  }
}

/// Gradients that are not numbers do not pass for some.
@Test func codesDoNotHideWhatIsNotANumber() throws {
  var dy = Tensor<Float>([150, 6], normalNumbers(900, seed: 3))
  var (map, x) = try coded(Float.self, inputs: 9, outputs: 6, rows: 150, dy: dy)
  dy[3, 2] = .nan
  dy[7, 0] = .infinity
  let (_, residuals) = try map.trainingForward(x)
  let dx = map.backward(dy, residuals)
  for row in [3, 7] { #expect((0..<9).allSatisfy { dx[row, $0].isNaN }) }
}

/// All multiplications of a step: tables are built of `K` prototypes instead of the batch's rows, and
/// their two adjoints cost as much again; a coded gradient's tables likewise, and its rows are scaled by
/// powers of two on the way in and on the way out. No product of rows is left.
@Test(arguments: [(inputs: 9, outputs: 6, rows: 150), (inputs: 8, outputs: 5, rows: 131)])
func multiplicationsOfAStepAreThoseOfItsTables(
  _ size: (inputs: Int, outputs: Int, rows: Int)
) throws {
  let (inputs, outputs, rows) = size
  let dy = Tensor<CountingScalar>(
    [rows, outputs], normalNumbers(rows * outputs, seed: 3).map { CountingScalar(Double($0)) })
  var (map, x) = try coded(
    CountingScalar.self, inputs: inputs, outputs: outputs, rows: rows, dy: dy)
  // The first pass after `prepare` builds its tables as it goes; nothing is kept.
  map.prepare(for: TrainingProgress(step: 2, stepsPerEpoch: 100, epochs: 2))
  let counts = try OperationTally.counting {
    let (_, residuals) = try map.trainingForward(x)
    _ = map.backward(dy, residuals)
  }
  let tables = 16 * inputs * outputs
  #expect(counts.multiplications == 4 * tables + rows * (inputs + outputs))
  #expect(
    counts.lookups
      == rows * ((inputs + 3) / 4 * outputs + (outputs + 3) / 4 * inputs))
}

/// Where gradients are exact, one product of the batch remains, and what inputs commit to.
@Test func exactGradientsKeepOneProduct() throws {
  var part = try LookupCase<CountingScalar>("lookup", inputs: 9, outputs: 6, rows: 40)
  let dy = Tensor<CountingScalar>([40, 6], repeating: CountingScalar(0.5))
  let counts = try OperationTally.counting {
    let (_, residuals) = try part.map.trainingForward(part.x)
    _ = part.map.backward(dy, residuals)
  }
  #expect(counts.multiplications == 3 * 16 * 9 * 6 + 40 * 9 * 6 + 40 * 9)
}

/// Tables that are kept for a second pass of the same step give what the first one's gave.
@Test func aSecondPassOfAStepIsTheSame() throws {
  var part = try LookupCase<Float>("lookup:stages=2,block=8", inputs: 23, outputs: 70, rows: 90)
  let passes = try (0..<3).map { _ in try part.map.trainingForward(part.x).0 }
  #expect(passes[1] == passes[0])
  #expect(passes[2] == passes[0])
}

private func error(of map: LookupMap<Float>, on x: Tensor<Float>) throws -> Double {
  let exact = matmul(x, map.exactTwin.weight.value)
  return zip(try map.forward(x).elements, exact.elements).reduce(0) {
    $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
  }
}

/// More codes, and a second code for what the first leaves, come closer to the exact products.
@Test func moreCodesComeCloser() throws {
  let errors = try [
    "block=8", "block=8,codewords=64", "block=8,stages=2", "block=8,codewords=256",
  ].map { options in
    let part = try LookupCase<Float>("lookup:" + options, inputs: 32, outputs: 10, rows: 3000)
    return try error(of: part.map, on: part.x)
  }
  #expect(errors[1] < errors[0])
  #expect(errors[2] < errors[0])
  #expect(errors[3] < errors[1])
}

/// A stronger ridge draws tables to the buckets' means; a weak one is least squares, which nothing with
/// these codes can beat.
@Test func refitTablesExplainProductsBetter() throws {
  var random = RandomSource(seed: 6)
  // Neighbouring blocks that know of each other: one hidden number in each row.
  let hidden = (0..<600).map { _ in random.normal() }
  let x = Tensor<Float>(
    [600, 24], (0..<600 * 24).map { Float(hidden[$0 / 24] + random.normal() / 4) })
  let errors = try [0, 1e9, 100, 1, 0.01].map { ridge in
    var part = try LookupCase<Float>(
      "lookup:refit=\(ridge)", inputs: 24, outputs: 7, rows: 1, learns: false)
    try part.map.learnEncoder(from: x)
    return try error(of: part.map, on: x)
  }
  #expect((errors[1] / errors[0] - 1).magnitude < 1e-3)
  #expect(errors[2] < errors[1])
  #expect(errors[3] < errors[2])
  #expect(errors[4] <= errors[3])
}

/// The second stage compares what the first has left: its thresholds are one tree's, each with what the
/// prototype of the code before has in the column that is compared.
@Test func secondStagesCompareWhatIsLeft() throws {
  let part = try LookupCase<Double>(
    "lookup:codewords=4,stages=2,block=5", inputs: 15, outputs: 3, rows: 400)
  let record = StateRecord(of: part.map)
  let columns = try #require(record.integers["columns"]).values
  let thresholds = try #require(record.numbers["thresholds"]).elements
  let prototypes = try #require(record.numbers["prototypes"])
  for block in 0..<3 {
    for level in 0..<2 {
      let column = columns[block * 4 + 2 + level]
      for node in 0..<1 << level {
        let shares = (0..<4).map { code in
          thresholds[block << 4 + (4 + code) << level + node] - prototypes[block, code, column]
        }
        #expect(shares.allSatisfy { abs($0 - shares[0]) < 1e-5 })
        #expect(Set(shares.indices.map { prototypes[block, $0, column] }).count > 1)
      }
    }
  }
}

import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

private func batch(_ step: Int) -> Tensor<Float> {
  var random = RandomSource(seed: UInt64(step), stream: 3)
  return .normal([32, 11], using: &random)
}

/// A step of training without an optimizer: what moves is the encoder and what follows from it.
private func take(_ step: Int, _ map: inout LookupMap<Float>) throws -> Tensor<Float> {
  map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 8, epochs: 6))
  let (y, residuals) = try map.trainingForward(batch(step))
  map.parameterBackward(y, residuals)
  return y
}

private let text = "lookup:block=4,codewords=4"

private func fresh() throws -> LookupMap<Float> {
  try LookupCase<Float>(text, inputs: 11, outputs: 5, rows: 1, learns: false).map
}

/// Another map of the same configuration, other weights.
private func stranger() throws -> LookupMap<Float> {
  try LookupCase<Float>(text, inputs: 11, outputs: 5, rows: 1, seed: 9, learns: false).map
}

/// Nor does anything of the coder of gradients: what goes back to the inputs stays the same too.
@Test(arguments: [2, 5, 13])
func codedGradientsGoOnTheSameFromVisitedState(_ steps: Int) throws {
  let text = "lookup:gradients=coded"
  var original = try LookupCase<Float>(text, inputs: 11, outputs: 5, rows: 1, learns: false).map
  func take(_ step: Int, _ map: inout LookupMap<Float>) throws -> Tensor<Float> {
    map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 8, epochs: 6))
    let (y, residuals) = try map.trainingForward(batch(step))
    return map.backward(y, residuals)
  }
  for step in 0..<steps { _ = try take(step, &original) }
  var copy = try LookupCase<Float>(
    text, inputs: 11, outputs: 5, rows: 1, seed: 9, learns: false
  ).map
  #expect(StateRecord(of: original).restored(to: &copy) == nil)
  var isCoded = false
  for step in steps..<steps + 12 {
    let (a, b) = (try take(step, &original), try take(step, &copy))
    #expect(a == b)
    let y = try original.forward(batch(step))
    isCoded = isCoded || a != matmul(y, original.exactTwin.weight.value, transposingB: true)
  }
  #expect(isCoded)
  #expect(StateRecord(of: copy) == StateRecord(of: original))
}

/// At no step, collecting or not, does anything live outside the visited state.
@Test(arguments: [0, 1, 2, 5, 9, 20])
func trainingGoesOnTheSameFromVisitedState(_ steps: Int) throws {
  var original = try fresh()
  for step in 0..<steps { _ = try take(step, &original) }
  var copy = try stranger()
  #expect(StateRecord(of: original).restored(to: &copy) == nil)
  #expect(StateRecord(of: copy) == StateRecord(of: original))
  for step in steps..<steps + 12 {
    let (a, b) = (try take(step, &original), try take(step, &copy))
    #expect(a == b)
  }
  #expect(StateRecord(of: copy) == StateRecord(of: original))
}

@Test(arguments: [0, 12])
func aFreshMapBecomesTheFrozenOneWhoseStateItVisits(_ steps: Int) throws {
  var original = try fresh()
  for step in 0..<steps { _ = try take(step, &original) }
  original.freeze()
  var copy = try stranger()
  #expect(StateRecord(of: original).restored(to: &copy) == nil)
  #expect(try copy.forward(batch(99)) == original.forward(batch(99)))
  #expect(StateRecord(of: copy) == StateRecord(of: original))
  #expect(
    StateRecord(of: copy).names
      == ["isFrozen", "columns", "thresholds", "tables", "scales", "offsets"])
}

@Test func aFrozenMapTakesOnATrainingState() throws {
  var original = try fresh()
  for step in 0..<5 { _ = try take(step, &original) }
  var copy = try stranger()
  copy.freeze()
  #expect(StateRecord(of: original).restored(to: &copy) == nil)
  #expect(try copy.forward(batch(99)) == original.forward(batch(99)))
}

/// A column outside its block, or in the padding, and counts that cannot be, are refused.
@Test func nonsenseIsRefused() throws {
  var trained = try fresh()
  for step in 0..<5 { _ = try take(step, &trained) }
  let record = StateRecord(of: trained)
  for (name, index, value) in [
    ("columns", 0, 4), ("columns", 5, 3), ("schedule", 2, -1), ("isFrozen", 0, 2),
  ] {
    var state = try #require(record.integers[name])
    state.values[index] = value
    var copy = try stranger()
    let refusal = record.restored(to: &copy, changing: [name: state])
    #expect(refusal != nil, "\(name)[\(index)] = \(value)")
  }
}

/// An infinite time between encoders is one encoder, not none.
@Test func endlessRefreshLearnsOnce() throws {
  var map = try LookupCase<Float>(
    "lookup:block=4,codewords=4,refresh=inf", inputs: 11, outputs: 5, rows: 1, learns: false
  ).map
  for step in 0..<24 { _ = try take(step, &map) }
  let schedule = try #require(StateRecord(of: map).integers["schedule"])
  #expect(schedule.values[0] == 1 && schedule.values[4] == 1)
}

/// With warm-up the products stay exact; then rows are collected, and the encoder is learned.
@Test func theEncoderIsLearnedOnceWarmUpIsOver() throws {
  var map = try LookupCase<Float>(
    "lookup:block=4,codewords=4,warmup=1", inputs: 11, outputs: 5, rows: 1, learns: false
  ).map
  var firstLookup: Int?
  for step in 0..<24 {
    let y = try take(step, &map)
    let exact = matmul(batch(step), map.exactTwin.weight.value)
    if y != exact && firstLookup == nil { firstLookup = step }
  }
  // Collected from step 8 on; 32 rows and an eighth of an epoch later there are enough.
  #expect(firstLookup == 9)
}

/// A new encoder keeps what the corrections are worth: rows whose codes do not change keep theirs.
@Test func correctionsMoveToTheNewCodes() throws {
  var part = try LookupCase<Double>(text, inputs: 11, outputs: 5, rows: 200)
  var tour = ParameterTour<Double> { name, parameter in
    if name == "corrections" {
      parameter.value = Tensor(parameter.value.shape, repeating: 0.25)
    }
  }
  part.map.visit(&tour)
  let before = try part.map.forward(part.x)
  try part.map.learnEncoder(from: part.x)
  let after = try part.map.forward(part.x)
  #expect(mismatch(after.elements, before.elements, within: 1e-9) == nil)
  var random = RandomSource(seed: 8)
  try part.map.learnEncoder(from: .normal([300, 11], using: &random))
  // Three blocks' corrections of 0.25 each are still there on average over other rows.
  let corrections = try #require(StateRecord(of: part.map).numbers["corrections"])
  #expect(corrections.elements.allSatisfy { ($0 - 0.25).magnitude < 1e-9 })
}

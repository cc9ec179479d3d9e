import AddendCatalogue
import AddendExecution
import AddendKernels
import AddendLinear
import AddendNetworks
import AddendTensors
import Testing

/// Pixels in 0…1, as image data sets give them.
private let pixelValues = (0..<256).map { Float($0) / 255 }

/// A network of look-ups whose encoders have seen pictures of noise.
private func trainedModel(
  _ layers: [Int], inputs: Shape = [4, 4, 1], map: String = "lookup:block=4"
) throws -> Model<Float> {
  let network = Network(
    "small", input: inputs,
    layers: [Flatten().specification]
      + layers.dropLast().flatMap { [Dense($0).specification, ReLU().specification] }
      + [Dense(layers.last ?? 1).specification])
  var model = try Model<Float>(network, map: Specification(parsing: map), seed: 5)
  let x = Tensor<Float>(inputs.batched(512), images(512, inputs).map { pixelValues[Int($0)] })
  for step in 0..<3 {
    model.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 1, epochs: 2))
    var context = PassContext<Float>()
    _ = try model.trainingForward(x, &context)
    model.layers.discardResiduals()
  }
  return model.frozen()
}

private func images(_ count: Int, _ shape: Shape) -> [UInt8] {
  var random = RandomSource(seed: 9)
  return (0..<count * shape.count).map { _ in .random(in: 0...255, using: &random) }
}

/// Where every threshold is representable, the program gives the model's logits.
@Test(arguments: ["lookup:block=8", "lookup:block=8,codewords=4", "lookup:block=16"])
func programGivesTheModelsLogits(_ map: String) throws {
  let model = try trainedModel([12, 5], map: map)
  let program = try ByteProgram(model, pixelValues: pixelValues)
  #expect(program.isExact)
  let pixels = images(300, [4, 4, 1])
  let logits = program.logits(pixels)
  let expected = try model.forward(
    Tensor([300, 4, 4, 1], pixels.map { pixelValues[Int($0)] })
  ).elements
  for (logit, value) in zip(logits, expected) { #expect(abs(logit - value) < 1e-4) }
}

/// Where sums outgrow a byte, thresholds move a little and few rows get another class.
@Test func widerProgramsAgreeWithTheirModels() throws {
  let model = try trainedModel([96, 96, 10], inputs: [8, 8, 1])
  let program = try ByteProgram(model, pixelValues: pixelValues)
  #expect(!program.isExact)
  let pixels = images(1000, [8, 8, 1])
  let expected = try model.forward(
    Tensor([1000, 8, 8, 1], pixels.map { pixelValues[Int($0)] })
  ).elements
  let classes = program.classes(pixels)
  let agreeing = classes.indices.filter { r in
    let logits = expected[10 * r..<10 * (r + 1)]
    return logits.firstIndex(of: logits.max() ?? 0) == 10 * r + Int(classes[r])
  }
  #expect(agreeing.count >= 970)
}

/// Blocks of eight compare four inputs, so half of the outputs before them are never looked at.
@Test func outputsThatNothingComparesAreLeftOut() throws {
  let program = try ByteProgram(
    try trainedModel([64, 10], inputs: [8, 8, 1], map: "lookup:block=8"), pixelValues: pixelValues)
  #expect(program.layers[0].modelOutputs == 64)
  #expect(program.layers[0].outputs <= 32)
  #expect(program.layers[1].outputs == 10)
}

/// A pixel that is always dark makes blocks of which every row has the same code.
@Test func blocksWithOneCodeBecomeConstants() throws {
  let inputs: Shape = [4, 4, 1]
  let network = Network(
    "dark", input: inputs, layers: [Flatten().specification, Dense(3).specification])
  var model = try Model<Float>(network, map: Specification(parsing: "lookup:block=4"), seed: 5)
  // Only the upper half of the picture is ever lit.
  let pixels = images(512, inputs).enumerated().map { $0.offset % 16 < 8 ? $0.element : 0 }
  let x = Tensor<Float>(inputs.batched(512), pixels.map { pixelValues[Int($0)] })
  for step in 0..<2 {
    model.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 1, epochs: 2))
    var context = PassContext<Float>()
    _ = try model.trainingForward(x, &context)
    model.layers.discardResiduals()
  }
  let frozen = model.frozen()
  let program = try ByteProgram(frozen, pixelValues: pixelValues)
  #expect(program.layers[0].blocks == 2 && program.layers[0].modelBlocks == 4)
  let logits = program.logits(pixels)
  for (logit, value) in zip(logits, try frozen.forward(x).elements) {
    #expect(abs(logit - value) < 1e-5)
  }
}

/// Changes numbers of a model's state as a file might have them.
private struct StateChange: StateVisitor {
  typealias Scalar = Float
  let change: (_ numbers: inout Tensor<Float>, _ name: String) -> Void
  var changeIntegers: (_ values: [Int], _ name: String) -> [Int] = { values, _ in values }
  private(set) var error: TensorError?
  private var path = StatePath()

  init(_ change: @escaping (_ numbers: inout Tensor<Float>, _ name: String) -> Void) {
    self.change = change
  }

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {}
  mutating func visit(_ numbers: inout Tensor<Float>, named name: String) {
    change(&numbers, path.appending(name))
  }
  mutating func visit(_ integers: inout IntegerState, named name: String) {
    integers.values = changeIntegers(integers.values, path.appending(name))
  }
  mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void) {
    do throws(TensorError) { try rebuild() } catch { self.error = error }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

/// What files may hold though no training leaves it: the program does as the model does.
@Test(arguments: ["no number", "unreachable", "negative scale", "infinite offset"])
func oddFilesRunAsTheirModels(_ oddity: String) throws {
  var model = try trainedModel([12, 5], map: "lookup:block=8")
  var change = StateChange { numbers, name in
    switch oddity {
    case "no number" where name.hasSuffix("thresholds"):
      for block in 0..<numbers.shape[0] { numbers[block, 2 + block % 5] = .nan }
    case "unreachable" where name.hasPrefix("dense2") && name.hasSuffix("thresholds"):
      // No row goes right at the root; what lies there compares what nobody else does.
      numbers[0, 1] = .infinity
      numbers[0, 3] = numbers[0, 2] - 0.3
    case "negative scale" where name.hasPrefix("dense1") && name.hasSuffix("scales"):
      for i in stride(from: 0, to: numbers.count, by: 2) { numbers[i] = -numbers[i] }
    case "infinite offset" where name.hasPrefix("dense1") && name.hasSuffix("offsets"):
      for i in stride(from: 0, to: numbers.count, by: 2) { numbers[i] = .infinity }
    default: break
    }
  }
  let before = try ByteProgram(model, pixelValues: pixelValues)
  model.visit(&change)
  #expect(change.error == nil)
  let program = try ByteProgram(model, pixelValues: pixelValues)
  #expect(program.isExact)
  let pixels = images(300, [4, 4, 1])
  let logits = program.logits(pixels)
  #expect(oddity == "unreachable" || logits != before.logits(pixels))
  let expected = try model.forward(
    Tensor([300, 4, 4, 1], pixels.map { pixelValues[Int($0)] })
  ).elements
  for (logit, value) in zip(logits, expected) { #expect(abs(logit - value) < 1e-4) }
}

/// Entries of older files fill eight bits; even ones lose nothing when they are halved.
@Test func wideEntriesAreHalved() throws {
  var model = try trainedModel([12, 5], map: "lookup:block=8")
  var change = StateChange { _, _ in }
  change.changeIntegers = { $1.hasSuffix("tables") ? $0.map { 2 * $0 } : $0 }
  model.visit(&change)
  #expect(change.error == nil)
  let program = try ByteProgram(model, pixelValues: pixelValues)
  #expect(!program.isExact)
  let pixels = images(300, [4, 4, 1])
  let expected = try model.forward(
    Tensor([300, 4, 4, 1], pixels.map { pixelValues[Int($0)] })
  ).elements
  for (logit, value) in zip(program.logits(pixels), expected) {
    #expect(abs(logit - value) < 1e-4)
  }
}

@Test func refusalsNameTheLayer() throws {
  let exact = try Model<Float>(
    Network("exact", input: [8], layers: [Dense(3).specification]), seed: 1)
  #expect(throws: ProgramError.notLookups(layer: "dense1")) {
    try ByteProgram(exact.frozen(), pixelValues: pixelValues)
  }
  let lookups = try trainedModel([4, 3])
  #expect(throws: ProgramError.pixelValues(count: 10)) {
    try ByteProgram(lookups, pixelValues: Array(pixelValues.prefix(10)))
  }
  #expect(throws: ProgramError.pixelValues(count: 256)) {
    try ByteProgram(lookups, pixelValues: pixelValues.map { -$0 })
  }
}

import AddendCatalogue
import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// A map with weights and rows drawn from `seed`, its encoder learned from the rows.
struct LookupCase<Scalar: TensorScalar> {
  var map: LookupMap<Scalar>
  let x: Tensor<Scalar>

  init(
    _ text: String, inputs: Int, outputs: Int, rows: Int, grid: Shape? = nil, seed: UInt64 = 1,
    learns: Bool = true
  ) throws {
    var random = RandomSource(seed: seed)
    let specification = try Specification(parsing: text)
    let configuration = try LookupConfiguration(
      Arguments(specification, for: LookupConfiguration.declaration))
    let role = MapRole(inputSize: inputs, outputSize: outputs, inputGrid: grid)
    map = LookupMap(configuration, role, weight: .normal([inputs, outputs], using: &random))
    x = .normal([rows, inputs], using: &random)
    if learns { try map.learnEncoder(from: x) }
  }
}

private let kinds = [
  "lookup", "lookup:block=3,codewords=8,encoder=hash", "lookup:block=5,codewords=4,encoder=hash",
  "lookup:block=1,codewords=2",
]

// MARK: Forms of the map

@Test func productsAreExactUntilAnEncoderIsLearned() throws {
  var fresh = try LookupCase<Double>("lookup", inputs: 7, outputs: 3, rows: 5, learns: false)
  let (y, _) = try fresh.map.trainingForward(fresh.x)
  #expect(y == matmul(fresh.x, fresh.map.exactTwin.weight.value))
  #expect(try fresh.map.forward(fresh.x) == y)
}

/// Four levels set five rows apart, whatever they are: every row is its own prototype.
@Test func fewRowsAreMultipliedExactly() throws {
  var few = try LookupCase<Double>("lookup", inputs: 4, outputs: 3, rows: 5)
  let exact = matmul(few.x, few.map.exactTwin.weight.value)
  #expect(mismatch(try few.map.forward(few.x).elements, exact.elements, within: 1e-5) == nil)
  let (y, _) = try few.map.trainingForward(few.x)
  #expect(mismatch(y.elements, exact.elements, within: 1e-5) == nil)
}

/// An entry is off by half a step at most, and there are as many steps as blocks.
@Test(arguments: kinds)
func freezingErrsByHalfAStepPerBlock(_ text: String) throws {
  let whole = try LookupCase<Double>(text, inputs: 23, outputs: 6, rows: 50)
  var frozen = whole.map
  frozen.freeze()
  let scales = try #require(StateRecord(of: frozen).numbers["scales"])
  let blocks = try #require(StateRecord(of: frozen).integers["columns"]).shape[0]
  let (exact, rounded) = (try whole.map.forward(whole.x), try frozen.forward(whole.x))
  for (index, (a, b)) in zip(exact.elements, rounded.elements).enumerated() {
    let bound = Double(blocks) * scales.elements[index % 6] / 2
    #expect((a - b).magnitude <= bound * (1 + 1e-9))
  }
  #expect(exact != rounded)
}

@Test func aFrozenMapRefusesTraining() throws {
  var frozen = try LookupCase<Float>("lookup", inputs: 8, outputs: 2, rows: 40)
  frozen.map.freeze()
  #expect(throws: TensorError.self) { try frozen.map.trainingForward(frozen.x) }
  #expect(throws: TensorError.self) { try frozen.map.learnEncoder(from: frozen.x) }
}

@Test func rowsOfAnotherSizeAreRefused() throws {
  let map = try LookupCase<Float>("lookup", inputs: 8, outputs: 2, rows: 40).map
  #expect(
    throws: TensorError.shapeMismatch(
      operation: "lookup map", argument: "x", expected: "rows×8", found: [3, 9])
  ) { try map.forward(Tensor([3, 9])) }
}

/// Float32 through its kernels does what the definition does in Double.
@Test(arguments: kinds)
func float32AgreesWithTheDefinition(_ text: String) throws {
  var single = try LookupCase<Float>(text, inputs: 23, outputs: 17, rows: 70)
  var double = try LookupCase<Double>(text, inputs: 23, outputs: 17, rows: 70)
  // The same rows exactly, or a code near a threshold may differ.
  let (x, dy) = (single.x, Tensor<Float>([70, 17], normalNumbers(70 * 17, seed: 3)))
  try double.map.learnEncoder(from: Tensor(x))
  try single.map.learnEncoder(from: x)
  let (y, residuals) = try single.map.trainingForward(x)
  let (expected, expectedResiduals) = try double.map.trainingForward(Tensor(x))
  #expect(mismatch(y.elements, expected.elements, within: 1e-4) == nil)
  let dx = single.map.backward(dy, residuals)
  let expectedDx = double.map.backward(Tensor(dy), expectedResiduals)
  #expect(mismatch(dx.elements, expectedDx.elements, within: 1e-4) == nil)
  for (name, gradient) in gradients(of: double.map) {
    let found = try #require(gradients(of: single.map)[name])
    #expect(mismatch(found.elements, gradient.elements, within: 1e-3) == nil, "\(name)")
  }
  single.map.freeze()
  double.map.freeze()
  #expect(
    mismatch(
      try single.map.forward(x).elements, try double.map.forward(Tensor(x)).elements, within: 0.2)
      == nil)
}

/// The parameters' gradients by name.
func gradients<Scalar>(of map: LookupMap<Scalar>) -> [String: Tensor<Scalar>] {
  var found: [String: Tensor<Scalar>] = [:]
  var copy = map
  var tour = ParameterTour<Scalar> { found[$0] = $1.gradient }
  copy.visit(&tour)
  return found
}

// MARK: Gradients

/// Codes depend on the input alone, so the parameters may move while the codes stay.
@Test(
  arguments: kinds, [(inputs: 1, outputs: 1, rows: 1), (inputs: 13, outputs: 5, rows: 30)])
func parameterGradientsMatchCentralDifferences(
  _ text: String, _ size: (inputs: Int, outputs: Int, rows: Int)
) throws {
  let start = try LookupCase<Double>(
    text, inputs: size.inputs, outputs: size.outputs, rows: size.rows)
  var random = RandomSource(seed: 2)
  let direction = Tensor<Double>.normal([size.rows, size.outputs], using: &random)
  var trained = start.map
  let (_, residuals) = try trained.trainingForward(start.x)
  _ = trained.backward(direction, residuals)
  for (name, gradient) in gradients(of: trained) {
    let value = try #require(StateRecord(of: start.map).numbers[name])
    let check = try GradientCheck(gradient, at: value) { moved in
      var map = start.map
      var tour = ParameterTour<Double> { if $0 == name { $1.value = moved } }
      map.visit(&tour)
      let y = try map.forward(start.x)
      return zip(y.elements, direction.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(check.error < 1e-7, "\(name): \(check)")
  }
  #expect(gradients(of: trained).count == 3)
}

/// The surrogate: straight through the encoder, plus the pull towards the prototypes, whose energy
/// is `β / (2 rows) ‖x − P[c]‖²`. Rows that are their own prototypes feel no pull.
@Test func inputGradientIsTheStatedSurrogate() throws {
  var random = RandomSource(seed: 2)
  let dy = Tensor<Double>.normal([30, 5], using: &random)
  var free = try LookupCase<Double>("lookup:commitment=0", inputs: 13, outputs: 5, rows: 30)
  let weight = free.map.exactTwin.weight.value
  let (_, residuals) = try free.map.trainingForward(free.x)
  let straight = free.map.backward(dy, residuals)
  #expect(straight == matmul(dy, weight, transposingB: true))

  var pulled = try LookupCase<Double>("lookup:commitment=0.6", inputs: 13, outputs: 5, rows: 30)
  let (_, pulledResiduals) = try pulled.map.trainingForward(pulled.x)
  let dx = pulled.map.backward(dy, pulledResiduals)
  // Prototypes are bucket means, so the pulls of each column cancel; and they are not all zero.
  let pull = zip(dx.elements, straight.elements).map { $0 - $1 }
  for column in 0..<13 {
    let sum = (0..<30).reduce(0.0) { $0 + pull[$1 * 13 + column] }
    #expect(sum.magnitude < 1e-6)
  }
  // With the identity as weight, y is the prototypes themselves.
  var identity = Tensor<Double>([13, 13])
  for i in 0..<13 { identity[i, i] = 1 }
  let configuration = try LookupConfiguration(
    Arguments(Specification("lookup"), for: LookupConfiguration.declaration))
  var decoder = LookupMap(
    configuration, MapRole(inputSize: 13, outputSize: 13), weight: identity)
  try decoder.learnEncoder(from: pulled.x)
  let prototypes = try decoder.forward(pulled.x)
  let expected = zip(pulled.x.elements, prototypes.elements).map { 0.02 * ($0 - $1) }
  #expect(mismatch(pull, expected, within: 1e-12) == nil)
}

/// A recurrent layer goes forward several times and back in reverse; gradients add up.
@Test func passesStackAndGradientsAdd() throws {
  let start = try LookupCase<Double>("lookup", inputs: 9, outputs: 4, rows: 40)
  var random = RandomSource(seed: 5)
  let steps = (0..<3).map { _ in Tensor<Double>.normal([7, 9], using: &random) }
  let dys = (0..<3).map { _ in Tensor<Double>.normal([7, 4], using: &random) }
  var slot = Slot(start.map)
  for x in steps { _ = try slot.trainingForward(x) }
  for dy in dys.reversed() { _ = slot.backward(dy) }
  var apart: [String: [Double]] = [:]
  for (x, dy) in zip(steps, dys) {
    var map = start.map
    let (_, residuals) = try map.trainingForward(x)
    map.parameterBackward(dy, residuals)
    for (name, gradient) in gradients(of: map) {
      apart[name] = zip(apart[name] ?? gradient.elements.map { _ in 0 }, gradient.elements).map(+)
    }
  }
  for (name, gradient) in gradients(of: slot.map) {
    #expect(mismatch(gradient.elements, apart[name] ?? [], within: 1e-12) == nil, "\(name)")
  }
}

/// A convolution's patches are the map's rows.
@Test func imagesAreMultipliedPatchByPatch() throws {
  let geometry = ConvolutionGeometry(
    batch: 2, height: 6, width: 5, channels: 2, filterHeight: 3, filterWidth: 3, padding: 1)
  var random = RandomSource(seed: 4)
  let image = Tensor<Float>.normal([2, 6, 5, 2], using: &random)
  var part = try LookupCase<Float>(
    "lookup", inputs: 18, outputs: 4, rows: 60, grid: [3, 3, 2])
  let rows = try part.map.forward(image.patches(geometry))
  let y = try part.map.imageForward(image, geometry)
  #expect(y.shape == [2, 6, 5, 4])
  #expect(y.elements == rows.elements)
  let (trained, residuals) = try part.map.imageTrainingForward(image, geometry)
  #expect(trained.elements == rows.elements)
  #expect(part.map.imageBackward(y, residuals, geometry).shape == image.shape)
}

/// Each bit of a hash has as many rows on one side as on the other.
@Test func hashBitsSplitTheRowsEvenly() throws {
  let hash = try LookupCase<Float>(
    "lookup:codewords=4,encoder=hash", inputs: 4, outputs: 1, rows: 101)
  let thresholds = try #require(StateRecord(of: hash.map).numbers["thresholds"]).elements
  let signs: [[Float]] = [[1, 1, 1, 1], [1, -1, 1, -1]]
  for (level, signs) in signs.enumerated() {
    let above = (0..<101).count { r in
      (0..<4).reduce(Float(0)) { $0 + signs[$1] * hash.x[r, $1] } > thresholds[1 << level]
    }
    #expect(50...51 ~= above)
  }
  #expect(thresholds[2] == thresholds[3])
}

// MARK: Cost

/// The definition over counting numbers does exactly what the map declares.
@Test(
  arguments: kinds,
  [
    (inputs: 1, outputs: 1, grid: nil), (inputs: 23, outputs: 6, grid: nil),
    (inputs: 36, outputs: 3, grid: Shape([6, 6, 1])),
  ] as [(inputs: Int, outputs: Int, grid: Shape?)])
func declaredCostIsWhatCountingNumbersSee(
  _ text: String, _ size: (inputs: Int, outputs: Int, grid: Shape?)
) throws {
  var counted = try LookupCase<CountingScalar>(
    text, inputs: size.inputs, outputs: size.outputs, rows: 40, grid: size.grid)
  counted.map.freeze()
  let row = Tensor<CountingScalar>([1, size.inputs], (0..<size.inputs).map { counted.x[0, $0] })
  let counts = try OperationTally.counting { _ = try counted.map.forward(row) }
  let cost = counted.map.cost
  #expect(counts.multiplications == cost.multiplications)
  #expect(counts.additions == cost.additions)
  #expect(counts.lookups == cost.lookups)
  #expect(counts.comparisons == cost.comparisons)
}

/// 9 inputs in blocks of 4 are three blocks: the padded one costs as a whole one.
@Test func paddingIsPaidFor() throws {
  let cost = try LookupCase<Float>("lookup", inputs: 9, outputs: 10, rows: 40).map.cost
  #expect(cost.lookups == 30)
  #expect(cost.comparisons == 12)
  #expect(cost.multiplications == 10)
  #expect(cost.additions == 30)
}

// MARK: Twin and configuration

/// Tables made of a matrix are explained by that matrix: a single split column, fine codes.
@Test func effectiveWeightFindsTheMatrixAgain() throws {
  var line = try LookupCase<Double>("lookup:block=1", inputs: 5, outputs: 3, rows: 4000)
  let latent = line.map.exactTwin.weight.value
  line.map.freeze()
  let effective = line.map.exactTwin.weight.value
  for (a, b) in zip(latent.elements, effective.elements) {
    #expect((a - b).magnitude < 0.15 * max(0.3, a.magnitude))
  }
}

@Test(arguments: ["lookup", "lookup:encoder=hash,block=8", "lookup:layout=flat,warmup=1.5"])
func specificationMakesTheSameConfigurationAgain(_ text: String) throws {
  let map = try Maps.configuration(Specification(parsing: text))
  let again = try Maps.configuration(map.specification)
  #expect(again.specification == map.specification)
}

@Test(arguments: ["lookup:codewords=12", "lookup:encoder=hash,block=2", "lookup:block=0"])
func parametersThatDoNotGoTogetherAreRefused(_ text: String) throws {
  let specification = try Specification(parsing: text)
  #expect(throws: CatalogueError.self) { try Maps.configuration(specification) }
}

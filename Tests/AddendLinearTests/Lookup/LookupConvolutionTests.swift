import AddendCatalogue
import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// A look-up convolution with weights and an image batch drawn at random, its encoder learned from
/// the image's pixels.
private struct ConvolutionCase<Scalar: TensorScalar> {
  var map: LookupConvolution<Scalar>
  let image: Tensor<Scalar>
  let geometry: ConvolutionGeometry

  init(
    _ text: String, _ geometry: ConvolutionGeometry, outputs: Int, learns: Bool = true
  ) throws {
    var random = RandomSource(seed: 1)
    self.geometry = geometry
    let role = MapRole(
      inputSize: geometry.patchSize, outputSize: outputs,
      inputGrid: [geometry.filterHeight, geometry.filterWidth, geometry.channels], isPatch: true)
    map = LookupConvolution(
      try lookupConfiguration(text), role,
      weight: .normal([geometry.patchSize, outputs], using: &random))
    image = .normal(
      [geometry.batch, geometry.height, geometry.width, geometry.channels], using: &random)
    if learns { try map.learnEncoder(from: pixels) }
  }

  var pixels: Tensor<Scalar> {
    image.reshaped([image.count / geometry.channels, geometry.channels])
  }

  func dy(seed: UInt64 = 2) -> Tensor<Scalar> {
    var random = RandomSource(seed: seed)
    return .normal(geometry.outputShape(channels: map.outputSize), using: &random)
  }
}

private func lookupConfiguration(_ text: String) throws -> LookupConfiguration {
  try LookupConfiguration(
    Arguments(Specification(parsing: text), for: LookupConfiguration.declaration))
}

private let kinds = ["lookup:block=2", "lookup:block=3,codewords=8,encoder=hash"]

/// Odd sizes, padding, strides, dilation, filters of one tap, images that the filter fills.
private let geometries = [
  ConvolutionGeometry(
    batch: 2, height: 7, width: 5, channels: 6, filterHeight: 3, filterWidth: 3, padding: 1),
  ConvolutionGeometry(
    batch: 3, height: 6, width: 9, channels: 6, filterHeight: 3, filterWidth: 3, stride: 2,
    padding: 1),
  ConvolutionGeometry(
    batch: 5, height: 3, width: 4, channels: 6, filterHeight: 1, filterWidth: 1, stride: 2),
  ConvolutionGeometry(
    batch: 7, height: 5, width: 6, channels: 6, filterHeight: 2, filterWidth: 3, dilation: 2),
  // A group that the channels do not fill.
  ConvolutionGeometry(
    batch: 4, height: 5, width: 5, channels: 7, filterHeight: 3, filterWidth: 3, padding: 2),
]

// MARK: Which convolutions encode pixels

@Test(arguments: [
  ("lookup", 8, true), ("lookup", 6, false), ("lookup:layout=pixels", 6, true),
  ("lookup:layout=tiles", 8, false), ("lookup:layout=flat", 8, false),
])
func layoutsChooseTheForm(_ text: String, _ channels: Int, _ encodesPixels: Bool) throws {
  var random = RandomSource(seed: 1)
  let configuration = try lookupConfiguration(text)
  var role = MapRole(
    inputSize: 9 * channels, outputSize: 4, inputGrid: [3, 3, channels], isPatch: true)
  let map = try configuration.makeMap(role, of: Float.self, using: &random)
  #expect((map is Slot<LookupConvolution<Float>>) == encodesPixels)
  // A dense layer behind an image shares no pixels.
  role.isPatch = false
  let dense = try configuration.makeMap(role, of: Float.self, using: &random)
  #expect(dense is Slot<LookupMap<Float>>)
}

// MARK: Forms of the map

@Test(arguments: geometries)
func convolutionsAreExactUntilAnEncoderIsLearned(_ geometry: ConvolutionGeometry) throws {
  var fresh = try ConvolutionCase<Double>("lookup", geometry, outputs: 4, learns: false)
  let twin = fresh.map.exactTwin
  let exact = try twin.imageForward(fresh.image, geometry)
  #expect(try fresh.map.imageForward(fresh.image, geometry) == exact)
  let (y, residuals) = try fresh.map.imageTrainingForward(fresh.image, geometry)
  #expect(y == exact)
  var trainedTwin = twin
  let (_, image) = try trainedTwin.imageTrainingForward(fresh.image, geometry)
  let expected = trainedTwin.imageBackward(fresh.dy(), image, geometry)
  #expect(fresh.map.imageBackward(fresh.dy(), residuals, geometry) == expected)
}

/// Puts a convolution's state into a map of patches: what is shared, once for each tap.
private struct RepeatedState: StateVisitor {
  typealias Scalar = Double
  let source: StateRecord<Double>
  let taps: Int
  private(set) var refusal: TensorError?

  mutating func visit(_ parameter: inout Parameter<Double>, named name: String) {
    visit(&parameter.value, named: name)
  }
  mutating func visit(_ numbers: inout Tensor<Double>, named name: String) {
    guard let value = source.numbers[name] else { return }
    let times = numbers.count / max(1, value.count)
    numbers = Tensor(numbers.shape, (0..<times).flatMap { _ in value.elements })
  }
  mutating func visit(_ integers: inout IntegerState, named name: String) {
    guard let value = source.integers[name] else { return }
    let times = integers.values.count / value.values.count
    integers.values = (0..<times).flatMap { _ in value.values }
  }
  mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void) {
    do throws(TensorError) { try rebuild() } catch { refusal = refusal ?? error }
  }
}

/// Encoding pixels once is encoding patches whose blocks share encoder and prototypes: forward, all
/// gradients, and the tables once frozen.
@Test(arguments: kinds, geometries.dropLast())
func pixelsOnceAreWhatPatchesWouldBe(_ kind: String, _ geometry: ConvolutionGeometry) throws {
  // The pull towards prototypes is a mean over other rows there.
  let text = kind + ",commitment=0"
  var pixels = try ConvolutionCase<Double>(text, geometry, outputs: 5)
  var tour = ParameterTour<Double> { name, parameter in
    guard name == "corrections" else { return }
    var random = RandomSource(seed: 8)
    parameter.value = .normal(parameter.value.shape, using: &random)
  }
  pixels.map.visit(&tour)
  let taps = geometry.filterHeight * geometry.filterWidth
  let role = MapRole(inputSize: geometry.patchSize, outputSize: 5)
  var patches = LookupMap(
    try lookupConfiguration(text + ",layout=flat"), role, weight: pixels.map.exactTwin.weight.value)
  var writer = RepeatedState(source: StateRecord(of: pixels.map), taps: taps)
  patches.visit(&writer)
  #expect(writer.refusal == nil)

  let image = pixels.image
  let (y, residuals) = try pixels.map.imageTrainingForward(image, geometry)
  let (expected, patchResiduals) = try patches.imageTrainingForward(image, geometry)
  #expect(y == expected)
  #expect(try pixels.map.imageForward(image, geometry) == expected)
  let dx = pixels.map.imageBackward(pixels.dy(), residuals, geometry)
  let expectedDx = patches.imageBackward(pixels.dy(), patchResiduals, geometry)
  #expect(mismatch(dx.elements, expectedDx.elements, within: 1e-12) == nil)
  let (own, theirs) = (gradients(of: pixels.map), gradients(of: patches))
  for name in ["weight", "corrections"] {
    let expected = try #require(theirs[name])
    #expect(own[name]?.elements == expected.elements, "\(name)")
  }
  // Shared prototypes have the sum of the gradients.
  let apart = try #require(theirs["prototypes"]).elements
  let shared = try #require(own["prototypes"]).elements
  let sums = shared.indices.map { i in
    (0..<taps).reduce(0) { $0 + apart[$1 * shared.count + i] }
  }
  #expect(mismatch(shared, sums, within: 1e-9) == nil)

  pixels.map.freeze()
  patches.freeze()
  let frozen = try pixels.map.imageForward(image, geometry)
  #expect(frozen == (try patches.imageForward(image, geometry)))
  #expect(frozen != expected)
  let (twin, patchTwin) = (pixels.map.exactTwin.weight.value, patches.exactTwin.weight.value)
  #expect(mismatch(twin.elements, patchTwin.elements, within: 1e-9) == nil)
}

/// A row by itself is a patch.
@Test func rowsAreTakenForPatches() throws {
  let geometry = geometries[1]
  var part = try ConvolutionCase<Double>("lookup:block=2", geometry, outputs: 4)
  let rows = part.image.patches(geometry)
  let image = try part.map.imageForward(part.image, geometry)
  #expect(try part.map.forward(rows).elements == image.elements)
  var copy = part.map
  let (y, residuals) = try copy.trainingForward(rows)
  #expect(y.elements == image.elements)
  #expect(copy.backward(y, residuals).shape == rows.shape)
  part.map.freeze()
  #expect(
    try part.map.forward(rows).elements == part.map.imageForward(part.image, geometry).elements)
  #expect(throws: TensorError.self) { try part.map.trainingForward(rows) }
  #expect(throws: TensorError.self) { try part.map.learnEncoder(from: part.pixels) }
}

/// An entry is off by half a step at most, and there are as many steps as blocks.
@Test(arguments: kinds, geometries)
func freezingConvolutionsErrsByHalfAStepPerBlock(
  _ text: String, _ geometry: ConvolutionGeometry
) throws {
  let whole = try ConvolutionCase<Double>(text, geometry, outputs: 6)
  var frozen = whole.map
  frozen.freeze()
  let state = StateRecord(of: frozen)
  let scales = try #require(state.numbers["scales"])
  let blocks = try #require(state.integers["tables"]).shape[1]
  let exact = try whole.map.imageForward(whole.image, geometry)
  let rounded = try frozen.imageForward(whole.image, geometry)
  for (index, (a, b)) in zip(exact.elements, rounded.elements).enumerated() {
    let bound = Double(blocks) * scales.elements[index % 6] / 2
    #expect((a - b).magnitude <= bound * (1 + 1e-9))
  }
}

@Test func imagesThatDoNotFitAreRefused() throws {
  let part = try ConvolutionCase<Float>("lookup:block=2", geometries[0], outputs: 2)
  var other = part.geometry
  other.channels = 5
  #expect(throws: TensorError.self) { try part.map.imageForward(part.image, other) }
  other = part.geometry
  other.filterWidth = 2
  #expect(throws: TensorError.self) { try part.map.imageForward(part.image, other) }
}

/// Float32 through its kernels does what the definition does in Double.
@Test(arguments: kinds, geometries)
func float32ConvolutionsAgreeWithTheDefinition(
  _ text: String, _ geometry: ConvolutionGeometry
) throws {
  var single = try ConvolutionCase<Float>(text, geometry, outputs: 17)
  var double = try ConvolutionCase<Double>(text, geometry, outputs: 17)
  // The same pixels exactly, or a code near a threshold may differ.
  let image = single.image
  try double.map.learnEncoder(from: Tensor(single.pixels))
  let (y, residuals) = try single.map.imageTrainingForward(image, geometry)
  let (expected, doubles) = try double.map.imageTrainingForward(Tensor(image), geometry)
  // Sums of some ten to a hundred products of size 1, rounded to 24 bits each.
  #expect(mismatch(y.elements, expected.elements, within: 1e-4) == nil)
  let dx = single.map.imageBackward(single.dy(), residuals, geometry)
  let expectedDx = double.map.imageBackward(Tensor(single.dy()), doubles, geometry)
  #expect(mismatch(dx.elements, expectedDx.elements, within: 1e-4) == nil)
  for (name, gradient) in gradients(of: double.map) {
    let found = try #require(gradients(of: single.map)[name])
    #expect(mismatch(found.elements, gradient.elements, within: 1e-3) == nil, "\(name)")
  }
}

// MARK: Gradients

/// Codes depend on the image alone, so the parameters may move while the codes stay.
@Test(arguments: kinds, geometries)
func convolutionParameterGradientsMatchCentralDifferences(
  _ text: String, _ geometry: ConvolutionGeometry
) throws {
  let start = try ConvolutionCase<Double>(text, geometry, outputs: 3)
  let direction = start.dy()
  var trained = start.map
  let (_, residuals) = try trained.imageTrainingForward(start.image, geometry)
  trained.imageParameterBackward(direction, residuals, geometry)
  let found = gradients(of: trained)
  #expect(found.count == 3)
  for (name, gradient) in found {
    let value = try #require(StateRecord(of: start.map).numbers[name])
    let check = try GradientCheck(gradient, at: value) { moved in
      var map = start.map
      var tour = ParameterTour<Double> { if $0 == name { $1.value = moved } }
      map.visit(&tour)
      let y = try map.imageForward(start.image, geometry)
      return zip(y.elements, direction.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(check.error < 1e-7, "\(name): \(check)")
  }
}

/// The surrogate: straight through the encoder to the exact convolution's adjoint, plus the pull of
/// each pixel towards its prototypes, `β / pixels (x − P[c])`.
@Test(arguments: geometries)
func convolutionInputGradientIsTheStatedSurrogate(_ geometry: ConvolutionGeometry) throws {
  var free = try ConvolutionCase<Double>("lookup:block=2,commitment=0", geometry, outputs: 5)
  var twin = free.map.exactTwin
  let (_, image) = try twin.imageTrainingForward(free.image, geometry)
  let exact = twin.imageBackward(free.dy(), image, geometry)
  let (_, residuals) = try free.map.imageTrainingForward(free.image, geometry)
  #expect(free.map.imageBackward(free.dy(), residuals, geometry) == exact)

  var pulled = try ConvolutionCase<Double>("lookup:block=2,commitment=0.6", geometry, outputs: 5)
  let (_, pulledResiduals) = try pulled.map.imageTrainingForward(pulled.image, geometry)
  let dx = pulled.map.imageBackward(pulled.dy(), pulledResiduals, geometry)
  // With the identity as a filter of one tap, y is the prototypes themselves.
  let channels = geometry.channels
  var identity = Tensor<Double>([channels, channels])
  for i in 0..<channels { identity[i, i] = 1 }
  var decoder = LookupConvolution(
    try lookupConfiguration("lookup:block=2"),
    MapRole(
      inputSize: channels, outputSize: channels, inputGrid: [1, 1, channels], isPatch: true),
    weight: identity)
  try decoder.learnEncoder(from: pulled.pixels)
  let prototypes = try decoder.forward(pulled.pixels)
  let strength = 0.6 / Double(pulled.pixels.shape[0])
  let expected = zip(exact.elements, zip(pulled.image.elements, prototypes.elements)).map {
    $0 + strength * ($1.0 - $1.1)
  }
  #expect(mismatch(dx.elements, expected, within: 1e-12) == nil)
}

// MARK: Cost

/// The definition over counting numbers does exactly what the map declares for an image.
@Test(arguments: kinds, geometries)
func declaredImageCostIsWhatCountingNumbersSee(
  _ text: String, _ geometry: ConvolutionGeometry
) throws {
  var counted = try ConvolutionCase<CountingScalar>(text, geometry, outputs: 3)
  counted.map.freeze()
  let counts = try OperationTally.counting {
    _ = try counted.map.imageForward(counted.image, geometry)
  }
  let cost = counted.map.imageCost(geometry)
  #expect(counts.multiplications == cost.multiplications)
  #expect(counts.additions == cost.additions)
  #expect(counts.lookups == cost.lookups)
  #expect(counts.comparisons == cost.comparisons)
  // Once a pixel, not once a tap.
  let pixels = geometry.batch * geometry.height * geometry.width
  let groups = try #require(StateRecord(of: counted.map).integers["columns"]).values.count
  #expect(cost.comparisons == pixels * groups)
  let row = Tensor<CountingScalar>([1, geometry.patchSize])
  let rowCounts = try OperationTally.counting { _ = try counted.map.forward(row) }
  #expect(rowCounts.comparisons == counted.map.cost.comparisons)
  #expect(rowCounts.lookups == counted.map.cost.lookups)
}

// MARK: State

/// A fresh map takes on all of a trained one's state, in either form.
@Test(arguments: [false, true])
func convolutionStateMakesTheSameMapAgain(isFrozen: Bool) throws {
  let geometry = geometries[4]
  var part = try ConvolutionCase<Float>("lookup:block=2", geometry, outputs: 4)
  if isFrozen { part.map.freeze() }
  var fresh = try ConvolutionCase<Float>("lookup:block=2", geometry, outputs: 4, learns: false).map
  let record = StateRecord(of: part.map)
  #expect(record.restored(to: &fresh) == nil)
  #expect(StateRecord(of: fresh) == record)
  #expect(
    try fresh.imageForward(part.image, geometry) == part.map.imageForward(part.image, geometry))
}

/// Pixels are collected in training, the encoder is learned from them, and as activations drift it
/// is learned again: corrections then go to the codes that their pixels have now.
@Test func convolutionsLearnOnSchedule() throws {
  let geometry = geometries[0]
  var part = try ConvolutionCase<Double>(
    "lookup:block=2,refresh=1,settle=1", geometry, outputs: 3, learns: false)
  var states: [[Double]] = []
  for step in 0..<12 {
    part.map.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 6, epochs: 2))
    let moved = Tensor(part.image.shape, part.image.elements.map { $0 * (1 + Double(step)) })
    let (_, residuals) = try part.map.imageTrainingForward(moved, geometry)
    part.map.imageParameterBackward(part.dy(), residuals, geometry)
    states.append(try #require(StateRecord(of: part.map).numbers["thresholds"]).elements)
  }
  #expect(Set(states).count == 3)
}

/// Every column of a batch of images is sampled: an encoder learned from one column alone would know
/// the border only.
@Test(arguments: [8, 16, 32])
func samplesComeFromAllColumns(width: Int) throws {
  let geometry = ConvolutionGeometry(
    batch: 128, height: width, width: width, channels: 4, filterHeight: 1, filterWidth: 1)
  var part = try ConvolutionCase<Float>("lookup", geometry, outputs: 2, learns: false)
  // Each pixel tells its column.
  let columns = Tensor(part.image.shape, part.image.elements.indices.map { Float($0 / 4 % width) })
  part.map.prepare(for: TrainingProgress(step: 0, stepsPerEpoch: 100, epochs: 1))
  _ = try part.map.imageTrainingForward(columns, geometry)
  let samples = try #require(StateRecord(of: part.map).numbers["samples"]).elements
  #expect(Set(samples.prefix(1024)).count == width)
}

/// The parameters' gradients by name.
private func gradients<Scalar>(of map: some LinearMap<Scalar>) -> [String: Tensor<Scalar>] {
  var found: [String: Tensor<Scalar>] = [:]
  var copy = map
  var tour = ParameterTour<Scalar> { found[$0] = $1.gradient }
  copy.visit(&tour)
  return found
}

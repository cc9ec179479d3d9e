import AddendCatalogue
import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

private let kinds = [
  "binary", "binary:input=given", "binary:input=pixels,scale=none", "binary:input=real",
  "binary:scale=none", "kbit", "kbit:weights=4,activations=4", "kbit:weights=3,activations=0",
  "kbit:weights=8,activations=8", "kbit:weights=4,activations=3,scheme=log",
  "kbit:weights=1,activations=2,scheme=log", "binary:input=given,gradients=6",
  "kbit:weights=2,activations=4,gradients=6,gradient-rounding=nearest",
]

/// A map with weights and an input drawn from `seed`, as it is held by layers.
private struct FewBitCase<Scalar: TensorScalar> {
  var slot: any MapSlot<Scalar>
  let x: Tensor<Scalar>

  init(_ text: String, _ role: MapRole, _ shape: Shape, seed: UInt64 = 1) throws {
    var random = RandomSource(seed: seed)
    slot = try Maps.configuration(Specification(parsing: text))
      .makeMap(role, of: Scalar.self, using: &random)
    let numbers = Tensor<Scalar>.normal(shape, using: &random)
    x =
      text.contains("pixels")
      ? Tensor(
        shape, numbers.elements.map { Scalar((min(1, $0.double.magnitude) * 255).rounded() / 255) })
      : text.contains("given") ? numbers.quantized(by: .sign) : numbers
  }

  static func rows(_ text: String, inputs: Int = 70, outputs: Int = 9, rows: Int = 6) throws -> Self
  {
    try Self(text, MapRole(inputSize: inputs, outputSize: outputs), [rows, inputs])
  }
}

private let geometry = ConvolutionGeometry(
  batch: 2, height: 5, width: 4, channels: 3, filterHeight: 3, filterWidth: 3, stride: 1,
  padding: 1,
  dilation: 1)
private let patch = MapRole(
  inputSize: 27, outputSize: 5, inputGrid: [3, 3, 3], isPatch: true)

private func latent<Scalar: TensorScalar>(_ slot: any MapSlot<Scalar>) -> Parameter<Scalar>? {
  var (copy, found) = (slot, Parameter<Scalar>?.none)
  var tour = ParameterTour<Scalar> { if $0 == "weight" { found = $1 } }
  copy.visit(&tour)
  return found
}

// MARK: What is computed

@Test(arguments: ["binary", "binary:input=given", "binary:scale=none"])
func signsTimesSignsAreCounted(_ text: String) throws {
  let fresh = try FewBitCase<Float>.rows(text)
  let weight = try #require(latent(fresh.slot)).value
  let y = try fresh.slot.forward(fresh.x)
  let unit: Float = text.contains("none") ? 1 : 1 / Float(70).squareRoot()
  for r in 0..<6 {
    for o in 0..<9 {
      let agreeing = (0..<70).count { (fresh.x[r, $0] >= 0) == (weight[$0, o] >= 0) }
      #expect(y[r, o] == Float(2 * agreeing - 70) * unit)
    }
  }
}

@Test func pixelsAreIntegers() throws {
  let fresh = try FewBitCase<Float>.rows("binary:input=pixels,scale=none")
  let weight = try #require(latent(fresh.slot)).value
  let y = try fresh.slot.forward(fresh.x)
  for r in 0..<6 {
    for o in 0..<9 {
      let sum = (0..<70).reduce(0) {
        let pixel = Int((fresh.x[r, $1] * 255).rounded())
        return weight[$1, o] >= 0 ? $0 + pixel : $0 - pixel
      }
      #expect(y[r, o] == Float(sum) * Float(1.0 / 255))
    }
  }
}

/// 4 bits of normal numbers leave 1.2 % of the variance each, so of products about 2.4 %.
@Test(arguments: [("kbit:weights=4,activations=4", 0.2), ("kbit:weights=8,activations=8", 0.02)])
func codesOfMoreBitsComeCloserToTheProduct(_ text: String, _ bound: Double) throws {
  var fresh = try FewBitCase<Double>.rows(text, inputs: 400, outputs: 20, rows: 30)
  let weight = try #require(latent(fresh.slot)).value
  let y = try fresh.slot.trainingForward(fresh.x)
  let exact = matmul(fresh.x, weight)
  let error = zip(y.elements, exact.elements).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  #expect(error < bound * bound * Double.sumOfSquares(exact.span))
}

@Test func aGridWithoutNegativeNumbersHasNoSigns() throws {
  var fresh = try FewBitCase<Float>.rows("kbit:weights=8,activations=2")
  let positive = Tensor<Float>([6, 70], fresh.x.elements.map(\.magnitude))
  _ = try fresh.slot.trainingForward(positive)
  // Of codes 0 to 3 only the last is cut; with signs, there were two positive ones.
  let values = Set(
    try fresh.slot.forward(
      Tensor([200, 70]) { span in
        for i in span.indices { span[i] = i % 70 == 0 ? Float(i / 70) * 0.05 : 0 }
      }
    ).columns(0..<1).elements)
  #expect(values.count == 4)
}

@Test(arguments: kinds)
func theFrozenFormComputesTheSameBits(_ text: String) throws {
  var (rows, image) = (
    try FewBitCase<Float>.rows(text), try FewBitCase<Float>(text, patch, [2, 5, 4, 3])
  )
  _ = try rows.slot.trainingForward(rows.x)
  _ = try image.slot.imageTrainingForward(image.x, geometry)
  let (y, z) = (
    try rows.slot.forward(rows.x), try image.slot.imageForward(image.x, geometry)
  )
  rows.slot.freeze()
  image.slot.freeze()
  #expect(try rows.slot.forward(rows.x) == y)
  #expect(try image.slot.imageForward(image.x, geometry) == z)
  #expect(throws: TensorError.self) { try rows.slot.trainingForward(rows.x) }
  #expect(latent(rows.slot) == nil)
}

/// What lies outside of an image is zero, not a sign.
@Test(arguments: ["binary:scale=none", "binary:input=given,scale=none"])
func tapsInThePaddingCountForNothing(_ text: String) throws {
  let image = try FewBitCase<Float>(text, patch, [2, 5, 4, 3])
  let weight = try #require(latent(image.slot)).value.quantized(by: .sign)
  let expected = matmul(image.x.quantized(by: .sign).patches(geometry), weight)
  #expect(try image.slot.imageForward(image.x, geometry).elements == expected.elements)
}

/// Sums through Winograd's transforms would not be integers.
@Test func wideConvolutionsStayIntegers() throws {
  let role = MapRole(inputSize: 9 * 32, outputSize: 32, inputGrid: [3, 3, 32], isPatch: true)
  let wide = ConvolutionGeometry(
    batch: 1, height: 9, width: 9, channels: 32, filterHeight: 3, filterWidth: 3, stride: 1,
    padding: 1, dilation: 1)
  let image = try FewBitCase<Float>("binary:scale=none", role, [1, 9, 9, 32])
  let y = try image.slot.imageForward(image.x, wide)
  #expect(y.elements.allSatisfy { $0 == $0.rounded() })
}

@Test(arguments: kinds)
func float32CodesAgreeWithTheDefinition(_ text: String) throws {
  // Without draws, and in the same weights.
  guard !text.hasSuffix("gradients=6") else { return }
  var single = try FewBitCase<Float>.rows(text)
  var double = try FewBitCase<Double>.rows(text)
  let value = Tensor<Double>(try #require(latent(single.slot)).value)
  var tour = ParameterTour<Double> { $1.value = value }
  double.slot.visit(&tour)
  let dy = Tensor<Float>([6, 9], normalNumbers(54, seed: 3))
  let y = try single.slot.trainingForward(single.x)
  let expected = try double.slot.trainingForward(Tensor(single.x))
  #expect(mismatch(y.elements, expected.elements, within: 1e-4) == nil)
  let (dx, expectedDx) = (single.slot.backward(dy), double.slot.backward(Tensor(dy)))
  #expect(mismatch(dx.elements, expectedDx.elements, within: 1e-4) == nil)
  let (found, wanted) = (latent(single.slot)?.gradient, latent(double.slot)?.gradient)
  #expect(
    mismatch(try #require(found).elements, try #require(wanted).elements, within: 1e-4) == nil)
}

// MARK: Gradients

/// The surrogate, with what was multiplied held fixed: `dW = x̂ᵀ dy`, `dx = dy Ŵᵀ` where gradients pass.
@Test(arguments: [
  ("binary", 1.0), ("binary:scale=none", 1.0), ("kbit:weights=1,activations=4", 2.7),
  ("kbit:weights=4,activations=2", 2.1), ("binary:input=real", .infinity),
])
func gradientsAreThoseOfTheStatedSurrogate(_ text: String, _ load: Double) throws {
  var fresh = try FewBitCase<Double>.rows(text)
  let dy = Tensor<Double>([6, 9], normalNumbers(54, seed: 3).map { Double($0) })
  _ = try fresh.slot.trainingForward(fresh.x)
  let multiplied = fresh.slot.exactTwin.weight.value
  let dx = fresh.slot.backward(dy)
  let isBinary = text.hasPrefix("binary")
  let meanSquare = Double.sumOfSquares(fresh.x.span) / Double(fresh.x.count)
  let window = isBinary ? load : load * meanSquare.squareRoot()
  let straight = matmul(dy, multiplied, transposingB: true)
  let expected = zip(straight.elements, fresh.x.elements).map { $1.magnitude <= window ? $0 : 0 }
  #expect(mismatch(dx.elements, expected, within: 1e-9) == nil)
  #expect(load == .infinity || dx.elements.contains(0) && dx.elements.contains { $0 != 0 })
  // Towards the weights: with the identity in the weight's place the input shows as it was multiplied.
  let identity = Tensor<Double>([70, 70]) { span in
    for i in span.indices { span[i] = i % 71 == 0 ? 1 : 0 }
  }
  let input: Tensor<Double>
  if isBinary {
    input = text.contains("real") ? fresh.x : fresh.x.quantized(by: .sign)
  } else {
    let bits = text.contains("activations=4") ? 4 : 2
    let unit = window / Double(1 << (bits - 1))
    input = fresh.x.quantized(
      by: .grid(factor: 1 / unit, range: -(1 << (bits - 1))...(1 << (bits - 1)) - 1)
    ).scaled(by: unit)
  }
  let unit = isBinary && !text.contains("none") ? 1 / Double(70).squareRoot() : 1
  let gradient = matmul(matmul(input, identity), dy, transposingA: true).scaled(by: unit)
  let found = try #require(latent(fresh.slot)?.gradient)
  #expect(mismatch(found.elements, gradient.elements, within: 1e-9) == nil)
}

/// Dropout's zeros stay zeros, and its scaling stays.
@Test func givenSignsMayBeDroppedInTraining() throws {
  var fresh = try FewBitCase<Float>.rows("binary:input=given,scale=none")
  let weight = try #require(latent(fresh.slot)).value.quantized(by: .sign)
  let dropped = Tensor<Float>(
    [6, 70], fresh.x.elements.enumerated().map { $0 % 3 == 0 ? 0 : $1 * 1.25 })
  let y = try fresh.slot.trainingForward(dropped)
  #expect(mismatch(y.elements, matmul(dropped, weight).elements, within: 1e-5) == nil)
  let dy = Tensor<Float>([6, 9], normalNumbers(54, seed: 3))
  _ = fresh.slot.backward(dy)
  let found = try #require(latent(fresh.slot)?.gradient)
  #expect(
    mismatch(found.elements, matmul(dropped, dy, transposingA: true).elements, within: 1e-5) == nil)
}

/// Six bits are a sign and one of 31 exponents (and zero).
@Test func codedGradientsArePowersOfTwo() throws {
  var fresh = try FewBitCase<Float>.rows("binary:input=real,scale=none,gradients=6")
  // A row of one 1 shows the gradient that was multiplied.
  let x = Tensor<Float>([1, 70]) { span in for i in span.indices { span[i] = i == 4 ? 1 : 0 } }
  _ = try fresh.slot.trainingForward(x)
  let dy = Tensor<Float>([1, 9], normalNumbers(9, seed: 3))
  _ = fresh.slot.backward(dy)
  let gradient = try #require(latent(fresh.slot)?.gradient)
  for (o, exact) in dy.elements.enumerated() {
    let coded = gradient[4, o]
    #expect(coded.significand == 1 && (coded / exact).magnitude <= 2 && coded / exact >= 0.5)
  }
}

@Test func negativePixelsAreRefused() throws {
  var fresh = try FewBitCase<Float>.rows("binary:input=pixels")
  let x = Tensor<Float>([1, 70], repeating: -0.25)
  #expect(throws: TensorError.self) { try fresh.slot.trainingForward(x) }
}

@Test func rowsThatDoNotFitAreRefused() throws {
  var fresh = try FewBitCase<Float>.rows("kbit")
  let wrong = TensorError.shapeMismatch(
    operation: "kbit map", argument: "x", expected: "rows×70", found: [3, 71])
  #expect(throws: wrong) { try fresh.slot.forward(Tensor([3, 71])) }
  #expect(throws: wrong) { try fresh.slot.trainingForward(Tensor([3, 71])) }
}

// MARK: Weights

@Test func freshLatentWeightsAreUniformOnOne() throws {
  let weight = try #require(
    latent(FewBitCase<Double>.rows("binary", inputs: 300, outputs: 40).slot))
  let numbers = weight.value.elements
  #expect(weight.bounds == -1...1 && weight.role == .latent)
  #expect(numbers.allSatisfy { $0.magnitude <= 1 })
  #expect(numbers.contains { $0 > 0.97 } && numbers.contains { $0 < -0.97 })
  let meanSquare = numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)
  #expect((meanSquare - 1.0 / 3).magnitude < 0.01)
}

@Test func ratesAreThoseOfTheReference() throws {
  func factor(_ text: String, _ role: MapRole) throws -> Double? {
    try latent(FewBitCase<Float>(text, role, [1, role.inputSize]).slot)?.rateFactor
  }
  let dense = MapRole(inputSize: 20, outputSize: 130)
  #expect(try factor("binary", dense) == 10)
  #expect(try factor("binary:rates=plain", dense) == 1)
  #expect(try factor("kbit", dense) == 1)
  // Nine taps of 3 and of 5 channels.
  let convolved = try #require(try factor("binary", patch))
  #expect((convolved * convolved - 48).magnitude < 1e-12)
}

@Test(arguments: kinds)
func comparisonsAndScalingsAreThoseDeclared(_ text: String) throws {
  let role = MapRole(inputSize: 70, outputSize: 9)
  let fresh = try FewBitCase<CountingScalar>(text, role, [1, 70])
  var frozen = fresh.slot
  frozen.freeze()
  let counts = try OperationTally.counting { _ = try frozen.forward(fresh.x) }
  let cost = frozen.cost
  #expect(counts.comparisons == cost.comparisons)
  // Products with signs are counted in words, their inputs' codes and outputs' units one by one; the
  // counting format multiplies by signs.
  let signs = text.hasPrefix("binary") ? 70 * 9 : 0
  #expect(counts.multiplications - signs == cost.multiplications)
  if signs == 0 || text.contains("real") { #expect(counts.additions == cost.additions) }
  let words = text.contains("pixels") ? 8 * 2 * 9 : 2 * 9
  #expect(cost.bitOperations == (signs == 0 || text.contains("real") ? 0 : 2 * words))
}

@Test(arguments: kinds)
func anImageIsEncodedOnce(_ text: String) throws {
  var image = try FewBitCase<CountingScalar>(text, patch, [2, 5, 4, 3])
  image.slot.freeze()
  let counts = try OperationTally.counting {
    _ = try image.slot.imageForward(image.x, geometry)
  }
  #expect(counts.comparisons == image.slot.imageCost(geometry).comparisons)
}

// MARK: State and parameters

@Test(arguments: kinds)
func stateGoesIntoAFreshMap(_ text: String) throws {
  var original = try FewBitCase<Float>.rows(text)
  _ = try original.slot.trainingForward(original.x)
  _ = original.slot.backward(Tensor<Float>([6, 9], repeating: 1))
  for isFrozen in [false, true] {
    if isFrozen { original.slot.freeze() }
    var fresh = try FewBitCase<Float>(
      text, MapRole(inputSize: 70, outputSize: 9), [6, 70], seed: 2)
    var copy = StateCopy(of: original.slot)
    fresh.slot.visit(&copy)
    #expect(copy.refusal == nil)
    #expect(try fresh.slot.forward(original.x) == original.slot.forward(original.x))
    #expect(StateCopy(of: fresh.slot).integers == StateCopy(of: original.slot).integers)
  }
}

@Test(arguments: [
  ("kbit:weights=3", "codes", 8), ("kbit:weights=4,scheme=log", "codes", 8),
  ("binary", "isFrozen", 2),
])
func strangeCodesAreRefused(_ text: String, _ name: String, _ integer: Int) throws {
  var frozen = try FewBitCase<Float>.rows(text)
  frozen.slot.freeze()
  var copy = StateCopy(of: frozen.slot)
  copy.change(name, to: integer)
  var fresh = try FewBitCase<Float>.rows(text)
  fresh.slot.visit(&copy)
  #expect(copy.refusal != nil)
}

@Test(arguments: [
  "binary:input=none", "binary:scale=2", "binary:gradients=1", "kbit:weights=0", "kbit:weights=9",
  "kbit:activations=1", "kbit:gradients=9", "kbit:scheme=square", "kbit:gradient-rounding=up",
])
func badParametersAreRefused(_ text: String) throws {
  #expect(throws: CatalogueError.self) { try Maps.configuration(Specification(parsing: text)) }
}

@Test(arguments: kinds)
func configurationsAreMadeFromTheirSpecificationsAgain(_ text: String) throws {
  let configuration = try Maps.configuration(Specification(parsing: text))
  let again = try Maps.configuration(configuration.specification)
  #expect(again.specification == configuration.specification)
}

/// All state of a map; visiting another map with it puts it there.
private struct StateCopy: StateVisitor {
  private(set) var numbers: [String: Tensor<Float>] = [:]
  private(set) var integers: [String: IntegerState] = [:]
  private(set) var refusal: TensorError?
  private var isWriting = false

  init(of slot: any MapSlot<Float>) {
    var copy = slot
    copy.visit(&self)
    isWriting = true
  }

  mutating func change(_ name: String, to integer: Int) { integers[name]?.values[0] = integer }

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {
    visit(&parameter.value, named: name)
  }
  mutating func visit(_ tensor: inout Tensor<Float>, named name: String) {
    if isWriting { tensor = numbers[name] ?? tensor } else { numbers[name] = tensor }
  }
  mutating func visit(_ state: inout IntegerState, named name: String) {
    if isWriting { state = integers[name] ?? state } else { integers[name] = state }
  }
  mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void) {
    guard isWriting else { return }
    do throws(TensorError) { try rebuild() } catch { refusal = refusal ?? error }
  }
}

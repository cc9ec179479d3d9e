import AddendCatalogue
import AddendExecution
import AddendKernels
import AddendLinear
import AddendNetworks
import AddendTensors
import Testing

private let signs = Specification("binary", ["input": .text("given"), "scale": .text("none")])
private let scaledSigns = Specification(
  "binary", ["input": .text("given"), "scale": .text("size")])
private let firstMap = Specification("binary", ["input": .text("pixels"), "scale": .text("none")])

/// Puts numbers into normalisations that training would: scales of both signs, some of them 0, and means
/// and shifts that signs turn at; `spoil` replaces a name's first number.
private struct Unsettle: StateVisitor {
  var random = RandomSource(seed: 11)
  var spoil: (name: String, value: Float)?

  mutating func visit(_ parameter: inout Parameter<Float>, named name: String) {
    guard name == "scale" || name == "shift" else { return }
    parameter.value = numbers(parameter.value.count, name)
  }

  mutating func visit(_ numbers: inout Tensor<Float>, named name: String) {
    guard name == "mean" || name == "variance" else { return }
    numbers = self.numbers(numbers.count, name)
  }

  private mutating func numbers(_ count: Int, _ name: String) -> Tensor<Float> {
    var values = (0..<count).map { i -> Float in
      switch name {
      case "scale": i % 7 == 3 ? 0 : Float(random.normal())
      case "variance": Float(random.uniform()) * 40 + 1
      // Whole numbers, so that sums meet thresholds exactly.
      case "mean": Float(Int.random(in: -6...6, using: &random))
      default: i % 2 == 0 ? 0 : Float(random.normal())
      }
    }
    if let spoil, spoil.name == name { values[0] = spoil.value }
    return Tensor([count], values)
  }
}

private func model(
  _ layers: [Specification], input: Shape, spoil: (String, Float)? = nil
) throws -> Model<Float> {
  var model = try Model<Float>(Network("small", input: input, layers: layers), seed: 5)
  var unsettle = Unsettle(spoil: spoil.map { (name: $0.0, value: $0.1) })
  model.visit(&unsettle)
  return model.frozen()
}

private func images(_ count: Int, _ shape: Shape) -> [UInt8] {
  var random = RandomSource(seed: 9)
  return (0..<count * shape.count).map { _ in .random(in: 0...255, using: &random) }
}

/// The program's numbers are the model's, to the bit.
private func expectModelsNumbers(_ model: Model<Float>, examples: Int) throws {
  let shape = model.network.input
  let pixels = images(examples, shape)
  let expected = try model.forward(
    Tensor(shape.batched(examples), pixels.map { Float($0) / 255 }))
  for set in InstructionSet.available {
    let program = try BinaryProgram(model, using: set)
    #expect(program.numbers(pixels) == expected.elements, "\(set)")
  }
}

private func dense(_ outputs: Int, _ map: Specification, bias: Bool = false) -> Specification {
  Dense(outputs, bias: bias, map: map).specification
}
private let normalized = BatchNorm().specification
private let sign = Sign().specification

struct BinaryProgramTests {
  /// Widths that are no multiples of words, reversed and vanishing scales, biases, dropout.
  @Test func perceptronsGiveTheModelsNumbers() throws {
    let layers = [
      Flatten().specification, Dropout(0.2).specification,
      dense(70, firstMap), normalized, sign, Dropout(0.5).specification,
      dense(129, signs, bias: true), normalized, sign,
      dense(64, scaledSigns), normalized, sign,
      dense(10, signs), normalized,
    ]
    try expectModelsNumbers(model(layers, input: [5, 5, 1]), examples: 37)
  }

  /// A network of one product gives affine numbers of integers.
  @Test func oneLayerGivesTheModelsNumbers() throws {
    let layers = [Flatten().specification, dense(11, firstMap, bias: true)]
    try expectModelsNumbers(model(layers, input: [3, 3, 3]), examples: 3)
  }

  /// Padding counts for nothing, on pixels and on signs; pooling comes before normalisation, after it, or
  /// after signs.
  @Test func convolutionsGiveTheModelsNumbers() throws {
    func convolution(
      _ outputs: Int, _ map: Specification, size: Int = 3, stride: Int = 1,
      padding: Convolution.Padding = .same, dilation: Int = 1
    ) -> Specification {
      Convolution(
        outputs, size: size, stride: stride, padding: padding, dilation: dilation, bias: false,
        map: map
      ).specification
    }
    let layers = [
      convolution(20, firstMap), normalized, sign,
      convolution(70, signs), MaxPool(2).specification, normalized, sign,
      convolution(33, signs, padding: 2, dilation: 2), normalized,
      MaxPool(3, stride: 2, padding: 1).specification, sign,
      convolution(65, signs, size: 2, stride: 1, padding: 1), normalized, sign,
      MaxPool(2, stride: 1).specification,
      Flatten().specification, dense(40, signs), normalized, sign, dense(7, signs), normalized,
    ]
    try expectModelsNumbers(model(layers, input: [11, 9, 3]), examples: 5)
  }

  /// More examples than go through together, and then fewer.
  @Test func tilesDoNotShow() throws {
    let layers = [
      Flatten().specification, dense(66, firstMap), normalized, sign, dense(3, signs), normalized,
    ]
    let model = try model(layers, input: [4, 4, 1])
    let program = try BinaryProgram(model)
    let pixels = images(BinaryProgram.tileRows + 3, [4, 4, 1])
    let numbers = program.numbers(pixels)
    let expected = try model.forward(
      Tensor([BinaryProgram.tileRows + 3, 4, 4, 1], pixels.map { Float($0) / 255 }))
    #expect(numbers == expected.elements)
    #expect(program.numbers(Array(pixels.prefix(32))) == Array(numbers.prefix(6)))
    let classes = program.classes(pixels)
    #expect(
      classes.indices.allSatisfy { r in
        let row = numbers[3 * r..<3 * r + 3]
        return row.firstIndex(of: row.max() ?? 0) == 3 * r + Int(classes[r])
      })
  }

  /// Statistics that make no number are refused, and the layer named.
  @Test(arguments: [
    ("scale", Float.nan), ("shift", .infinity), ("mean", -.infinity), ("variance", -1),
  ])
  func numbersThatAreNotFiniteAreRefused(_ name: String, _ value: Float) throws {
    let layers = [Flatten().specification, dense(9, firstMap), normalized, sign, dense(2, signs)]
    let model = try model(layers, input: [2, 2, 1], spoil: (name, value))
    #expect(throws: ProgramError.notFinite(layer: model.layers.nodes[2].name)) {
      try BinaryProgram(model)
    }
  }

  /// What is not signs, or not where it belongs, is refused.
  @Test func otherNetworksAreRefused() throws {
    func error(_ layers: [Specification], _ input: Shape = [2, 2, 1]) throws -> ProgramError? {
      let model = try model(layers, input: input)
      do throws(ProgramError) {
        _ = try BinaryProgram(model)
        return nil
      } catch {
        return error
      }
    }
    let flat = Flatten().specification
    #expect(
      try error([flat, Dense(3).specification]) == .notSigns(layer: "dense1"))
    #expect(
      try error([flat, dense(3, firstMap), ReLU().specification]) == .notSigns(layer: "relu1"))
    #expect(try error([flat, dense(3, firstMap), sign]) == .notSigns(layer: "sign1"))
    #expect(
      try error([flat, dense(3, firstMap), dense(3, signs)]) == .notSigns(layer: "dense2"))
    #expect(try error([flat, dense(3, signs)]) == .notItsInput(layer: "dense1"))
    #expect(
      try error([flat, dense(3, firstMap), sign, dense(3, firstMap)])
        == .notItsInput(layer: "dense2"))
    #expect(try error([flat, sign]) == .notSigns(layer: "sign1"))
    #expect(try error([dense(3, firstMap)]) == .notOneRow(layer: "dense1"))
  }
}

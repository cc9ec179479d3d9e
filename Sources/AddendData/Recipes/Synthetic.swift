public import AddendCatalogue
internal import AddendTensors

/// What the sets that are drawn from a seed have in common.
struct Drawing: Sendable {
  let count: Int
  let noise: Double
  let testPart: TestPart

  /// - Parameter help: what the set does with `noise`.
  static func parameters(count: Int, noise: Double, help: String) -> [Declaration.Parameter] {
    [
      Declaration.Parameter(
        "count", .integer(2...100_000_000), standard: .integer(count), help: "how many examples"),
      Declaration.Parameter("noise", .number(0...1e6), standard: .number(noise), help: help),
    ] + TestPart.parameters
  }

  init(_ arguments: Arguments) {
    count = arguments.integer("count")
    noise = arguments.number("noise")
    testPart = TestPart(arguments)
  }

  var arguments: [String: ParameterValue] {
    ["count": .integer(count), "noise": .number(noise)].merging(testPart.arguments) { $1 }
  }

  /// A stream of draws for one purpose.
  func random(_ stream: UInt64) -> RandomSource {
    RandomSource(seed: UInt64(testPart.seed), stream: stream)
  }

  /// `count · size` numbers with mean 0 and deviation `deviation`.
  static func normal(
    _ shape: Shape, deviation: Double = 1, using random: inout RandomSource
  ) -> Tensor<Float> {
    Tensor(shape) { span in
      for i in span.indices { span[i] = Float(random.normal() * deviation) }
    }
  }

  func cut(
    _ name: String, _ inputs: Tensor<Float>, _ targets: Targets, classCount: Int = 0
  ) throws(DataError) -> DatasetSplits {
    testPart.cut(
      try TensorDataset(
        name: name, path: name, inputs: inputs, targets: targets,
        classNames: (0..<classCount).map(String.init)))
  }

  /// `a b` of two matrices, each sum in `Double` and in order: the same numbers on every machine,
  /// which a fast product does not promise.
  static func product(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Tensor<Float> {
    let (rows, depth, columns) = (a.shape[0], b.shape[0], b.shape[1])
    let (x, y) = (a.span, b.span)
    return Tensor([rows, columns]) { span in
      for row in 0..<rows {
        for column in 0..<columns {
          var sum = 0.0
          for i in 0..<depth { sum += Double(x[row * depth + i]) * Double(y[i * columns + column]) }
          span[row * columns + column] = Float(sum)
        }
      }
    }
  }

  /// Adds noise to each of `values`.
  func disturb(_ values: inout Tensor<Float>, using random: inout RandomSource) {
    var span = values.mutableSpan
    for i in span.indices { span[i] += Float(random.normal() * noise) }
  }
}

/// `y = x A + ε` with `x` and `ε / noise` normal, `A` normal with deviation `1/√inputs`.
public struct SyntheticLinear: DatasetRecipe {
  private let inputs: Int
  private let outputs: Int
  private let drawing: Drawing

  public static let declaration = Declaration(
    "synthetic-linear", summary: "numbers that depend linearly on normal inputs",
    parameters: [
      Declaration.Parameter(
        "inputs", .integer(1...65_536), standard: .integer(16), help: "inputs of an example"),
      Declaration.Parameter(
        "outputs", .integer(1...65_536), standard: .integer(1), help: "numbers to predict"),
    ] + Drawing.parameters(count: 2000, noise: 0.1, help: "the deviation of the targets' noise"))

  public init(_ arguments: Arguments) throws(CatalogueError) {
    inputs = arguments.integer("inputs")
    outputs = arguments.integer("outputs")
    drawing = Drawing(arguments)
  }

  public var specification: Specification {
    Specification(
      "synthetic-linear",
      ["inputs": .integer(inputs), "outputs": .integer(outputs)]
        .merging(drawing.arguments) { $1 })
  }

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    var (weights, examples, noise) = (drawing.random(1), drawing.random(2), drawing.random(3))
    let matrix = Drawing.normal(
      [inputs, outputs], deviation: 1 / Double(inputs).squareRoot(), using: &weights)
    let x = Drawing.normal([drawing.count, inputs], using: &examples)
    var y = Drawing.product(x, matrix)
    drawing.disturb(&y, using: &noise)
    return try drawing.cut("synthetic-linear", x, .values(y))
  }
}

/// Points of the plane on spiral arms, one arm a class: radius `r` uniform on 0…1, angle
/// `2π (class / classes + r)`, and normal noise on both coordinates.
public struct SyntheticSpirals: DatasetRecipe {
  private let classes: Int
  private let drawing: Drawing

  public static let declaration = Declaration(
    "synthetic-spirals", summary: "points on spiral arms, one arm a class",
    parameters: [
      Declaration.Parameter("classes", .integer(2...1000), standard: .integer(3), help: "arms")
    ] + Drawing.parameters(count: 2000, noise: 0.02, help: "the deviation of the points' noise"))

  public init(_ arguments: Arguments) throws(CatalogueError) {
    classes = arguments.integer("classes")
    drawing = Drawing(arguments)
  }

  public var specification: Specification {
    Specification(
      "synthetic-spirals", ["classes": .integer(classes)].merging(drawing.arguments) { $1 })
  }

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    var (examples, noise) = (drawing.random(2), drawing.random(3))
    let labels = (0..<drawing.count).map { Int32($0 % classes) }
    var points = Tensor<Float>([drawing.count, 2]) { span in
      for (row, label) in labels.enumerated() {
        let radius = examples.uniform()
        let angle = 2 * Double.pi * (Double(label) / Double(classes) + radius)
        span[2 * row] = Float(radius * Math.cos(angle))
        span[2 * row + 1] = Float(radius * Math.cos(angle - .pi / 2))
      }
    }
    drawing.disturb(&points, using: &noise)
    return try drawing.cut("synthetic-spirals", points, .classes(labels), classCount: classes)
  }
}

/// `bits` signs, ±1 each with probability ½; the class is 1 where an odd number of them is −1. Noise
/// flips a class with that probability.
public struct SyntheticParity: DatasetRecipe {
  private let bits: Int
  private let drawing: Drawing

  public static let declaration = Declaration(
    "synthetic-parity", summary: "the parity of random signs",
    parameters: [
      Declaration.Parameter("bits", .integer(1...4096), standard: .integer(8), help: "signs")
    ] + Drawing.parameters(count: 4000, noise: 0, help: "the probability of a wrong class"))

  public init(_ arguments: Arguments) throws(CatalogueError) {
    bits = arguments.integer("bits")
    drawing = Drawing(arguments)
  }

  public var specification: Specification {
    Specification("synthetic-parity", ["bits": .integer(bits)].merging(drawing.arguments) { $1 })
  }

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    var (examples, noise) = (drawing.random(2), drawing.random(3))
    var labels = [Int32](repeating: 0, count: drawing.count)
    let signs = Tensor<Float>([drawing.count, bits]) { span in
      for row in labels.indices {
        for bit in 0..<bits {
          let isNegative = examples.next() >> 63 == 1
          span[row * bits + bit] = isNegative ? -1 : 1
          if isNegative { labels[row] ^= 1 }
        }
        if noise.uniform() < drawing.noise { labels[row] ^= 1 }
      }
    }
    return try drawing.cut("synthetic-parity", signs, .classes(labels), classCount: 2)
  }
}

/// What a random network answers: `y = relu(x A) B + ε` with `x` and `ε / noise` normal, `A`
/// `[inputs, width]` with deviation `√(2/inputs)`, `B` `[width, outputs]` with deviation `1/√width`.
public struct SyntheticTeacher: DatasetRecipe {
  private let inputs: Int
  private let width: Int
  private let outputs: Int
  private let drawing: Drawing

  public static let declaration = Declaration(
    "synthetic-teacher", summary: "the answers of a random network with one hidden layer",
    parameters: [
      Declaration.Parameter(
        "inputs", .integer(1...65_536), standard: .integer(16), help: "inputs of an example"),
      Declaration.Parameter(
        "width", .integer(1...65_536), standard: .integer(32), help: "the teacher's hidden units"),
      Declaration.Parameter(
        "outputs", .integer(1...65_536), standard: .integer(1), help: "numbers to predict"),
    ] + Drawing.parameters(count: 4000, noise: 0, help: "the deviation of the targets' noise"))

  public init(_ arguments: Arguments) throws(CatalogueError) {
    inputs = arguments.integer("inputs")
    width = arguments.integer("width")
    outputs = arguments.integer("outputs")
    drawing = Drawing(arguments)
  }

  public var specification: Specification {
    Specification(
      "synthetic-teacher",
      ["inputs": .integer(inputs), "width": .integer(width), "outputs": .integer(outputs)]
        .merging(drawing.arguments) { $1 })
  }

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    var (weights, examples, noise) = (drawing.random(1), drawing.random(2), drawing.random(3))
    let first = Drawing.normal(
      [inputs, width], deviation: (2 / Double(inputs)).squareRoot(), using: &weights)
    let second = Drawing.normal(
      [width, outputs], deviation: 1 / Double(width).squareRoot(), using: &weights)
    let x = Drawing.normal([drawing.count, inputs], using: &examples)
    let products = Drawing.product(x, first)
    let hidden = Tensor(products.shape, products.elements.map { max(0, $0) })
    var y = Drawing.product(hidden, second)
    drawing.disturb(&y, using: &noise)
    return try drawing.cut("synthetic-teacher", x, .values(y))
  }
}

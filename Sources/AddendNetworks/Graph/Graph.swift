public import AddendKernels
public import AddendTensors

/// What a network's inference computes: operations on the results of earlier ones.
///
/// Layers write themselves into it (`Layer.emit`). The chain of layers stays the one description of a
/// network; a graph is derived from it, simplified and executed, and never stored.
public struct Graph<Scalar: TensorScalar>: Sendable {
  /// One operation with where its operands come from.
  public struct Node: Sendable {
    public var operation: Operation<Scalar>
    /// The numbers of the nodes whose results it takes, all smaller than its own.
    public var inputs: [Int]
    /// One example's result.
    public var shape: Shape
    /// The layer that it comes from: `residual1/body/convolution2`.
    public var name: String
    /// What the result is as bytes; `nil` for numbers of the graph's scalar. Only products of bytes,
    /// `quantize`, `reshape`, `subsample` and `maxPool` give bytes.
    public var bytes: AffineQuantization?

    public init(operation: Operation<Scalar>, inputs: [Int], shape: Shape, name: String) {
      self.operation = operation
      self.inputs = inputs
      self.shape = shape
      self.name = name
    }
  }

  /// In the order of execution. The first is the network's input.
  public var nodes: [Node]
  /// The number of the node whose result is the network's.
  public var output: Int
  private var path: [String] = []

  /// The graph of a model's inference.
  public init(_ model: Model<Scalar>) {
    self.init(input: model.network.input)
    output = model.layers.emit(into: &self, 0)
  }

  /// A graph that gives back its input.
  public init(input: Shape) {
    nodes = [Node(operation: .input, inputs: [], shape: input, name: "input")]
    output = 0
  }

  /// Appends an operation under the current name, and returns its number.
  public mutating func append(
    _ operation: Operation<Scalar>, _ inputs: [Int], shape: Shape
  ) -> Int {
    precondition(inputs.allSatisfy { nodes.indices ~= $0 }, "operands come before their use")
    nodes.append(
      Node(operation: operation, inputs: inputs, shape: shape, name: path.joined(separator: "/")))
    return nodes.count - 1
  }

  /// Opens and closes a level of names.
  mutating func enter(_ name: String) { path.append(name) }
  mutating func leave() { path.removeLast() }

  /// How often each node's result is taken, as the network's included.
  public var useCounts: [Int] {
    var counts = [Int](repeating: 0, count: nodes.count)
    for node in nodes { for input in node.inputs { counts[input] += 1 } }
    counts[output] += 1
    return counts
  }

  /// Leaves out nodes that `isKept` refuses, which nothing may use, and numbers the others anew.
  public mutating func keep(_ isKept: [Bool]) {
    var number = [Int](repeating: -1, count: nodes.count)
    var kept: [Node] = []
    for (i, node) in nodes.enumerated() where isKept[i] {
      number[i] = kept.count
      kept.append(node)
    }
    for i in kept.indices {
      kept[i].inputs = kept[i].inputs.map { number[$0] }
      precondition(kept[i].inputs.allSatisfy { 0..<i ~= $0 }, "a node that is used stays")
    }
    nodes = kept
    output = number[output]
  }
}

/// What a node does. Shapes are those of one example; a batch's examples do not meet.
public enum Operation<Scalar: TensorScalar>: Sendable {
  /// The network's input.
  case input
  /// `y = max(x W + b + r, 0)`, with the parts that are there, on rows or on patches of an image.
  case linear(LinearOperation<Scalar>)
  /// `y = scale · x + shift`, channels (the last axis) apart.
  case affine(ChannelAffine)
  case activation(ActivationFunction)
  /// The sum of all inputs, negative results made zero where `rectifies` says so.
  case sum(rectifies: Bool)
  /// The inputs beside one another on the last axis.
  case concatenation
  /// The same numbers under another shape.
  case reshape
  /// Each window's largest pixel; the geometry is that of a batch of one.
  case maxPool(ConvolutionGeometry)
  /// Each window's mean.
  case averagePool(ConvolutionGeometry)
  case subsample(Subsampling)
  /// A vector for each symbol.
  case embedding(EmbeddingOperation<Scalar>)
  /// All steps of a sequence `[time, features]`, from a state of zeros.
  case recurrent(RecurrentOperation<Scalar>)
  /// Each row brought to mean 0 and deviation 1, then scaled and shifted.
  case rowNormalization(RowNormalization<Scalar>)
  /// `y = (1 − t) x + t h` of the inputs `x`, `h` and `t`.
  case blend
  /// The numbers as bytes, as the node says.
  case quantize
  /// Bytes as numbers.
  case dequantize
  /// A layer that does not say what it consists of, as it stands: dense layers and convolutions whose map
  /// is approximate, recurrent layers one of whose maps is or whose functions are K-TanH's.
  case layer(any LayerSlot<Scalar>)
}

/// `y[…, :] = table[x[…], :]`.
public struct EmbeddingOperation<Scalar: TensorScalar>: Sendable {
  /// `[vocabulary, features]`.
  public var table: Tensor<Scalar>

  public init(table: Tensor<Scalar>) {
    precondition(table.shape.rank == 2, "a table of symbols has rows")
    self.table = table
  }

  public var vocabulary: Int { table.shape[0] }
  public var features: Int { table.shape[1] }

  /// What is thrown for a number that is no symbol.
  public func refusal(of number: Scalar) -> TensorError {
    .invalidValue(
      operation: "embedding", argument: "a symbol",
      expected: "a whole number from 0 to \(vocabulary - 1)", found: "\(number.reported)")
  }
}

/// A recurrent layer of one level with exact maps and functions.
public struct RecurrentOperation<Scalar: TensorScalar>: Sendable {
  public var unit: RecurrentUnit
  public var weights: RecurrentWeights<Scalar>
  /// Time runs from the last step back.
  public var isReversed: Bool
  /// `[size]` of the last step in time's direction, or `[time, size]`.
  public var returnsLast: Bool

  public init(
    _ unit: RecurrentUnit, _ weights: RecurrentWeights<Scalar>, isReversed: Bool,
    returnsLast: Bool
  ) {
    self.unit = unit
    self.weights = weights
    self.isReversed = isReversed
    self.returnsLast = returnsLast
  }

  public var inputSize: Int { weights.input.shape[0] }
  public var size: Int { weights.recurrent.shape[0] }
}

/// `y = scale · (x − mean(x)) / √(variance(x) + ε) + shift`, rows apart.
public struct RowNormalization<Scalar: TensorScalar>: Sendable {
  public var scale, shift: Tensor<Scalar>
  public var epsilon: Double

  public init(scale: Tensor<Scalar>, shift: Tensor<Scalar>, epsilon: Double) {
    precondition(scale.count == shift.count, "a scale and a shift for each column")
    self.scale = scale
    self.shift = shift
    self.epsilon = epsilon
  }
}

/// A dense layer or a convolution, with what was joined to it.
public struct LinearOperation<Scalar: TensorScalar>: Sendable {
  /// One group's patches for a batch of one; `nil` where rows are the last axis.
  public var geometry: ConvolutionGeometry?
  /// One for each group of channels: `[inputs, outputs]`.
  public var weights: [Tensor<Scalar>]
  /// `[groups · outputs]`.
  public var bias: Tensor<Scalar>?
  /// Whether the second input, shaped as the result, is added.
  public var addsInput = false
  public var rectifies = false
  /// For a product of bytes, which `weights` then only describe: what it multiplies by.
  public var int8: Int8Product?

  public init(geometry: ConvolutionGeometry?, weights: [Tensor<Scalar>], bias: Tensor<Scalar>?) {
    self.geometry = geometry
    self.weights = weights
    self.bias = bias
  }

  /// Channels of the result.
  public var outputs: Int { weights.reduce(0) { $0 + $1.shape[1] } }
}

extension Chain {
  /// Appends the layers' inference on the result of node `x`, and returns the number of the last.
  func emit(into graph: inout Graph<Scalar>, _ x: Int) -> Int {
    var x = x
    for node in nodes {
      graph.enter(node.name)
      x = node.layer.emit(into: &graph, x)
      graph.leave()
    }
    return x
  }

  /// `emit` for a composite layer's chain.
  func emit(into graph: inout Graph<Scalar>, _ x: Int, named name: String) -> Int {
    graph.enter(name)
    defer { graph.leave() }
    return emit(into: &graph, x)
  }
}

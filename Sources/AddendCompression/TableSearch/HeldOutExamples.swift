public import AddendData
internal import AddendLinear
public import AddendNetworks
public import AddendTensors
public import AddendTraining

/// Examples that candidates are judged on, prepared once.
///
/// Where candidates share the beginning of a network, so do its outputs: those of the last few
/// beginnings are kept.
public struct HeldOutExamples: Sendable {
  /// What outputs are compared with.
  public enum Standard: Sendable {
    /// The examples' own targets.
    case targets(any Loss)
    /// What another model makes of the examples: the divergence of the probabilities `q` from its `p`,
    /// `Σ p log (p / q)` with both by softmax.
    case model(Model<Float>)
  }

  private let batches: [Batch]
  private let standard: Standard
  /// The standard's probabilities for each batch; empty where it is the targets.
  private let probabilities: [Tensor<Float>]
  /// Of a quarter of a gigabyte at most.
  private let beginnings = Memo<ModelBeginning, [Tensor<Float>]>(limit: 1 << 28) { outputs in
    outputs.reduce(0) { $0 + $1.count * MemoryLayout<Float>.size }
  }

  /// The number of examples.
  public let count: Int
  /// A digest of them.
  public let checksum: String

  /// - Throws: `CompressionError.unsuitable` for text, whose examples do not stand alone, and for no
  ///   examples at all; `network` where they do not fit the standard.
  public init(_ dataset: any Dataset, against standard: Standard) throws(CompressionError) {
    guard dataset.order == .shuffled, dataset.count > 0 else {
      throw .unsuitable(reason: "candidates are judged on examples that stand alone")
    }
    self.standard = standard
    count = dataset.count
    checksum = dataset.checksum
    let batches = stride(from: 0, to: dataset.count, by: Self.batchSize).map { first in
      dataset.batch(Array(first..<min(first + Self.batchSize, dataset.count)))
    }
    self.batches = batches
    do throws(NetworkError) {
      var probabilities: [Tensor<Float>] = []
      if case .model(let model) = standard {
        for batch in batches { probabilities.append(try model.forward(batch.input).softmax()) }
      }
      self.probabilities = probabilities
    } catch {
      throw .network(error)
    }
  }

  private static var batchSize: Int { 250 }

  /// Accuracy of `model`, and its loss or divergence.
  ///
  /// - Parameter beginnings: what other models may have in common with this one, of ever more layers.
  /// - Throws: `CompressionError.unsuitable` where the standard is a model with other outputs;
  ///   `network` and `evaluation` where the examples do not fit the model.
  public func evaluation(
    of model: Model<Float>, sharing beginnings: [ModelBeginning] = []
  ) throws(CompressionError) -> Evaluation {
    if case .model(let teacher) = standard, teacher.output != model.output {
      throw .unsuitable(
        reason: "the standard's output is \(teacher.output), the candidate's \(model.output)")
    }
    let nodes = model.layers.nodes
    var inputs = batches.map(\.input)
    var passed = 0
    for beginning in beginnings where passed..<nodes.count ~= beginning.layers {
      inputs = try self.beginnings.value(of: beginning) { () throws(CompressionError) in
        try outputs(of: nodes[passed..<beginning.layers], for: inputs)
      }
      passed = beginning.layers
    }
    var (total, correct, rows) = (0.0, 0, 0)
    let results = try outputs(of: nodes[passed...], for: inputs)
    for (i, batch) in batches.enumerated() {
      let output = results[i]
      var count = batch.input.shape[0]
      do throws(TensorError) {
        if case .classes(let classes) = batch.targets {
          count = classes.count { $0 != Targets.ignored }
          correct += try batch.targets.correctCount(in: scores(of: output))
        }
        switch standard {
        case .targets(let loss):
          total += try loss.evaluated.valueAndGradient(output, batch.targets).value * Double(count)
        case .model:
          total += output.softmax().divergence(from: probabilities[i])
        }
        rows += count
      } catch {
        throw .evaluation(.loss(error))
      }
    }
    let isClassified = if case .classes = batches[0].targets { true } else { false }
    return Evaluation(
      loss: total / Double(rows), accuracy: isClassified ? Double(correct) / Double(rows) : nil,
      rows: rows)
  }

  /// What accuracy is counted in.
  private func scores(of output: Tensor<Float>) -> Tensor<Float> {
    switch standard {
    case .targets(let loss): loss.scores(of: output)
    case .model: output
    }
  }

  private func outputs(
    of nodes: ArraySlice<Chain<Float>.Node>, for inputs: [Tensor<Float>]
  ) throws(CompressionError) -> [Tensor<Float>] {
    var results: [Tensor<Float>] = []
    for (input, batch) in zip(inputs, batches) {
      var (x, context) = (input, PassContext<Float>(lengths: batch.lengths))
      for node in nodes {
        do throws(TensorError) {
          x = try node.layer.forward(x, &context)
        } catch {
          throw .network(.pass(layer: node.name, error))
        }
      }
      results.append(x)
    }
    return results
  }
}

/// What the first layers of some models have in common.
public struct ModelBeginning: Hashable, Sendable {
  /// The number of layers.
  public var layers: Int
  /// Two beginnings with the same numbers are the same.
  public var numbers: [[Float]]

  public init(layers: Int, numbers: [[Float]]) {
    self.layers = layers
    self.numbers = numbers
  }
}

extension Tensor<Float> {
  /// `Σ p log (p / q)` over all elements, `q` these ones; kept finite where `q` is 0.
  fileprivate func divergence(from p: Tensor<Float>) -> Double {
    precondition(shape == p.shape, "two models of the same classes are compared")
    var sum = 0.0
    for i in 0..<count where p.span[i] > 0 {
      let (p, q) = (Double(p.span[i]), Double(max(span[i], 1e-30)))
      sum += p * Math.log(p / q)
    }
    return sum
  }
}

internal import AddendLinear
public import AddendTensors

/// Where a model's state lies in another program's file, and how it lies there.
public struct ForeignWeights: Hashable, Sendable {
  /// How another program orders a tensor's numbers.
  public enum Layout: Hashable, Sendable {
    case same
    /// `[outputs, inputs]`, where ours is `[inputs, outputs]`.
    case transposed
    /// `[outputs, channels, height, width]`, where ours is `[height · width · channels, outputs]`.
    case outputsFirst(height: Int, width: Int)
  }

  /// One tensor there.
  public struct Source: Hashable, Sendable {
    public var name: String
    public var layout: Layout

    public init(_ name: String, _ layout: Layout = .same) {
      self.name = name
      self.layout = layout
    }
  }

  /// The sources by our path.
  public private(set) var sources: [String: Source]

  public init(_ sources: [String: Source]) { self.sources = sources }

  /// Replaces all state of `model` by `tensors`, which are asked for by their foreign names.
  ///
  /// - Throws: `NetworkError.description` when a part of the model has no source, a source no part,
  ///   or a tensor another size; the model is then unchanged. What `tensor` throws passes through.
  public func load<Scalar: TensorScalar>(
    into model: inout Model<Scalar>, from tensor: (String) throws -> Tensor<Float>
  ) throws {
    var tensors: [String: Tensor<Float>] = [:]
    for (path, source) in sources {
      tensors[path] = try source.read(tensor(source.name), for: path)
    }
    var loader = StateLoader<Scalar>(tensors: tensors)
    var loaded = model
    loaded.visit(&loader)
    if let problem = loader.problem { throw NetworkError.description(reason: problem) }
    if let stray = Set(sources.keys).subtracting(loader.visited).min() {
      throw NetworkError.description(reason: "the model has no '\(stray)' to load")
    }
    model = loaded
  }
}

extension ForeignWeights.Source {
  /// `tensor` in our layout.
  fileprivate func read(
    _ tensor: Tensor<Float>, for path: String
  ) throws(NetworkError) -> Tensor<Float> {
    let shape = tensor.shape
    switch layout {
    case .same: return tensor
    case .transposed where shape.rank == 2: return tensor.exchangingOuterAxes()
    case .outputsFirst(let height, let width)
    where shape.rank == 4 && shape[2] == height && shape[3] == width:
      // [outputs, channels · taps] → [channels · taps, outputs] → [taps, channels, outputs]
      let taps = height * width
      let inputsFirst = tensor.reshaped([shape[0], shape[1] * taps]).exchangingOuterAxes()
      return inputsFirst.reshaped([shape[1], taps, shape[0]]).exchangingOuterAxes()
    default:
      throw .description(reason: "'\(name)' of shape \(shape) does not suit '\(path)'")
    }
  }
}

/// Puts tensors in the place of a model's state.
private struct StateLoader<Scalar: TensorScalar>: StateVisitor {
  let tensors: [String: Tensor<Float>]
  private(set) var visited: Set<String> = []
  private(set) var problem: String?
  private var path = StatePath()

  init(tensors: [String: Tensor<Float>]) { self.tensors = tensors }

  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    visit(&parameter.value, named: name)
  }

  mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String) {
    let place = path.appending(name)
    visited.insert(place)
    guard let source = tensors[place] else {
      problem = problem ?? "nothing was given for '\(place)'"
      return
    }
    guard source.count == numbers.count else {
      problem =
        problem
        ?? "'\(place)' has \(numbers.count) numbers, but \(source.count) of shape \(source.shape) "
        + "were given"
      return
    }
    numbers = Tensor<Scalar>(source.reshaped(numbers.shape))
  }

  mutating func visit(_ integers: inout IntegerState, named name: String) {
    problem = problem ?? "'\(path.appending(name))' holds integers, which no other program gives"
  }
}

extension ResNet {
  /// Where the published PyTorch networks for CIFAR-10 with option A (Idelbayev, *Proper ResNet
  /// Implementation for CIFAR10/CIFAR100 in PyTorch*, github.com/akamaster/pytorch_resnet_cifar10)
  /// keep this network's state.
  public var publishedWeights: ForeignWeights? {
    var sources: [String: ForeignWeights.Source] = [:]
    func addConvolution(_ ours: String, _ theirs: String) {
      sources["\(ours)/weight"] = .init("\(theirs).weight", .outputsFirst(height: 3, width: 3))
    }
    func addBatchNorm(_ ours: String, _ theirs: String) {
      let names = [
        "scale": "weight", "shift": "bias", "mean": "running_mean", "variance": "running_var",
      ]
      for (our, their) in names { sources["\(ours)/\(our)"] = .init("\(theirs).\(their)") }
    }
    addConvolution("convolution1", "conv1")
    addBatchNorm("batch-norm1", "bn1")
    for stage in 0..<3 {
      for block in 0..<blockCount {
        let ours = "residual\(stage * blockCount + block + 1)/body"
        for number in 1...2 {
          let theirs = "layer\(stage + 1).\(block)"
          addConvolution("\(ours)/convolution\(number)", "\(theirs).conv\(number)")
          addBatchNorm("\(ours)/batch-norm\(number)", "\(theirs).bn\(number)")
        }
      }
    }
    sources["dense1/weight"] = .init("linear.weight", .transposed)
    sources["dense1/bias"] = .init("linear.bias")
    return ForeignWeights(sources)
  }
}

public import AddendKernels
internal import AddendTensors

/// One pass of a convolution beside oneDNN's, on as many threads as the current pool has.
public struct ConvolutionBenchmark: Sendable {
  /// Which of a convolution's tensors is computed.
  public typealias Pass = RivalOperation.ConvolutionPass

  /// A convolution of a network.
  public struct Layer: Hashable, Sendable {
    /// `resnet50`, `resnet20`, `lenet5`.
    public let network: String
    /// Rows and columns of the image.
    public let size: Int
    public let channels, outputs, filter, stride, padding: Int

    public init(
      _ network: String, size: Int, _ channels: Int, _ outputs: Int, filter: Int, stride: Int = 1,
      padding: Int = 0
    ) {
      self.network = network
      self.size = size
      self.channels = channels
      self.outputs = outputs
      self.filter = filter
      self.stride = stride
      self.padding = padding
    }

    /// Whether it is one that Winograd's algorithm takes.
    public var isWinogradable: Bool { filter == 3 && stride == 1 }
  }

  /// The distinct convolutions of ResNet-50 (He et al., 2016, table 1, with the stride in the first
  /// 1×1 of a block as there), of ResNet-20 for CIFAR-10 (§4.2), and of LeNet-5 in Caffe's form.
  public static let standard: [Layer] = resNet50 + resNet20 + leNet5

  static let resNet50: [Layer] =
    [Layer("resnet50", size: 224, 3, 64, filter: 7, stride: 2, padding: 3)]
    + bottlenecks(56, first: 64, 64, following: 128)
    + bottlenecks(28, first: nil, 128, following: 256)
    + bottlenecks(14, first: nil, 256, following: 512)
    + bottlenecks(7, first: nil, 512, following: nil)

  /// A stage's blocks: in, across, out, and what leads to the next stage at half the size.
  private static func bottlenecks(
    _ size: Int, first: Int?, _ width: Int, following next: Int?
  ) -> [Layer] {
    let name = "resnet50"
    var layers: [Layer] = []
    if let first { layers.append(Layer(name, size: size, first, width, filter: 1)) }
    layers += [
      Layer(name, size: size, width, width, filter: 3, padding: 1),
      Layer(name, size: size, width, 4 * width, filter: 1),
      Layer(name, size: size, 4 * width, width, filter: 1),
    ]
    if let next {
      layers += [
        Layer(name, size: size, 4 * width, 4 * next, filter: 1, stride: 2),
        Layer(name, size: size, 4 * width, next, filter: 1, stride: 2),
      ]
    }
    return layers
  }

  static let resNet20: [Layer] = [
    Layer("resnet20", size: 32, 3, 16, filter: 3, padding: 1),
    Layer("resnet20", size: 32, 16, 16, filter: 3, padding: 1),
    Layer("resnet20", size: 32, 16, 32, filter: 3, stride: 2, padding: 1),
    Layer("resnet20", size: 16, 32, 32, filter: 3, padding: 1),
    Layer("resnet20", size: 16, 32, 64, filter: 3, stride: 2, padding: 1),
    Layer("resnet20", size: 8, 64, 64, filter: 3, padding: 1),
  ]

  static let leNet5: [Layer] = [
    Layer("lenet5", size: 28, 1, 20, filter: 5), Layer("lenet5", size: 12, 20, 50, filter: 5),
  ]

  public let layer: Layer
  public let batch: Int
  public let pass: Pass

  public init(_ layer: Layer, batch: Int, _ pass: Pass) {
    precondition(batch > 0, "a batch has images")
    self.layer = layer
    self.batch = batch
    self.pass = pass
  }

  public var name: String {
    "convolution-\(layer.network)-\(layer.size)x\(layer.size)-\(layer.channels)-\(layer.outputs)-"
      + "\(layer.filter)x\(layer.filter)\(layer.stride > 1 ? "-stride\(layer.stride)" : "")-"
      + "\(pass.name)-batch\(batch)"
  }

  public func run(_ setting: BenchmarkSetting) throws(BenchmarkError) -> BenchmarkCase {
    try Contest(ours: Self.ways, rivals: Self.rivals).run(Problem(self), setting)
  }

  /// Ours. A new kernel is a line more.
  package static let ways: [Way<Problem>] = [
    Way("Float.convolve") { problem in
      .writing(problem.resultCount) { result in
        switch problem.pass {
        case .forward:
          Float.convolve(problem.image.span, problem.filter.span, problem.geometry, into: &result)
        case .inputGradient:
          Float.convolutionInputGradient(
            problem.dy.span, problem.filter.span, problem.geometry, into: &result)
        case .filterGradient:
          Float.convolutionFilterGradient(
            problem.image.span, problem.dy.span, problem.geometry, accumulates: false, into: &result
          )
        }
      }
    },
    direct, winograd(.four), winograd(.two),
  ]

  /// What oneDNN picks when asked for nothing else.
  public static let defaultRival = "oneDNN default"
  /// Its direct algorithm.
  public static let directRival = "oneDNN direct"

  package static let rivals: [Way<Problem>] = [
    rival(defaultRival, .automatic), rival(directRival, .direct),
    rival("oneDNN Winograd", .winograd),
    rival("oneDNN default, channels last", .automatic, keepsChannelsLast: true),
    rival("oneDNN direct, channels last", .direct, keepsChannelsLast: true),
  ]

  private static func rival(
    _ name: String, _ algorithm: RivalOperation.Algorithm, keepsChannelsLast: Bool = false
  ) -> Way<Problem> {
    Way(name) { problem in
      let operation = RivalOperation.convolution(
        problem.pass, algorithm, keepsChannelsLast: keepsChannelsLast, threads: problem.threads,
        problem.geometry, outputs: problem.benchmark.layer.outputs)
      guard let operation else { return nil }
      for (operand, tensor) in [problem.image, problem.filter, problem.dy].enumerated()
      where operand != problem.pass.resultOperand {
        operation.set(operand, tensor.span)
      }
      return .init(operation) { $0.values(of: problem.pass.resultOperand) }
    }
  }
}

extension RivalOperation.ConvolutionPass {
  /// `input-gradient`: as the command calls it.
  public var name: String {
    switch self {
    case .forward: "forward"
    case .inputGradient: "input-gradient"
    case .filterGradient: "filter-gradient"
    }
  }

  /// Of image, filter and y, the one that is computed.
  var resultOperand: Int {
    switch self {
    case .forward: 2
    case .inputGradient: 0
    case .filterGradient: 1
    }
  }
}

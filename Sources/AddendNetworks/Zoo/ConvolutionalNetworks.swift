public import AddendCatalogue
public import AddendTensors

/// LeNet-5 as Caffe defines it: 20C5-MP2-50C5-MP2-500-10 (Jia et al., 2014, `lenet.prototxt`), which
/// has 431,080 parameters for 28×28 images in 10 classes.
public struct LeNet5: ZooNetwork {
  public init() {}
  public static let declaration = Declaration(
    "lenet-5", summary: "two convolutions and two dense layers, in Caffe's form")
  public init(_ arguments: Arguments) throws(CatalogueError) {}
  public var specification: Specification { Specification("lenet-5") }

  public func network(input: Shape, classes: Int) throws(NetworkError) -> Network {
    try Zoo.checkImage(input, for: "lenet-5")
    return Network("lenet-5", input: input) {
      Convolution(20, size: 5)
      MaxPool(2)
      Convolution(50, size: 5)
      MaxPool(2)
      Flatten()
      Dense(500)
      ReLU()
      Dense(classes)
    }
  }
}

/// VGG-7: 2×128C3-MP2-2×256C3-MP2-2×512C3-MP2-1024FC, batch-normalised (Li, Zhang & Liu, *Ternary
/// Weight Networks*, 2016, §3.2).
public struct VGG7: ZooNetwork {
  /// Channels of the first pair of convolutions; the later ones have two and four times as many.
  public var width: Int

  public init(width: Int = 128) { self.width = width }

  public static let declaration = Declaration(
    "vgg-7", summary: "six convolutions and two dense layers, batch-normalised",
    parameters: [
      .init("width", .integer(1...65_536), standard: .integer(128), help: "the first's channels")
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(width: arguments.integer("width"))
  }
  public var specification: Specification { Specification("vgg-7", ["width": .integer(width)]) }

  public func network(input: Shape, classes: Int) throws(NetworkError) -> Network {
    try Zoo.checkImage(input, for: "vgg-7")
    return Network("vgg-7", input: input) {
      for channels in [width, 2 * width, 4 * width] {
        for _ in 0..<2 {
          Convolution(channels, size: 3, padding: .same, bias: false)
          BatchNorm()
          ReLU()
        }
        MaxPool(2)
      }
      Flatten()
      Dense(8 * width, bias: false)
      BatchNorm()
      ReLU()
      Dense(classes)
    }
  }
}

/// The residual networks for CIFAR-10: `resnet:depth=20` (He et al., 2016, §4.2), `6 n + 2` layers
/// deep in three stages of 16, 32 and 64 channels.
public struct ResNet: ZooNetwork {
  public var depth: Int
  /// The way around where a stage begins: He et al. use option A.
  public var shortcut: Residual.Shortcut

  public init(depth: Int = 20, shortcut: Residual.Shortcut = .padded) {
    precondition(depth >= 8 && depth % 6 == 2, "a residual network is 6 n + 2 layers deep")
    self.depth = depth
    self.shortcut = shortcut
  }

  public static let declaration = Declaration(
    "resnet", summary: "a residual network for small images",
    parameters: [
      .init("depth", .integer(8...6002), standard: .integer(20), help: "layers: 6 n + 2"),
      .init(
        "shortcut", .choice([Residual.Shortcut.padded, .projected].map(\.rawValue)),
        standard: .text("A"), help: "the way around where a stage begins"),
    ])
  public init(_ arguments: Arguments) throws(CatalogueError) {
    let depth = arguments.integer("depth")
    guard depth % 6 == 2 else {
      throw .invalidParameter(
        of: "resnet", parameter: "depth", expected: "6 n + 2: 8, 14, 20, 32, 44, 56, 110",
        found: "\(depth)")
    }
    // The declaration admits no other text.
    self.init(
      depth: depth, shortcut: Residual.Shortcut(rawValue: arguments.text("shortcut")) ?? .padded)
  }
  public var specification: Specification {
    Specification("resnet", ["depth": .integer(depth), "shortcut": .text(shortcut.rawValue)])
  }

  /// Blocks in each stage.
  var blockCount: Int { (depth - 2) / 6 }

  public func network(input: Shape, classes: Int) throws(NetworkError) -> Network {
    try Zoo.checkImage(input, for: "resnet")
    return Network("resnet-\(depth)", input: input) {
      Convolution(16, size: 3, padding: .same, bias: false)
      BatchNorm()
      ReLU()
      for stage in 0..<3 {
        for block in 0..<blockCount {
          Residual(shortcut: shortcut) {
            Convolution(
              16 << stage, size: 3, stride: stage > 0 && block == 0 ? 2 : 1, padding: 1, bias: false
            )
            BatchNorm()
            ReLU()
            Convolution(16 << stage, size: 3, padding: 1, bias: false)
            BatchNorm()
          }
          ReLU()
        }
      }
      GlobalAveragePool()
      Dense(classes)
    }
  }
}

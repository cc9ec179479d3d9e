/// What one run of a comparison found: networks side by side, how they learned, what they answered.
public struct ComparisonReport: Sendable {
  public var title: String
  /// Name and checksum.
  public var dataset: String
  /// CPU and threads.
  public var machine: String
  public var date: String
  /// The command line that makes the report again.
  public var command: String
  public var networks: [NetworkResult]
  public var samples: [SamplePrediction]
  /// What the reader must know to judge the figures, a sentence each; the page adds `energyNote`.
  public var notes: [String]

  public init(
    title: String, dataset: String, machine: String, date: String, command: String,
    networks: [NetworkResult], samples: [SamplePrediction] = [], notes: [String] = []
  ) {
    self.title = title
    self.dataset = dataset
    self.machine = machine
    self.date = date
    self.command = command
    self.networks = networks
    self.samples = samples
    self.notes = notes
  }

  /// The result that `result` is put beside: the same network with float32 maps.
  public func baseline(of result: NetworkResult) -> NetworkResult? {
    networks.first { $0.network == result.network && $0.isBaseline }
  }

  /// The figure of `result` beside float32's; `nil` where either is missing.
  public func comparison(_ measure: Measure, of result: NetworkResult) -> String? {
    guard let value = result.figures[measure],
      let reference = baseline(of: result)?.figures[measure]
    else { return nil }
    return measure.comparison(of: value, with: reference)
  }

  /// The measures that some network has, in their order.
  public var measures: [Measure] {
    Measure.allCases.filter { measure in networks.contains { $0.figures[measure] != nil } }
  }

  /// Rows are told apart by their arithmetic; by their network too, where there are several.
  public func label(of result: NetworkResult) -> String {
    let isAlone = networks.allSatisfy { $0.network == result.network }
    return isAlone ? result.arithmetic : "\(result.network) · \(result.arithmetic)"
  }

  /// Where modelled energies come from; shown wherever they are.
  public static let energyNote = """
    Energy is modelled, not measured: counted operations and bytes times the energies per operation \
    of Horowitz, ISSCC 2014, for a 45 nm process, all of float32's width
    """
}

/// One network with one kind of map: what it costs and how well it does.
public struct NetworkResult: Sendable {
  public var network: String
  /// The map as its catalogue names it: `lookup:block=8,codewords=16`.
  public var map: String
  public var precision: String
  /// Missing figures were not measured.
  public var figures: [Measure: Double]
  public var curve: [LearningPoint]

  public init(
    network: String, map: String, precision: String = "float32", figures: [Measure: Double],
    curve: [LearningPoint] = []
  ) {
    self.network = network
    self.map = map
    self.precision = precision
    self.figures = figures
    self.curve = curve
  }

  /// Map and precision, as far as they are not float32's: `lookup:block=8`, `mixed-bf16`.
  public var arithmetic: String {
    if precision == "float32" { return map }
    return map == "float32" ? precision : "\(map), \(precision)"
  }

  /// Whether the others are put beside this one.
  public var isBaseline: Bool { map == "float32" && precision == "float32" }
}

/// One epoch of training.
public struct LearningPoint: Sendable {
  /// Counts from 1.
  public var epoch: Int
  public var trainLoss: Double
  /// A fraction of one; `nil` when the epoch was not tested.
  public var testAccuracy: Double?

  public init(epoch: Int, trainLoss: Double, testAccuracy: Double?) {
    self.epoch = epoch
    self.trainLoss = trainLoss
    self.testAccuracy = testAccuracy
  }
}

/// An image of the test set and what each network took it for.
public struct SamplePrediction: Sendable {
  public struct Answer: Sendable {
    /// As `ComparisonReport.label(of:)` calls the network.
    public var network: String
    public var className: String
    /// What the network gave that class, from 0 to 1.
    public var probability: Double

    public init(network: String, className: String, probability: Double) {
      self.network = network
      self.className = className
      self.probability = probability
    }
  }

  public var image: RasterImage
  public var className: String
  public var answers: [Answer]

  public init(image: RasterImage, className: String, answers: [Answer]) {
    self.image = image
    self.className = className
    self.answers = answers
  }
}

/// Pixels `[height, width, channels]`, a byte each; one channel is grey, three are red, green, blue.
public struct RasterImage: Sendable {
  public let height: Int
  public let width: Int
  public let channels: Int
  public let pixels: [UInt8]

  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition(height > 0 && width > 0, "an image has pixels")
    precondition(channels == 1 || channels == 3, "an image is grey or in colour")
    precondition(pixels.count == height * width * channels, "a byte a channel of each pixel")
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }
}

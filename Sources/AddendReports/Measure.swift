/// One figure of a network in a comparison: its name, unit and sense.
///
/// Tables, pages and JSON all read it, so that they show the same figures under the same names.
public enum Measure: String, CaseIterable, Sendable {
  /// The fraction of test examples classified rightly.
  case accuracy
  case perplexity
  case loss
  // Operations are counted per example, at inference.
  case multiplications
  case additions
  case lookups
  case comparisons
  case bitOperations
  case bytesStored
  /// Modelled, never measured: see `ComparisonReport.energyNote`.
  case energyPicojoules
  case trainSeconds
  /// The most bytes that tensors and scratch held at once in training.
  case trainingBytes
  case inferenceSecondsPerExample
  case parameters

  /// The stable key in JSON.
  public var key: String { rawValue }

  public var title: String {
    switch self {
    case .accuracy: "test accuracy"
    case .perplexity: "perplexity"
    case .loss: "test loss"
    case .multiplications: "multiplications"
    case .additions: "additions"
    case .lookups: "look-ups"
    case .comparisons: "comparisons"
    case .bitOperations: "bit operations"
    case .bytesStored: "size on disk"
    case .energyPicojoules: "energy (modelled)"
    case .trainSeconds: "training time"
    case .trainingBytes: "training memory"
    case .inferenceSecondsPerExample: "inference time"
    case .parameters: "parameters"
    }
  }

  /// What one figure is of: `per example`; empty for the whole network.
  public var scope: String {
    switch self {
    case .multiplications, .additions, .lookups, .comparisons, .bitOperations, .energyPicojoules,
      .inferenceSecondsPerExample:
      "per example"
    default: ""
    }
  }

  public var unit: QuantityUnit {
    switch self {
    case .accuracy: .fraction
    case .perplexity, .loss: .plain
    case .multiplications, .additions, .lookups, .comparisons, .bitOperations, .parameters: .count
    case .bytesStored, .trainingBytes: .bytes
    case .energyPicojoules: .picojoules
    case .trainSeconds, .inferenceSecondsPerExample: .seconds
    }
  }

  /// The unit that axes of charts are labelled with; counts have none.
  var axisUnit: String {
    switch unit {
    case .count, .plain: ""
    case .bytes: "bytes"
    case .seconds: "seconds"
    case .picojoules: "pJ"
    case .fraction: "%"
    }
  }

  /// Whether a larger figure is the better one.
  public var isBetterWhenLarger: Bool { self == .accuracy }

  /// Whether the page's scatter offers this as its cost.
  var isCost: Bool {
    switch self {
    case .multiplications, .energyPicojoules, .bytesStored, .inferenceSecondsPerExample, .additions,
      .lookups:
      true
    default: false
    }
  }

  /// `value` beside float32's: a ratio, or for an accuracy the difference in percentage points.
  public func comparison(of value: Double, with reference: Double) -> String {
    unit == .fraction ? pointsText(value, from: reference) : ratioText(value, to: reference)
  }
}

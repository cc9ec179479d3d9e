extension ComparisonReport {
  /// The one table that a comparison ends with: two lines a network, its figures and, below them,
  /// each beside float32.
  public var table: TextTable {
    let shown = measures.filter { measure in
      switch measure {
      case .accuracy, .perplexity, .multiplications, .additions, .lookups, .bytesStored,
        .energyPicojoules, .trainSeconds, .inferenceSecondsPerExample:
        true
      // In the JSON and on the page: a terminal is about 120 columns wide.
      case .loss, .comparisons, .bitOperations, .trainingBytes, .parameters: false
      }
    }
    var table = TextTable(
      columns: [.init("network", alignment: .leading)]
        + shown.map { .init(Self.shortTitle($0), unit: Self.shortScope($0)) })
    for result in networks {
      table.append([label(of: result)] + shown.map { text($0, of: result) })
      if !result.isBaseline, baseline(of: result) != nil {
        table.append(["  beside float32"] + shown.map { comparison($0, of: result) ?? "" })
      }
    }
    return table
  }

  func text(_ measure: Measure, of result: NetworkResult) -> String {
    result.figures[measure].map(measure.unit.text) ?? "–"
  }

  private static func shortTitle(_ measure: Measure) -> String {
    switch measure {
    case .accuracy: "accuracy"
    case .multiplications: "mult."
    case .bytesStored: "on disk"
    case .energyPicojoules: "energy"
    case .trainSeconds: "training"
    case .inferenceSecondsPerExample: "inference"
    default: measure.title
    }
  }

  private static func shortScope(_ measure: Measure) -> String {
    switch measure {
    case .accuracy: "test"
    case .energyPicojoules: "modelled"
    default: measure.scope.isEmpty ? "" : "/example"
    }
  }
}

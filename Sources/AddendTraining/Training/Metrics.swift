internal import AddendTensors

/// Counts that accuracies are made of.
enum Metrics {
  /// How many rows have their largest output at their class; 0 for targets that are not classes.
  static func correct<Scalar: TensorScalar>(_ outputs: Tensor<Scalar>, _ targets: Targets) -> Int {
    guard case .classes(let classes) = targets, let columns = outputs.shape.last, columns > 0 else {
      return 0
    }
    let largest = outputs.largestColumns()
    return zip(classes, largest).count { $0 != Targets.ignored && Int($0) == $1 }
  }
}

extension Targets {
  /// The rows that count.
  var countedRows: Int {
    switch self {
    case .classes(let classes): classes.count { $0 != Targets.ignored }
    case .values: count
    }
  }
}

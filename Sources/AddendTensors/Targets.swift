/// What the outputs of a batch should be.
public enum Targets: Sendable, Equatable {
  /// A class per output row; `ignored` where a row (a padded time step) does not count.
  case classes([Int32])
  /// Numbers, shaped as the output.
  case values(Tensor<Float>)

  /// The class of rows without a target.
  public static let ignored: Int32 = -1

  public var count: Int {
    switch self {
    case .classes(let classes): classes.count
    case .values(let values): values.shape.first ?? 0
    }
  }
}

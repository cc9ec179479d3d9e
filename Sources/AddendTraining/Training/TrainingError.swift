public import AddendDistributed
public import AddendNetworks
public import AddendTensors

/// Why training stopped before its end.
public enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
  case network(NetworkError)
  case loss(TensorError)
  case communication(CommunicationError)
  /// The loss is no longer a number.
  case diverged(epoch: Int, step: Int)
  case emptyDataset(name: String)
  /// A checkpoint that does not belong to this training.
  case foreignCheckpoint(what: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .network(let error): "\(error)"
    case .loss(let error): "\(error)"
    case .communication(let error): "\(error)"
    case .diverged(let epoch, let step):
      "the loss is not a number at epoch \(epoch), step \(step): lower the learning rate or clip gradients"
    case .emptyDataset(let name): "data set \(name) has no examples for one batch"
    case .foreignCheckpoint(let what, let expected, let found):
      "the checkpoint's \(what) is \(found), but this training's is \(expected)"
    }
  }
}

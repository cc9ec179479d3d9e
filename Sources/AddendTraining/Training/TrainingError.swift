public import AddendArchives
public import AddendData
public import AddendDistributed
public import AddendNetworks
public import AddendTensors

/// Why training stopped before its end.
public enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
  case network(NetworkError)
  /// The teacher cannot answer what the model is asked.
  case teacher(NetworkError)
  case data(DataError)
  case loss(TensorError)
  case communication(CommunicationError)
  /// The loss is no longer a number.
  case diverged(epoch: Int, step: Int)
  /// The same where its gradient was multiplied by a constant.
  case overscaled(epoch: Int, step: Int)
  /// Gradients stay beyond all numbers, whatever the loss is multiplied by.
  case unscalable(epoch: Int, step: Int)
  case emptyDataset(name: String)
  /// A rank would have no example of a batch.
  case tooManyRanks(worldSize: Int, batchSize: Int)
  /// A checkpoint that cannot be taken up.
  case archive(ArchiveError)

  public var description: String {
    switch self {
    case .network(let error): "\(error)"
    case .teacher(let error): "the teacher: \(error)"
    case .data(let error): "\(error)"
    case .loss(let error): "\(error)"
    case .communication(let error): "\(error)"
    case .diverged(let epoch, let step):
      "the loss is not a number at epoch \(epoch), step \(step): lower the learning rate or clip gradients"
    case .overscaled(let epoch, let step):
      "the loss is not a number at epoch \(epoch), step \(step): lower its scale or the learning rate"
    case .unscalable(let epoch, let step):
      "at epoch \(epoch), step \(step) gradients are not finite with the smallest scale of the loss: lower the learning rate, or choose a wider format"
    case .tooManyRanks(let worldSize, let batchSize):
      "\(worldSize) ranks cannot share batches of \(batchSize): each needs an example at least"
    case .emptyDataset(let name): "data set \(name) has no examples for one batch"
    case .archive(let error): "\(error)"
    }
  }
}

public import AddendTensors

/// How the processes of one training speak with each other.
///
/// All ranks make the same calls in the same order. Sums are taken in the order of the ranks, so
/// every rank gets the same bits.
public protocol Communicator: Sendable {
  /// This process's number: 0 ..< worldSize.
  var processRank: Int { get }
  var worldSize: Int { get }

  /// Replaces `tensor` by its sum over all ranks.
  /// - Throws: `CommunicationError` when a rank has gone or called with another shape.
  func allReduce<Scalar: TensorScalar>(
    _ tensor: inout Tensor<Scalar>) throws(CommunicationError)

  /// Replaces `tensor` by the root's.
  func broadcast<Scalar: TensorScalar>(
    _ tensor: inout Tensor<Scalar>, from root: Int) throws(CommunicationError)

  /// Returns when all ranks have called it.
  func barrier() throws(CommunicationError)
}

/// Why ranks could not exchange what they were to exchange.
public enum CommunicationError: Error, Equatable, Sendable, CustomStringConvertible {
  case shapeMismatch(rank: Int, expected: Shape, found: Shape)
  case rankLeft(rank: Int)

  public var description: String {
    switch self {
    case .shapeMismatch(let rank, let expected, let found):
      "rank \(rank) exchanges \(found) where rank 0 exchanges \(expected)"
    case .rankLeft(let rank):
      "rank \(rank) has left"
    }
  }
}

/// One process alone: every exchange is already done.
public struct SingleProcess: Communicator {
  public init() {}
  public var processRank: Int { 0 }
  public var worldSize: Int { 1 }
  public func allReduce<Scalar: TensorScalar>(
    _ tensor: inout Tensor<Scalar>
  ) throws(CommunicationError) {}
  public func broadcast<Scalar: TensorScalar>(
    _ tensor: inout Tensor<Scalar>, from root: Int
  ) throws(CommunicationError) {
    precondition(root == 0, "the root is a rank")
  }
  public func barrier() throws(CommunicationError) {}
}

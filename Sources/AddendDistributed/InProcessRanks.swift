internal import AddendTensors
internal import Dispatch
internal import Synchronization

/// Several ranks in one process, a thread each: for tests, and for machines with many cores.
public enum InProcessRanks {
  /// Runs `body` once per rank, all at the same time, and returns their results in rank order.
  ///
  /// A rank whose `body` ends leaves: exchanges that wait for it, or would have to, throw
  /// `CommunicationError.rankLeft`.
  /// - Throws: what the lowest-numbered failing rank threw.
  public static func run<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (any Communicator) throws -> Result
  ) throws -> [Result] {
    precondition(count > 0, "there is at least one rank")
    let board = Board(worldSize: count)
    let results = Mutex([Int: Swift.Result<Result, any Error>]())
    let group = DispatchGroup()
    for rank in 0..<count {
      // A queue each, since ranks wait for one another: a shared pool could be too small.
      DispatchQueue(label: "rank \(rank)").async(group: group) {
        let result = Swift.Result { try body(InProcessRank(processRank: rank, board: board)) }
        board.leave(rank)
        results.withLock { $0[rank] = result }
      }
    }
    group.wait()
    return try results.withLock { results in
      // A cause before its consequences on other ranks.
      let errors = (0..<count).compactMap { rank -> (any Error)? in
        guard case .failure(let error)? = results[rank] else { return nil }
        return error
      }
      let cause = errors.first { error in
        if case .rankLeft? = error as? CommunicationError { false } else { true }
      }
      if let error = cause ?? errors.first { throw error }
      return try (0..<count).compactMap { try results[$0]?.get() }
    }
  }
}

/// One of several ranks that share a board.
private struct InProcessRank: Communicator {
  let processRank: Int
  let board: Board

  var worldSize: Int { board.worldSize }

  func allReduce<Scalar: TensorScalar>(
    _ tensor: inout Tensor<Scalar>
  ) throws(CommunicationError) {
    let parts = try exchange(tensor)
    var sum = parts[0]
    var span = sum.mutableSpan
    for part in parts.dropFirst() { Scalar.addScaled(Scalar(constant: 1), part.span, to: &span) }
    tensor = sum
  }

  func broadcast<Scalar: TensorScalar>(
    _ tensor: inout Tensor<Scalar>, from root: Int
  ) throws(CommunicationError) {
    precondition(0..<worldSize ~= root, "the root is a rank")
    tensor = try exchange(tensor)[root]
  }

  func barrier() throws(CommunicationError) { _ = try board.exchange(0, rank: processRank) }

  /// Every rank's tensor.
  private func exchange<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>
  ) throws(CommunicationError) -> [Tensor<Scalar>] {
    let parts = try board.exchange(tensor, rank: processRank).compactMap { $0 as? Tensor<Scalar> }
    precondition(parts.count == worldSize, "all ranks exchange one number format")
    for (rank, part) in parts.enumerated() where part.shape != parts[0].shape {
      throw .shapeMismatch(rank: rank, expected: parts[0].shape, found: part.shape)
    }
    return parts
  }
}

/// Where ranks lay down what they bring and wait until all have.
private final class Board: Sendable {
  private struct State {
    var brought: [Int: any Sendable] = [:]
    var complete: [any Sendable] = []
    var round = 0
    var left: Int?
  }

  let worldSize: Int
  private let state = Mutex(State())
  private let turns: [DispatchSemaphore]

  init(worldSize: Int) {
    self.worldSize = worldSize
    turns = (0..<worldSize).map { _ in DispatchSemaphore(value: 0) }
  }

  func leave(_ rank: Int) {
    state.withLock { $0.left = $0.left ?? rank }
    turns.forEach { $0.signal() }
  }

  func exchange(
    _ item: any Sendable, rank: Int
  ) throws(CommunicationError) -> [any Sendable] {
    let round = try state.withLock { (state) throws(CommunicationError) in
      // A rank leaves between two of its exchanges, so this one could not become complete.
      if let left = state.left { throw .rankLeft(rank: left) }
      let round = state.round
      state.brought[rank] = item
      guard state.brought.count == worldSize else { return round }
      state.complete = (0..<worldSize).compactMap { state.brought[$0] }
      state.brought = [:]
      state.round += 1
      turns.forEach { $0.signal() }
      return round
    }
    turns[rank].wait()
    // A later round cannot complete before this rank brings its part, so `complete` is ours still,
    // even where a rank has left meanwhile.
    let (items, left) = state.withLock { state in
      (state.complete, state.round > round ? nil : state.left)
    }
    if let left { throw .rankLeft(rank: left) }
    return items
  }
}

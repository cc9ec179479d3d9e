public import AddendTensors

/// A text as tokens, in windows of `length` steps, to predict each token from those before it.
///
/// Example `i` holds the tokens `i · length ..< (i + 1) · length`, its targets the same moved on by
/// one; the last window may be shorter, filled up with token 0 and targets that are ignored. Every
/// token but the very first is a target exactly once.
///
/// The order is `.consecutive`: with `S = count / batchSize`, batch `k` holds the windows
/// `k, S + k, 2S + k, …`. So row `b` runs through the `b`-th of `batchSize` equal stretches of the
/// text, and row `b` of batch `k + 1` goes on where row `b` of batch `k` stopped: a recurrent
/// network carries its state over (`Batch.continuesPrevious`) and cuts the gradient there.
///
/// Shapes: input `[batch, length]`, token numbers as symbols; targets `batch · length` classes.
public struct TextDataset: Dataset {
  public let name: String
  public let classNames: [String]
  public let checksum: String
  /// The text, as numbers in the vocabulary `classNames`.
  public let tokens: [Int32]
  private let length: Int

  /// - Throws: `DataError.invalidContent` for fewer than two tokens.
  public init(
    name: String, path: String, tokens: [Int32], vocabulary: [String], length: Int
  ) throws(DataError) {
    precondition(length > 0, "a window has at least one step")
    guard tokens.count > 1 else {
      throw .invalidContent(path: path, reason: "it has \(tokens.count) tokens, expected 2 or more")
    }
    precondition(
      tokens.allSatisfy { 0..<vocabulary.count ~= Int($0) }, "tokens are in the vocabulary")
    self.name = name
    classNames = vocabulary
    self.tokens = tokens
    self.length = length
    checksum = Digest(of: tokens).description
  }

  public var count: Int { (tokens.count - 1 + length - 1) / length }
  public var inputShape: Shape { [length] }
  public var order: ExampleOrder { .consecutive }

  public func batch(_ indices: [Int]) -> Batch {
    let lengths = indices.map { min(length, tokens.count - 1 - $0 * length) }
    var targets = [Int32](repeating: Targets.ignored, count: indices.count * length)
    var symbols = [Int32](repeating: 0, count: indices.count * length)
    for (row, index) in indices.enumerated() {
      for step in 0..<lengths[row] {
        symbols[row * length + step] = tokens[index * length + step]
        targets[row * length + step] = tokens[index * length + step + 1]
      }
    }
    let isRagged = lengths.contains { $0 < length }
    return Batch(
      symbols: SymbolBlock(shape: [indices.count, length], symbols: symbols),
      targets: .classes(targets), lengths: isRagged ? lengths : nil)
  }
}

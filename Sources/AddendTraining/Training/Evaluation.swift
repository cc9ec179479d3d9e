internal import AddendData
internal import AddendNetworks
internal import AddendTensors

/// How well a model does on a data set.
public struct Evaluation: Hashable, Sendable {
  /// The mean loss over the rows that count.
  public var loss: Double
  /// The share of rows whose largest output is their class; 0 for targets that are not classes.
  public var accuracy: Double
  public var rows: Int

  /// `e^loss`: what language models are judged by.
  public var perplexity: Double { Math.exp(loss) }

  public init(loss: Double, accuracy: Double, rows: Int) {
    self.loss = loss
    self.accuracy = accuracy
    self.rows = rows
  }
}

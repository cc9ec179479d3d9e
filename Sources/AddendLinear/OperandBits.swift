/// How wide the operands of a map's products are.
public struct OperandBits: Hashable, Sendable {
  public var weights: Int
  public var activations: Int

  public init(weights: Int, activations: Int) {
    self.weights = weights
    self.activations = activations
  }
}

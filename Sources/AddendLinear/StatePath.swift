/// Where a walk over a model's state stands: `residual2/convolution1`.
public struct StatePath: Sendable {
  private var names: [String] = []

  public init() {}

  public mutating func enter(_ name: String) { names.append(name) }
  public mutating func leave() { names.removeLast() }

  /// The path of the state called `name` here.
  public func appending(_ name: String) -> String {
    names.isEmpty ? name : location + "/" + name
  }

  /// The path of the layer or map that is being walked over; empty at the top.
  public var location: String { names.joined(separator: "/") }
}

/// The extents of a tensor, outermost axis first.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public private(set) var extents: [Int]

  public init(_ extents: [Int]) {
    precondition(extents.allSatisfy { $0 >= 0 }, "extents are not negative")
    self.extents = extents
  }

  public init(arrayLiteral extents: Int...) { self.init(extents) }

  /// The number of axes.
  public var rank: Int { extents.count }

  /// The number of elements; 1 for a scalar's empty shape.
  public var count: Int { extents.reduce(1, *) }

  public subscript(axis: Int) -> Int { extents[axis] }

  public var first: Int? { extents.first }
  public var last: Int? { extents.last }

  /// The shape without its outermost axis: one example's shape in a batch.
  public var element: Shape { Shape(Array(extents.dropFirst())) }

  /// This shape with another axis outside: a batch of `count` such elements.
  public func batched(_ count: Int) -> Shape { Shape([count] + extents) }

  /// `28×28×1`.
  public var description: String {
    extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: "×")
  }
}

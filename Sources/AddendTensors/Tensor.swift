internal import AddendKernels

/// A dense array of numbers, row-major: the last axis lies contiguously.
///
/// A value: copies share memory until one of them is written. The memory lies on a 64-byte border.
/// Images are `[batch, height, width, channels]`, sequences `[batch, time, features]`.
public struct Tensor<Scalar: TensorScalar>: Sendable {
  public private(set) var shape: Shape
  private var buffer: AlignedBuffer<Scalar>

  /// A tensor whose elements `fill` writes; what it leaves out holds anything.
  public init(_ shape: Shape, fill: (inout MutableSpan<Scalar>) -> Void) {
    self.shape = shape
    buffer = AlignedBuffer(uninitializedCount: shape.count)
    var span = buffer.uniqueSpan
    fill(&span)
  }

  /// A tensor with one value everywhere.
  public init(_ shape: Shape, repeating value: Scalar = .zero) {
    self.init(shape) { Scalar.fill(&$0, with: value) }
  }

  /// A tensor of the numbers given in row-major order.
  public init(_ shape: Shape, _ elements: [Scalar]) {
    precondition(elements.count == shape.count, "\(elements.count) elements for \(shape)")
    self.init(shape) { span in for i in elements.indices { span[i] = elements[i] } }
  }

  /// The same numbers in another format, rounded as that format rounds.
  public init<Other>(_ other: Tensor<Other>) {
    if let same = other as? Tensor<Scalar> {
      self = same
    } else {
      let source = other.span
      self.init(other.shape) { span in
        for i in source.indices { span[i] = Scalar(source[i].double) }
      }
    }
  }

  /// The number of elements.
  public var count: Int { buffer.count }

  public var span: Span<Scalar> {
    @_lifetime(borrow self) get { buffer.span }
  }

  /// The elements for writing; copies them first when another tensor shares them.
  public var mutableSpan: MutableSpan<Scalar> {
    @_lifetime(&self) mutating get {
      if !isKnownUniquelyReferenced(&buffer) { buffer = buffer.copy() }
      let buffer = buffer
      // Safe: self is borrowed for writing, and holds the memory.
      return unsafe _overrideLifetime(buffer.uniqueSpan, mutating: &self)
    }
  }

  /// The elements in row-major order.
  public var elements: [Scalar] {
    let span = span
    return span.indices.map { span[$0] }
  }

  /// The element at one index per axis.
  public subscript(indices: Int...) -> Scalar {
    get { span[offset(indices)] }
    set {
      let offset = offset(indices)
      var span = mutableSpan
      span[offset] = newValue
    }
  }

  private func offset(_ indices: [Int]) -> Int {
    precondition(indices.count == shape.rank, "one index per axis")
    return zip(indices, shape.extents).reduce(0) { offset, pair in
      precondition(0..<pair.1 ~= pair.0, "index \(pair.0) of an axis of \(pair.1)")
      return offset * pair.1 + pair.0
    }
  }

  /// The same elements under another shape of as many.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) does not reshape to \(shape)")
    var copy = self
    copy.shape = shape
    return copy
  }

  /// Seen as a matrix: the last axis against all others.
  public var rows: Int { shape.last.map { $0 == 0 ? 0 : count / $0 } ?? 1 }
}

extension Tensor: Equatable {
  /// Same shape, same elements; NaN equals nothing.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.shape == b.shape else { return false }
    let (x, y) = (a.span, b.span)
    return x.indices.allSatisfy { x[$0] == y[$0] }
  }
}

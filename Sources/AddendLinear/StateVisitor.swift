public import AddendTensors

/// Walks over everything that a model is made of, by name, in a fixed order.
///
/// Optimizers visit parameters; archives and checkpoints visit all three kinds. Names are stable:
/// files, optimizer state and reductions over ranks depend on them.
public protocol StateVisitor<Scalar> {
  associatedtype Scalar: TensorScalar
  /// A tensor that gradients train.
  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String)
  /// Numbers that change otherwise: running statistics, prototypes, thresholds, tables.
  mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String)
  /// Integers: codes, columns, counters.
  mutating func visit(_ integers: inout IntegerState, named name: String)
  /// Opens and closes a level of names: `dense1` around `weight` makes `dense1/weight`.
  mutating func enter(_ name: String)
  mutating func leave()
}

extension StateVisitor {
  public mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String) {}
  public mutating func visit(_ integers: inout IntegerState, named name: String) {}
  public mutating func enter(_ name: String) {}
  public mutating func leave() {}
}

/// Integers of one width, shaped: what codes and int8 tables are made of, in memory and on disk.
public struct IntegerState: Hashable, Sendable {
  /// How an element is stored.
  public enum Width: String, Hashable, Sendable, CaseIterable {
    case int8, uint8, int16, uint16, int32, int64

    public var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .int16, .uint16: 2
      case .int32: 4
      case .int64: 8
      }
    }

    public var range: ClosedRange<Int> {
      switch self {
      case .int8: -128...127
      case .uint8: 0...255
      case .int16: -32768...32767
      case .uint16: 0...65535
      case .int32: Int(Int32.min)...Int(Int32.max)
      case .int64: Int.min...Int.max
      }
    }
  }

  public var width: Width
  public var shape: Shape
  public var values: [Int]

  public init(_ width: Width, _ shape: Shape, _ values: [Int]) {
    precondition(values.count == shape.count, "\(values.count) integers for \(shape)")
    precondition(values.allSatisfy(width.range.contains), "integers fit \(width.rawValue)")
    self.width = width
    self.shape = shape
    self.values = values
  }
}

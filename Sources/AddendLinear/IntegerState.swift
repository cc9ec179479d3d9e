public import AddendTensors

/// Integers of one width, shaped: what codes and int8 tables are made of, in memory and on disk.
public struct IntegerState: Hashable, Sendable {
  /// How an element is stored; below a byte, several share one, the first in its lowest bits.
  public enum Width: String, Hashable, Sendable, CaseIterable {
    case uint1, uint2, uint4, int8, uint8, int16, uint16, int32, int64

    public var bitCount: Int {
      switch self {
      case .uint1: 1
      case .uint2: 2
      case .uint4: 4
      case .int8, .uint8: 8
      case .int16, .uint16: 16
      case .int32: 32
      case .int64: 64
      }
    }

    public var range: ClosedRange<Int> {
      switch self {
      case .uint1: 0...1
      case .uint2: 0...3
      case .uint4: 0...15
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

  /// The bytes that hold the values on disk, the last one padded with zero bits.
  public var byteCount: Int { (values.count * width.bitCount + 7) / 8 }
}

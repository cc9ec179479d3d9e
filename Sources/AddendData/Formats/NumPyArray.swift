/// One array of NumPy's `.npy` format, versions 1 to 3, as numbers in row-major order.
///
/// The format: *NEP 1, A simple file format for NumPy arrays*. Read are `u1`, `i4`, `i8`, `f4` and
/// `f8`, little-endian, in C order.
package struct NumPyArray: Sendable {
  package let extents: [Int]
  package let elements: Elements

  /// The numbers as they were stored, except that `f8` is rounded to the nearest `f4`.
  package enum Elements: Sendable, Equatable {
    case bytes([UInt8])
    case integers([Int64])
    case numbers([Float])
  }

  package init(_ content: [UInt8], path: String) throws(DataError) {
    var reader = ByteReader(content[...], path: path, format: "NumPy")
    guard try reader.bytes(6) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59] else {
      throw reader.malformed("it does not start with \\x93NUMPY")
    }
    let version = try reader.littleEndian(byteCount: 2) & 0xFF
    guard 1...3 ~= version else {
      throw reader.malformed("its version is \(version), expected 1 to 3")
    }
    let headerCount = try reader.littleEndian(byteCount: version == 1 ? 2 : 4)
    let header = NumPyHeader(String(decoding: try reader.bytes(headerCount), as: UTF8.self))
    guard let type = header.value(of: "descr"), let order = header.value(of: "fortran_order"),
      let extents = header.extents
    else { throw reader.malformed("its header lacks descr, fortran_order or shape") }
    guard order == "False" else {
      throw reader.malformed("it is in Fortran order; store numpy.ascontiguousarray of it")
    }
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw reader.malformed("its extents overflow") }
      count = product
    }
    self.extents = extents
    elements = try Self.elements(&reader, type: type, count: count)
  }

  private static func elements(
    _ reader: inout ByteReader, type: String, count: Int
  ) throws(DataError) -> Elements {
    let sizes = ["|u1": 1, "<u1": 1, "<i4": 4, "<i8": 8, "<f4": 4, "<f8": 8]
    guard let size = sizes[type] else {
      throw reader.malformed("its type is '\(type)', expected u1, i4, i8, f4 or f8, little-endian")
    }
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, byteCount == reader.rest.count else {
      throw reader.malformed(
        "\(count) elements of \(size) bytes are promised, \(reader.rest.count) bytes follow")
    }
    let bytes = Array(reader.rest)
    return switch type {
    case "<i4": .integers(load(bytes, as: Int32.self).map { Int64($0) })
    case "<i8": .integers(load(bytes, as: Int64.self))
    case "<f4": .numbers(load(bytes, as: UInt32.self).map { Float(bitPattern: $0) })
    case "<f8": .numbers(load(bytes, as: UInt64.self).map { Float(Double(bitPattern: $0)) })
    default: .bytes(bytes)
    }
  }

  private static func load<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: [UInt8], as type: Integer.Type
  ) -> [Integer] {
    let size = MemoryLayout<Integer>.size
    let span = unsafe bytes.span.bytes
    // Safe: the offset plus the size is at most the count, and every bit pattern is an integer.
    return (0..<bytes.count / size).map { index in
      Integer(
        littleEndian: unsafe span.unsafeLoadUnaligned(fromByteOffset: size * index, as: type))
    }
  }
}

/// The Python dictionary at the head of a `.npy` file:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
private struct NumPyHeader {
  private let text: Substring

  init(_ text: String) { self.text = text[...] }

  /// What stands behind `'key':`.
  private func rest(behind key: String) -> Substring? {
    let parts = text.split(separator: "'\(key)':", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 ? parts[1].drop { $0 == " " } : nil
  }

  /// A word, without its quotation marks if it has any.
  func value(of key: String) -> String? {
    guard let rest = rest(behind: key) else { return nil }
    let word = rest.prefix { $0 != "," && $0 != "}" }
    return word.filter { $0 != "'" && $0 != " " }
  }

  var extents: [Int]? {
    guard let rest = rest(behind: "shape"), rest.first == "(" else { return nil }
    let words = rest.dropFirst().prefix { $0 != ")" }.split(separator: ",")
    let extents = words.compactMap { Int($0.filter { $0 != " " }) }
    return extents.count == words.count && extents.allSatisfy { $0 >= 0 } ? extents : nil
  }
}

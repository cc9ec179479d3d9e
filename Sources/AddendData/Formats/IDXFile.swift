internal import AddendTensors

/// An array of bytes as the MNIST files hold it: big-endian extents, then the elements row-major.
///
/// The format (LeCun, Cortes & Burges, *The MNIST database*): two zero bytes, a byte for the
/// element type (8 is an unsigned byte, the only one read here), a byte for the number of axes, four
/// bytes for each extent.
package struct IDXFile: Equatable, Sendable {
  package let extents: [Int]
  package let elements: [UInt8]

  /// Reads an IDX file, in gzip or bare.
  package init(contentsOf path: String) throws(DataError) {
    try self.init(readBytes(at: path), path: path)
  }

  package init(_ content: [UInt8], path: String) throws(DataError) {
    let isCompressed = content.starts(with: [0x1F, 0x8B])
    let bytes = isCompressed ? try Inflater.gunzip(content, path: path) : content
    var reader = ByteReader(bytes[...], path: path, format: "IDX")
    let magic = try reader.bigEndian()
    guard magic >> 8 == 0x08, case let rank = magic & 0xFF, 1...4 ~= rank else {
      throw reader.malformed(
        "it starts with 0x\(String(magic, radix: 16)), expected 0x801 to 0x804 for bytes")
    }
    var extents: [Int] = []
    var count = 1
    for _ in 0..<rank {
      let extent = try reader.bigEndian()
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw reader.malformed("its extents overflow") }
      count = product
      extents.append(extent)
    }
    guard reader.rest.count == count else {
      throw reader.malformed(
        "\(extents.map(String.init).joined(separator: "×")) elements are promised, "
          + "\(reader.rest.count) bytes follow")
    }
    self.extents = extents
    elements = Array(reader.rest)
  }
}

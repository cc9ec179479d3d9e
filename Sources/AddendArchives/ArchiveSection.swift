internal import AddendKernels
public import AddendTensors

/// What an archive says of one section ahead of its bytes.
public struct ArchiveSection: Hashable, Sendable {
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// JSON text in UTF-8.
    case document = 1
    /// A tensor that gradients train.
    case parameter = 2
    /// Any other tensor.
    case numbers = 3
    case integers = 4
    /// Whatever its owner makes of it.
    case bytes = 5
  }

  public let name: String
  public let kind: Kind
  /// What one element is: `float32`, `int8`, `json`.
  public let element: String
  public let shape: Shape
  /// The size of the payload.
  public let byteCount: Int

  init(_ kind: Kind, _ name: String, of element: String, _ shape: Shape, byteCount: Int) {
    precondition(
      !name.isEmpty && name.utf8.count <= Int(UInt16.max) && element.utf8.count <= Int(UInt8.max)
        && shape.rank <= ArchiveFormat.rankLimit, "a section's name and rank fit its header")
    self.name = name
    self.kind = kind
    self.element = element
    self.shape = shape
    self.byteCount = byteCount
  }

  /// `float32 784×300`.
  public var contentDescription: String { "\(kind) of \(element), shape \(shape)" }

  /// The size of the header of a section that begins at `position`, padding included: the payload
  /// begins at a multiple of `ArchiveFormat.alignment`.
  func headerByteCount(at position: Int) -> Int {
    let end = position + 28 + 8 * shape.rank + element.utf8.count + name.utf8.count
    let alignment = ArchiveFormat.alignment
    return (end + alignment - 1) / alignment * alignment - position
  }

  /// The header as `docs/archive-format.md` lays it out.
  func header(at position: Int, payloadChecksum: UInt32) -> [UInt8] {
    let count = headerByteCount(at: position)
    var header: [UInt8] = []
    header.reserveCapacity(count)
    header.append(littleEndian: UInt32(count))
    header += [kind.rawValue, UInt8(shape.rank), UInt8(element.utf8.count), 0]
    header.append(littleEndian: UInt16(name.utf8.count))
    header += [0, 0]
    header.append(littleEndian: payloadChecksum)
    header.append(littleEndian: UInt64(byteCount))
    for extent in shape.extents { header.append(littleEndian: UInt64(extent)) }
    header += Array(element.utf8) + Array(name.utf8)
    header += [UInt8](repeating: 0, count: count - 4 - header.count)
    header.append(littleEndian: crc32(header.span))
    return header
  }

  /// The section whose `header`, checksum verified, begins at `position`.
  init(header: ArraySlice<UInt8>, at position: Int) throws(ArchiveError) {
    let part = "the section header at byte \(position)"
    var reader = LittleEndianReader(header)
    reader.skip(4)
    guard let kind = Kind(rawValue: reader.next(UInt8.self)) else {
      throw .malformed(part: part, reason: "its kind is unknown")
    }
    let rank = Int(reader.next(UInt8.self))
    let elementCount = Int(reader.next(UInt8.self))
    reader.skip(1)
    let nameCount = Int(reader.next(UInt16.self))
    reader.skip(6)
    let byteCount = reader.next(UInt64.self)
    guard rank <= ArchiveFormat.rankLimit, nameCount > 0,
      reader.remaining >= 8 * rank + elementCount + nameCount + 4
    else { throw .malformed(part: part, reason: "its lengths do not fit") }
    let extents = (0..<rank).map { _ in reader.next(UInt64.self) }
    guard let shape = Shape(checking: extents), let byteCount = Int(exactly: byteCount) else {
      throw .malformed(part: part, reason: "it describes more than memory can hold")
    }
    guard let element = String(validating: reader.take(elementCount), as: UTF8.self),
      let name = String(validating: reader.take(nameCount), as: UTF8.self)
    else { throw .malformed(part: part, reason: "its name is not UTF-8") }
    self.init(kind, name, of: element, shape, byteCount: byteCount)
    // One content, one encoding: padding and reserved bytes are 0, and there are no more than needed.
    guard let checksum = UInt32(littleEndian: header.dropFirst(12)),
      header.elementsEqual(self.header(at: position, payloadChecksum: checksum))
    else { throw .malformed(part: part, reason: "its padding is not as it should be") }
  }
}

extension Shape {
  /// A file's extents, or `nil` where their product exceeds what any memory holds.
  init?(checking extents: [UInt64]) {
    var product = 1
    for extent in extents {
      guard let extent = Int(exactly: extent) else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(1, extent))
      guard !overflow, next <= 1 << 48 else { return nil }
      product = next
    }
    self.init(extents.map { Int($0) })
  }
}

public import AddendCatalogue
internal import AddendFiles
internal import AddendKernels
public import AddendLinear
public import AddendTensors

/// A `.addend` file that was read and found whole: every checksum fits.
///
/// It keeps the file's bytes and decodes a section when asked for it.
public struct Archive: Sendable {
  /// In the file's order; no two share a name.
  public let sections: [ArchiveSection]
  private let contents: [UInt8]
  private let places: [String: (section: ArchiveSection, payload: Range<Int>)]

  /// - Throws: `ArchiveError`: `foreign`, `newer`, `truncated`, `altered` or `malformed`.
  public init(_ contents: [UInt8]) throws(ArchiveError) {
    try Self.checkFileHeader(contents)
    var sections: [ArchiveSection] = []
    var places: [String: (section: ArchiveSection, payload: Range<Int>)] = [:]
    var position = ArchiveFormat.fileHeaderByteCount
    var headerChecksums: UInt32 = 0
    while true {
      let length = try Self.length(at: position, in: contents)
      if length == 0 { break }
      let header = contents[position..<position + length]
      let section = try ArchiveSection(header: header, at: position)
      position += length
      guard section.byteCount <= contents.count - position else {
        throw .truncated(byteCount: contents.count)
      }
      let payload = position..<position + section.byteCount
      guard UInt32(littleEndian: header.dropFirst(12)) == crc32(contents.span.extracting(payload))
      else { throw .altered(part: "the section '\(section.name)'") }
      guard places.updateValue((section, payload), forKey: section.name) == nil else {
        throw .malformed(part: "the archive", reason: "two sections are called '\(section.name)'")
      }
      headerChecksums = crc32(
        contents.span.extracting(header.indices).extracting(last: 4), after: headerChecksums)
      sections.append(section)
      position = payload.upperBound
    }
    let marker = ArchiveFormat.endMarker(
      sectionCount: sections.count, headerChecksums: headerChecksums)
    guard contents.count - position >= marker.count else {
      throw .truncated(byteCount: contents.count)
    }
    guard contents[position...].starts(with: marker) else {
      throw .altered(part: "the end marker")
    }
    guard contents.count == position + marker.count else {
      throw .malformed(part: "the archive", reason: "more follows its end marker")
    }
    self.sections = sections
    self.contents = contents
    self.places = places
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: as `init(_:)`, and `ArchiveError.file`.
  public init(contentsOf path: String, byteLimit: Int = 1 << 36) throws(ArchiveError) {
    try self.init(
      onFile { () throws(FileError) in try readFile(at: path, byteLimit: byteLimit) })
  }

  private static func checkFileHeader(_ contents: [UInt8]) throws(ArchiveError) {
    let magic = ArchiveFormat.magic
    guard contents.starts(with: magic.prefix(contents.count)) else {
      throw .foreign(expected: "an .addend archive")
    }
    guard contents.count >= ArchiveFormat.fileHeaderByteCount,
      let version = UInt32(littleEndian: contents[magic.count...]),
      let checksum = UInt32(littleEndian: contents[(magic.count + 4)...])
    else { throw .truncated(byteCount: contents.count) }
    guard checksum == crc32(contents.span.extracting(first: magic.count + 4)) else {
      throw .altered(part: "the file header")
    }
    guard version == ArchiveFormat.version else {
      throw .newer(version: Int(version), supported: ArchiveFormat.version)
    }
  }

  /// The length of the header at `position`, its checksum verified; 0 at the end marker.
  private static func length(at position: Int, in contents: [UInt8]) throws(ArchiveError) -> Int {
    guard let number = UInt32(littleEndian: contents[position...]) else {
      throw .truncated(byteCount: contents.count)
    }
    let length = Int(number)
    if length == 0 { return 0 }
    let part = "the section header at byte \(position)"
    guard 28...ArchiveFormat.headerByteLimit ~= length else { throw .altered(part: part) }
    guard length <= contents.count - position else {
      throw .truncated(byteCount: contents.count)
    }
    let body = position..<position + length - 4
    guard
      UInt32(littleEndian: contents[body.upperBound...])
        == crc32(contents.span.extracting(body))
    else { throw .altered(part: part) }
    return length
  }

  public subscript(name: String) -> ArchiveSection? { places[name]?.section }

  /// - Throws: `ArchiveError.missing`, `mismatch` or `document`.
  public func document(_ name: String) throws(ArchiveError) -> JSONValue {
    let payload = try payload(of: name, expecting: "a document") { $0.kind == .document }
    do throws(JSONError) {
      return try JSONValue(parsing: Array(contents[payload]))
    } catch {
      throw .document(section: name, error)
    }
  }

  /// The tensor as it was written, bit for bit, parameter or not.
  ///
  /// - Throws: `ArchiveError.missing`, or `mismatch` where the elements are of another format.
  public func tensor<Scalar: TensorScalar>(
    _ name: String, of scalar: Scalar.Type
  ) throws(ArchiveError) -> Tensor<Scalar> {
    let payload = try payload(of: name, expecting: "a tensor of \(Scalar.formatName)") {
      [.parameter, .numbers].contains($0.kind) && $0.element == Scalar.formatName
    }
    guard let shape = self[name]?.shape,
      payload.count == shape.count * MemoryLayout<Scalar>.stride
    else {
      throw .malformed(part: "the section '\(name)'", reason: "its size does not fit its shape")
    }
    let source = contents.span.extracting(payload)
    return Tensor(shape) { copyBytes(source, to: &$0) }
  }

  /// - Throws: `ArchiveError.missing`, `mismatch` or `malformed`.
  public func integers(_ name: String) throws(ArchiveError) -> IntegerState {
    let payload = try payload(of: name, expecting: "integers") { $0.kind == .integers }
    guard let section = self[name], let width = IntegerState.Width(rawValue: section.element),
      let integers = IntegerState(width, section.shape, packed: contents[payload])
    else {
      throw .malformed(
        part: "the section '\(name)'", reason: "its size does not fit its shape or its last bits")
    }
    return integers
  }

  /// The payload of an opaque section.
  ///
  /// - Throws: `ArchiveError.missing` or `mismatch`.
  public func bytes(_ name: String) throws(ArchiveError) -> [UInt8] {
    Array(contents[try payload(of: name, expecting: "bytes") { $0.kind == .bytes }])
  }

  private func payload(
    of name: String, expecting expected: String, where isFit: (ArchiveSection) -> Bool
  ) throws(ArchiveError) -> Range<Int> {
    guard let place = places[name] else { throw .missing(section: name) }
    guard isFit(place.section) else {
      throw .mismatch(
        section: name, expected: expected, found: place.section.contentDescription)
    }
    return place.payload
  }
}

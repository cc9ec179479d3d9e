public import AddendCatalogue
public import AddendFiles
internal import AddendKernels
public import AddendLinear
public import AddendTensors

/// Where an archive's bytes go, in order.
public protocol ByteSink: ~Copyable {
  mutating func append(_ bytes: Span<UInt8>) throws(FileError)
}

extension AtomicFile: ByteSink {}

/// Bytes kept in memory: to send an archive elsewhere than to a file.
public struct MemorySink: ByteSink {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func append(_ bytes: Span<UInt8>) throws(FileError) {
    self.bytes.reserveCapacity(self.bytes.count + bytes.count)
    for i in bytes.indices { self.bytes.append(bytes[i]) }
  }
}

/// Writes an archive section by section, holding no more than one packed section in memory.
///
/// Equal sections in equal order make equal bytes: there is no date and no chance in a file.
public struct ArchiveWriter<Sink: ByteSink & ~Copyable>: ~Copyable {
  private var sink: Sink
  private var position = 0
  private var names: Set<String> = []
  private var headerChecksums: UInt32 = 0

  /// - Throws: `ArchiveError.file`, as every method does.
  public init(_ sink: consuming Sink) throws(ArchiveError) {
    self.sink = sink
    try emit(ArchiveFormat.fileHeader.span)
  }

  public mutating func write(_ document: JSONValue, named name: String) throws(ArchiveError) {
    let text = Array(document.text().utf8)
    try write(ArchiveSection(documentOf: text.count, named: name), text.span)
  }

  /// Writes `tensor` bit for bit.
  public mutating func write<Scalar>(
    _ tensor: Tensor<Scalar>, named name: String, isParameter: Bool = false
  ) throws(ArchiveError) {
    let section = ArchiveSection(tensor, named: name, isParameter: isParameter)
    try write(section, bytes(of: tensor.span))
  }

  public mutating func write(
    _ integers: IntegerState, named name: String
  ) throws(ArchiveError) {
    try write(ArchiveSection(integers, named: name), integers.packed.span)
  }

  public mutating func write(_ bytes: Span<UInt8>, named name: String) throws(ArchiveError) {
    let section = ArchiveSection(
      .bytes, name, of: "uint8", [bytes.count], byteCount: bytes.count)
    try write(section, bytes)
  }

  /// Writes the end marker; a file still wants its `commit`.
  public consuming func finish() throws(ArchiveError) -> Sink {
    let marker = ArchiveFormat.endMarker(
      sectionCount: names.count, headerChecksums: headerChecksums)
    try emit(marker.span)
    return sink
  }

  private mutating func write(
    _ section: ArchiveSection, _ payload: Span<UInt8>
  ) throws(ArchiveError) {
    precondition(names.insert(section.name).inserted, "two sections are called \(section.name)")
    let header = section.header(at: position, payloadChecksum: crc32(payload))
    headerChecksums = crc32(header.span.extracting(last: 4), after: headerChecksums)
    try emit(header.span)
    try emit(payload)
  }

  private mutating func emit(_ bytes: Span<UInt8>) throws(ArchiveError) {
    do throws(FileError) { try sink.append(bytes) } catch { throw .file(error) }
    position += bytes.count
  }
}

extension ArchiveSection {
  init(documentOf byteCount: Int, named name: String) {
    self.init(.document, name, of: "json", [byteCount], byteCount: byteCount)
  }

  init<Scalar>(_ tensor: Tensor<Scalar>, named name: String, isParameter: Bool) {
    self.init(
      isParameter ? .parameter : .numbers, name, of: Scalar.formatName, tensor.shape,
      byteCount: tensor.count * MemoryLayout<Scalar>.stride)
  }

  init(_ integers: IntegerState, named name: String) {
    self.init(
      .integers, name, of: integers.width.rawValue, integers.shape, byteCount: integers.byteCount)
  }
}

/// Puts an archive at `path`, whole or not at all.
public func writeArchive(
  to path: String,
  _ body: (inout ArchiveWriter<AtomicFile>) throws(ArchiveError) -> Void
) throws(ArchiveError) {
  let file = try onFile { () throws(FileError) in try AtomicFile(replacing: path) }
  var writer = try ArchiveWriter(file)
  try body(&writer)
  let written = try writer.finish()
  do throws(FileError) { try written.commit() } catch { throw .file(error) }
}

/// The bytes of an archive.
public func archiveBytes(
  _ body: (inout ArchiveWriter<MemorySink>) throws(ArchiveError) -> Void
) throws(ArchiveError) -> [UInt8] {
  var writer = try ArchiveWriter(MemorySink())
  try body(&writer)
  return try writer.finish().bytes
}

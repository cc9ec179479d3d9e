public import AddendCatalogue
internal import AddendFiles
internal import AddendKernels
public import AddendTensors

/// A safetensors file (huggingface/safetensors): 8 bytes of header length, a JSON header with each
/// tensor's format, shape and place, then the tensors, little-endian and row-major.
///
/// It keeps the file's bytes and converts a tensor when asked for it. As the format demands, the
/// tensors must cover the data without gaps and overlaps. A safetensors file has no checksums:
/// damage to the numbers themselves goes unseen.
public struct SafetensorsFile: Sendable {
  /// The number formats that are read.
  public enum Format: String, Sendable, CaseIterable {
    case f64 = "F64"
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u8 = "U8"

    var byteCount: Int {
      switch self {
      case .f64, .i64: 8
      case .f32, .i32: 4
      case .f16, .bf16, .i16: 2
      case .i8, .u8: 1
      }
    }
  }

  public struct Entry: Hashable, Sendable {
    public let name: String
    public let format: Format
    public let shape: Shape
    /// Where in the file the numbers lie.
    let place: Range<Int>
  }

  /// In the order in which their numbers lie in the file.
  public let entries: [Entry]
  /// The file's own notes, text by name.
  public let metadata: JSONObject
  private let contents: [UInt8]
  private let indices: [String: Int]

  /// The header's longest length, as the format's own reader has it.
  static let headerByteLimit = 100_000_000

  /// Reads the file at `path`.
  ///
  /// - Throws: as `init(_:)`, and `ArchiveError.file`.
  public init(contentsOf path: String, byteLimit: Int = 1 << 36) throws(ArchiveError) {
    try self.init(
      onFile { () throws(FileError) in try readFile(at: path, byteLimit: byteLimit) })
  }

  /// - Throws: `ArchiveError`: `foreign`, `truncated`, `document` or `malformed`.
  public init(_ contents: [UInt8]) throws(ArchiveError) {
    guard contents.count >= 8, let length = UInt64(littleEndian: contents[...]),
      length >= 2, length <= Self.headerByteLimit,
      contents.count == 8 || contents[8] == UInt8(ascii: "{")
    else { throw .foreign(expected: "a safetensors file") }
    let dataStart = 8 + Int(length)
    guard dataStart <= contents.count else { throw .truncated(byteCount: contents.count) }
    let header: JSONValue
    do throws(JSONError) {
      header = try JSONValue(parsing: Array(contents[8..<dataStart]))
    } catch {
      throw .document(section: "header", error)
    }
    var entries: [Entry] = []
    var metadata = JSONObject()
    for member in header.objectValue?.members ?? [] {
      if member.key == "__metadata__" {
        metadata = member.value.objectValue ?? JSONObject()
      } else {
        entries.append(try Self.entry(member.key, member.value, dataStart: dataStart))
      }
    }
    entries.sort {
      ($0.place.lowerBound, $0.place.upperBound) < ($1.place.lowerBound, $1.place.upperBound)
    }
    var end = dataStart
    for entry in entries {
      guard entry.place.lowerBound == end else {
        throw Self.malformed(entry.name, "its data overlaps or leaves a gap")
      }
      end = entry.place.upperBound
    }
    guard end <= contents.count else { throw .truncated(byteCount: contents.count) }
    guard end == contents.count else {
      throw .malformed(part: "the file", reason: "it has data that belongs to no tensor")
    }
    self.entries = entries
    self.metadata = metadata
    self.contents = contents
    indices = Dictionary(uniqueKeysWithValues: entries.indices.map { (entries[$0].name, $0) })
  }

  private static func malformed(_ name: String, _ reason: String) -> ArchiveError {
    .malformed(part: "the tensor '\(name)'", reason: reason)
  }

  private static func entry(
    _ name: String, _ json: JSONValue, dataStart: Int
  ) throws(ArchiveError) -> Entry {
    guard let text = json["dtype"]?.textValue else {
      throw malformed(name, "it has no 'dtype'")
    }
    guard let format = Format(rawValue: text) else {
      let known = Format.allCases.map(\.rawValue).joined(separator: ", ")
      throw malformed(name, "its dtype is \(text), expected one of \(known)")
    }
    guard let axes = json["shape"]?.arrayValue,
      let shape = Shape(
        checking: axes.compactMap { $0.integerValue.flatMap(UInt64.init(exactly:)) }),
      shape.rank == axes.count
    else { throw malformed(name, "its 'shape' is not a list of extents") }
    let offsets = json["data_offsets"]?.arrayValue?.map(\.integerValue) ?? []
    guard offsets.count == 2, let start = offsets[0], let end = offsets[1],
      start >= 0, end >= start, end <= 1 << 52
    else { throw malformed(name, "its 'data_offsets' are not two ascending positions") }
    guard end - start == shape.count * format.byteCount else {
      throw malformed(name, "\(end - start) bytes do not hold \(text) numbers of shape \(shape)")
    }
    return Entry(
      name: name, format: format, shape: shape, place: dataStart + start..<dataStart + end)
  }

  public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

  /// The tensor called `name` in float32: F32 bit for bit, F16, BF16 and 8- and 16-bit integers
  /// exactly, the others rounded to nearest.
  ///
  /// - Throws: `ArchiveError.missing`.
  public func tensor(_ name: String) throws(ArchiveError) -> Tensor<Float> {
    guard let entry = self[name] else { throw .missing(section: name) }
    let source = contents.span.extracting(entry.place)
    switch entry.format {
    case .f32: return Tensor(entry.shape) { copyBytes(source, to: &$0) }
    case .f64: return convert(source, entry.shape, from: Double.self) { Float($0) }
    case .f16: return convert(source, entry.shape, from: UInt16.self) { Float(halfBits: $0) }
    case .bf16:
      return convert(source, entry.shape, from: UInt16.self) { BFloat16(bitPattern: $0).float }
    case .i64: return convert(source, entry.shape, from: Int64.self) { Float($0) }
    case .i32: return convert(source, entry.shape, from: Int32.self) { Float($0) }
    case .i16: return convert(source, entry.shape, from: Int16.self) { Float($0) }
    case .i8: return convert(source, entry.shape, from: Int8.self) { Float($0) }
    case .u8: return convert(source, entry.shape, from: UInt8.self) { Float($0) }
    }
  }

  private func convert<Number: BitwiseCopyable>(
    _ source: Span<UInt8>, _ shape: Shape, from zero: Number.Type, _ number: (Number) -> Float
  ) -> Tensor<Float> {
    let size = MemoryLayout<Number>.size
    return Tensor(shape) { span in
      for i in span.indices {
        // Safe: the entry's size was checked, and every pattern of bits is a number.
        let bits = unsafe source.bytes.unsafeLoadUnaligned(
          fromByteOffset: i * size, as: Number.self)
        span[i] = number(bits)
      }
    }
  }
}

extension Float {
  /// The value of IEEE 754 binary16 `bits`; exact, NaN payloads kept.
  init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // Subnormals: the fraction counts steps of 2⁻²⁴.
      let magnitude = Float(fraction) * 0x1p-24
      self = Float(bitPattern: magnitude.bitPattern | sign)
    case 31: self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}

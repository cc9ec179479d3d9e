public import AddendCodebooks
public import AddendFiles

/// Why a table could not be built or read.
public enum TableError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Words of another size than the operation on such blocks takes.
  case wordSize(what: String, expected: Int, found: Int)
  /// Words whose results float32 may not hold.
  case beyondFloats(operation: String)
  /// More multiply-adds than the time allowed.
  case tooLong(seconds: Double, limit: Double, multiplyAdds: Double)
  case tooLarge(bytes: Double, available: Int)
  case tooMuchMemory(bytes: Double, available: Int)
  /// The system did not grant the memory.
  case memoryRefused(bytes: Double)
  case stopped(rows: Int, of: Int)
  /// What lies in the way of a build is the beginning of another table.
  case otherBeginning(path: String)
  case foreign
  case newer(version: Int, supported: Int)
  case truncated(found: Int, expected: Int)
  case altered(part: String)
  /// Whole, but not what such a file may hold.
  case malformed(reason: String)
  /// The table was built from other words than the ones it is to be used with.
  case otherCodebook(what: String)
  case codebook(CodebookError)
  case file(FileError)

  public var description: String {
    switch self {
    case .wordSize(let what, let expected, let found):
      "\(what) have \(found) numbers each, but blocks of this table want \(expected)"
    case .beyondFloats(let operation):
      "the words are so large that their \(operation) may be beyond float32"
    case .tooLong(let seconds, let limit, let multiplyAdds):
      "building this table would take \(rounded(multiplyAdds)) multiply-adds, about \(Self.span(seconds)) here, and \(Self.span(limit)) are allowed"
    case .tooLarge(let bytes, let available):
      "this table would take \(rounded(bytes)) bytes, and \(available) are free on the disk"
    case .tooMuchMemory(let bytes, let available):
      "building this table would take \(rounded(bytes)) bytes of memory, and \(available) are allowed"
    case .memoryRefused(let bytes):
      "the system refuses \(rounded(bytes)) bytes of memory for the table"
    case .stopped(let rows, let count):
      "stopped after \(rows) of \(count) rows; the same build goes on from there"
    case .otherBeginning(let path):
      "'\(path)' is the beginning of another table; remove it, or name another output"
    case .foreign: "this is not a table of products"
    case .newer(let version, let supported):
      "the table's format is version \(version), and this program reads version \(supported)"
    case .truncated(let found, let expected):
      "the table is cut off: it has \(found) of \(expected) bytes"
    case .altered(let part): "the table is damaged: \(part) does not fit its checksum"
    case .malformed(let reason): "this is not a valid table: \(reason)"
    case .otherCodebook(let what):
      "the table was built from other \(what): it belongs to another network"
    case .codebook(let error): "\(error)"
    case .file(let error): "\(error)"
    }
  }

  /// `3.1 h`.
  private static func span(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: "\(rounded(seconds)) seconds"
    case ..<7200: "\(rounded(seconds / 60)) minutes"
    case ..<172_800: "\(rounded(seconds / 3600)) hours"
    default: "\(rounded(seconds / 86_400)) days"
    }
  }
}

/// Two significant digits: `2.6e+15`, `14`, `0.3`.
private func rounded(_ value: Double) -> String {
  guard value.isFinite, value > 0 else { return "\(value)" }
  var (mantissa, exponent) = (value, 0)
  while mantissa >= 9.95 {
    mantissa /= 10
    exponent += 1
  }
  while mantissa < 0.995 {
    mantissa *= 10
    exponent -= 1
  }
  let digits = (mantissa * 10).rounded() / 10
  switch exponent {
  case -2...5:
    let scaled = (value * 100).rounded() / 100
    return exponent > 0 ? "\(Int(value.rounded()))" : "\(scaled)"
  default: return "\(digits)e\(exponent < 0 ? "" : "+")\(exponent)"
  }
}

internal import AddendKernels

extension DataStore {
  /// What a file turned out to be.
  public struct FileReport: Sendable, Equatable {
    public enum State: Sendable, Equatable {
      /// Byte for byte the canonical file.
      case canonical
      /// Packed in another way, but the content is the canonical one.
      case repacked
      /// Something else.
      case different(sha256: String)
    }

    public let path: String
    public let state: State
  }

  /// Compares the files of a set with the canonical ones.
  public func verify(
    _ files: FileSet, at location: FileLocation
  ) throws(DataError) -> [FileReport] {
    var reports: [FileReport] = []
    for file in files.layouts[location.layout] {
      let path = location.path(file.name)
      reports.append(FileReport(path: path, state: try Self.state(of: path, file)))
    }
    return reports
  }

  private static func state(
    of path: String, _ file: DataFile
  ) throws(DataError) -> FileReport.State {
    let sha256 = try Download.sha256(of: path)
    if sha256 == file.sha256 { return .canonical }
    guard let content = file.content else { return .different(sha256: sha256) }
    let bytes = try readBytes(at: path)
    let isPacked = bytes.starts(with: [0x1F, 0x8B])
    let unpacked = isPacked ? try Inflater.gunzip(bytes, path: path) : bytes
    let found = DataFile.Content(
      byteCount: unpacked.count, crc32: AddendKernels.crc32(unpacked.span))
    return found == content ? .repacked : .different(sha256: sha256)
  }
}

/// The exact size of an archive and of its sections.
public struct StoredSize: Hashable, Sendable {
  public struct Section: Hashable, Sendable {
    public let section: ArchiveSection
    /// Header, padding and payload.
    public let byteCount: Int
  }

  public let sections: [Section]
  /// The whole file.
  public let byteCount: Int

  public init(_ sections: [ArchiveSection]) {
    var position = ArchiveFormat.fileHeaderByteCount
    self.sections = sections.map { section in
      let count = section.headerByteCount(at: position) + section.byteCount
      position += count
      return Section(section: section, byteCount: count)
    }
    byteCount = position + ArchiveFormat.endMarkerByteCount
  }

  /// The bytes of the sections of one layer: `byteCount(under: "conv1")`.
  public func byteCount(under path: String) -> Int {
    let prefix = "\(ModelSections.statePrefix)\(path)/"
    return sections.reduce(0) { $0 + ($1.section.name.hasPrefix(prefix) ? $1.byteCount : 0) }
  }
}

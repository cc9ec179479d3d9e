/// The files that a data set is read from, and where they come from.
public struct FileSet: Sendable {
  public let name: String
  /// The folders that may hold the files, inside a data directory or the cache; the first is the one
  /// that a download makes. The data directory itself is looked into as well.
  let folders: [String]
  /// Where a distribution's package puts the files.
  let installedFolders: [String]
  /// The ways in which the files may be there, the preferred one first; the last is downloaded.
  let layouts: [[DataFile]]
  /// What to do where nothing is found and nothing can be fetched.
  let remedy: String

  package init(
    _ name: String, folders: [String], installedFolders: [String] = [], layouts: [[DataFile]],
    remedy: String
  ) {
    precondition(!folders.isEmpty && layouts.allSatisfy { !$0.isEmpty }, "a set has files")
    self.name = name
    self.folders = folders
    self.installedFolders = installedFolders
    self.layouts = layouts
    self.remedy = remedy
  }
}

/// One file of a data set.
public struct DataFile: Sendable {
  /// Its canonical name first, then others that it goes by.
  let names: [String]
  /// Where the canonical file can be fetched, one place after the other.
  let addresses: [String]
  /// Of the canonical file.
  let sha256: String
  /// What the canonical file unpacks to, where other packings of it are about.
  let content: Content?

  package struct Content: Equatable, Sendable {
    let byteCount: Int
    let crc32: UInt32

    package init(byteCount: Int, crc32: UInt32) {
      self.byteCount = byteCount
      self.crc32 = crc32
    }
  }

  package init(
    _ names: [String], addresses: [String] = [], sha256: String, content: Content? = nil
  ) {
    precondition(!names.isEmpty, "a file has a name")
    self.names = names
    self.addresses = addresses
    self.sha256 = sha256
    self.content = content
  }

  var name: String { names[0] }
}

/// Where the files of a data set were found.
public struct FileLocation: Sendable, Equatable {
  public let folder: String
  /// Which of the set's layouts is there.
  let layout: Int
  /// By canonical name.
  let paths: [String: String]

  /// The path of the file that has this canonical name.
  func path(_ name: String) -> String {
    guard let path = paths[name] else { preconditionFailure("no file \(name) in this layout") }
    return path
  }

  func has(_ name: String) -> Bool { paths[name] != nil }
}

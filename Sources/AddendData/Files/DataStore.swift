internal import AddendFiles

/// Where data sets' files are looked for, and where they are put when they are fetched.
///
/// In this order: the data directory given (the files in it or in a folder of the set's name), the
/// user's cache (`$XDG_CACHE_HOME/addend`, else `~/.cache/addend`), the folder of a distribution's
/// package, and then the set's canonical addresses. One place must have all files of a set.
public struct DataStore: Sendable {
  public var dataDirectory: String?
  public var cacheDirectory: String
  public var allowsDownloads: Bool
  /// Prepended to the folders of distributions' packages: empty but in tests.
  private let systemRoot: String

  public init(
    dataDirectory: String? = nil, cacheDirectory: String = DataStore.userCache,
    allowsDownloads: Bool = true
  ) {
    self.init(
      dataDirectory: dataDirectory, cacheDirectory: cacheDirectory,
      allowsDownloads: allowsDownloads, systemRoot: "")
  }

  package init(
    dataDirectory: String? = nil, cacheDirectory: String, allowsDownloads: Bool = true,
    systemRoot: String
  ) {
    self.dataDirectory = dataDirectory
    self.cacheDirectory = cacheDirectory
    self.allowsDownloads = allowsDownloads
    self.systemRoot = systemRoot
  }

  /// `$XDG_CACHE_HOME/addend`, else `~/.cache/addend`.
  public static var userCache: String {
    if let cache = Environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      return "\(cache)/addend"
    }
    return "\(Environment["HOME"] ?? ".")/.cache/addend"
  }

  /// The folders that are looked into for `files`, in this order.
  func candidates(for files: FileSet) -> [String] {
    var candidates: [String] = []
    if let dataDirectory {
      candidates += files.folders.map { "\(dataDirectory)/\($0)" } + [dataDirectory]
    }
    candidates += files.folders.map { "\(cacheDirectory)/\($0)" }
    return candidates + files.installedFolders.map { systemRoot + $0 }
  }

  /// Where all of `files` are, or `nil`; nothing is fetched.
  public func locate(_ files: FileSet) -> FileLocation? {
    for folder in candidates(for: files) where isDirectory(at: folder) {
      for (layout, wanted) in files.layouts.enumerated() {
        var paths: [String: String] = [:]
        for file in wanted {
          let path = file.names.lazy.map { "\(folder)/\($0)" }.first { isFile(at: $0) }
          if let path { paths[file.name] = path }
        }
        if paths.count == wanted.count {
          return FileLocation(folder: folder, layout: layout, paths: paths)
        }
      }
    }
    return nil
  }

  /// Where all of `files` are, after they were fetched if they were nowhere.
  /// - Throws: `DataError.notFound`, which says where they were looked for and what helps.
  public func resolve(_ files: FileSet) throws(DataError) -> FileLocation {
    if let location = locate(files) { return location }
    let searched = candidates(for: files)
    guard allowsDownloads else {
      throw .notFound(dataset: files.name, searched: searched, remedy: files.remedy)
    }
    do {
      return try fetch(files)
    } catch .downloadFailed(let address, let reason) {
      throw .notFound(
        dataset: files.name, searched: searched,
        remedy: "\(address) could not be fetched (\(reason)); \(files.remedy)")
    }
  }

  /// Downloads `files` into the user's cache, what is there already excepted.
  @discardableResult
  public func fetch(_ files: FileSet) throws(DataError) -> FileLocation {
    let folder = "\(cacheDirectory)/\(files.folders[0])"
    try accessing { () throws(FileError) in try createDirectory(at: folder) }
    let layout = files.layouts.count - 1
    var paths: [String: String] = [:]
    for file in files.layouts[layout] {
      let path = "\(folder)/\(file.name)"
      if !isFile(at: path) { try Download.fetch(file, to: path) }
      paths[file.name] = path
    }
    return FileLocation(folder: folder, layout: layout, paths: paths)
  }
}

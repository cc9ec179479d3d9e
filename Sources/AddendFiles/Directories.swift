#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Makes the directory at `path`, and those above it, where they are not there yet.
///
/// - Throws: `FileError`, also when something that is no directory is in the way.
public func createDirectory(at path: String) throws(FileError) {
  var partial = path.hasPrefix("/") ? "/" : ""
  for name in path.split(separator: "/") {
    partial += name
    if unsafe mkdir(partial, 0o777) != 0 && errno != EEXIST {
      throw FileError(errno, "creating", partial)
    }
    partial += "/"
  }
  guard isDirectory(at: path.isEmpty ? "." : path) else {
    throw .failed(operation: "creating", path: path, reason: "there is a file of that name")
  }
}

/// Whether a directory is at `path`.
public func isDirectory(at path: String) -> Bool { kind(at: path) == S_IFDIR }

/// Whether a regular file is at `path`.
public func isFile(at path: String) -> Bool { kind(at: path) == S_IFREG }

private func kind(at path: String) -> mode_t? {
  var status = stat()
  return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
}

/// The names in the directory at `path`, in the order of their bytes, but for those that start with
/// a dot.
public func directoryContents(at path: String) throws(FileError) -> [String] {
  guard let stream = unsafe opendir(path) else { throw FileError(errno, "listing", path) }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while let entry = unsafe readdir(stream) {
    // Safe: the entry lives until the next `readdir`, and its name ends with a zero.
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
  return names.sorted()
}

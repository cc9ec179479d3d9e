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

/// The names of what lies in the directory at `path`, in alphabetical order.
///
/// - Throws: `FileError`; `notFound` when there is no such directory.
public func names(inDirectory path: String) throws(FileError) -> [String] {
  guard let stream = unsafe opendir(path) else { throw FileError(errno, "opening", path) }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while true {
    // The end and a failure differ by errno alone, which anything in between may set.
    errno = 0
    guard let entry = unsafe readdir(stream) else { break }
    // Safe: the system terminates the name, and it is copied before the next call.
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." { names.append(name) }
  }
  guard errno == 0 else { throw FileError(errno, "reading", path) }
  return names.sorted()
}

/// Removes the file at `path`; that there is none is no failure.
public func removeFile(at path: String) throws(FileError) {
  guard unsafe unlink(path) == 0 || errno == ENOENT else {
    throw FileError(errno, "removing", path)
  }
}

/// Whether a directory is at `path`.
public func isDirectory(at path: String) -> Bool { kind(at: path) == S_IFDIR }

/// Whether a regular file is at `path`.
public func isFile(at path: String) -> Bool { kind(at: path) == S_IFREG }

/// Of the file at `path`; 0 where there is none.
public func byteCount(ofFileAt path: String) -> Int {
  var status = stat()
  guard isFile(at: path), unsafe stat(path, &status) == 0 else { return 0 }
  return Int(status.st_size)
}

private func kind(at path: String) -> mode_t? {
  var status = stat()
  return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
}

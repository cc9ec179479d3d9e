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
  var status = stat()
  guard unsafe stat(path.isEmpty ? "." : path, &status) == 0 else {
    throw FileError(errno, "creating", path)
  }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    throw .failed(operation: "creating", path: path, reason: "there is a file of that name")
  }
}

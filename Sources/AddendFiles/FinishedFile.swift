#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Gives a file that another program has written its name, once its bytes are on the disk.
///
/// - Throws: `FileError`; what was at `path` is then untouched.
public func publishFile(_ temporaryPath: String, as path: String) throws(FileError) {
  try FileDescriptor.reading(temporaryPath).synchronize()
  guard unsafe rename(temporaryPath, path) == 0 else { throw FileError(errno, "renaming", path) }
}

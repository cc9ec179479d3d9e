#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif
internal import Synchronization

/// A file in the making: it appears at its path whole, or not at all.
///
/// The bytes go to a temporary name in the same directory. `commit` syncs them and renames, which
/// the system does in one step; a value dropped without `commit` leaves what was at the path
/// untouched and removes the temporary file. A symbolic link stays a link: its target is replaced.
public struct AtomicFile: ~Copyable {
  /// What the caller calls the file.
  public let path: String
  private let temporaryPath: String
  private let destination: String
  private let descriptor: FileDescriptor

  /// - Throws: `FileError.notFound` when the directory is missing, `notAFile` when something other
  ///   than a file is at `path`, `notPermitted`, `diskFull`.
  public init(replacing path: String) throws(FileError) {
    let destination = try Self.resolved(path)
    let temporaryPath = Self.freeName(beside: destination)
    descriptor = try FileDescriptor.creating(temporaryPath, calling: path)
    self.path = path
    self.destination = destination
    self.temporaryPath = temporaryPath
  }

  /// Numbers the temporary names of this process, so that none is ever used twice.
  private static let serial = Atomic(0)

  private static func freeName(beside destination: String) -> String {
    while true {
      let number = serial.add(1, ordering: .relaxed).newValue
      let name = "\(destination)\(partialMark)\(getpid())-\(number)"
      // A name that is taken was left by a killed process that had our number.
      if unsafe access(name, F_OK) != 0 { return name }
    }
  }

  private static let partialMark = ".partial-"

  /// The name of the file that the temporary one called `name` was to become; `nil` for names of
  /// other files. Killed processes leave temporary files behind.
  public static func destination(ofPartial name: String) -> String? {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count > 2, parts.suffix(2).allSatisfy({ Int($0) != nil }) else { return nil }
    let stem = parts.dropLast(2).joined(separator: "-") + "-"
    return stem.hasSuffix(partialMark) ? String(stem.dropLast(partialMark.count)) : nil
  }

  /// `path` without symbolic links; a path where nothing is stays as it is.
  private static func resolved(_ path: String) throws(FileError) -> String {
    guard let real = unsafe realpath(path, nil) else {
      guard errno == ENOENT else { throw FileError(errno, "opening", path) }
      return path
    }
    defer { unsafe free(real) }
    var status = stat()
    guard unsafe stat(real, &status) == 0 else { throw FileError(errno, "opening", path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    // Safe: realpath returned a terminated string, freed after this copy.
    return unsafe String(cString: real)
  }

  /// Writes `bytes` after those already written.
  public func append(_ bytes: Span<UInt8>) throws(FileError) { try descriptor.write(bytes) }

  /// Puts the file at its path, on disk.
  public consuming func commit() throws(FileError) {
    try descriptor.synchronize()
    guard unsafe rename(temporaryPath, destination) == 0 else {
      throw FileError(errno, "renaming", path)
    }
    // The new name is on disk once its directory is; some file systems cannot sync a directory.
    let directory = destination.lastIndex(of: "/").map { String(destination[...$0]) } ?? "."
    if let directory = try? FileDescriptor.reading(directory) { try? directory.synchronize() }
  }

  // After a commit the temporary name is gone and removing it does nothing.
  deinit { unsafe unlink(temporaryPath) }
}

/// Replaces the file at `path` by `bytes`, all or nothing.
///
/// - Throws: `FileError`; what was at `path` is then untouched.
public func writeAtomically(_ bytes: Span<UInt8>, to path: String) throws(FileError) {
  let file = try AtomicFile(replacing: path)
  try file.append(bytes)
  try file.commit()
}

/// Replaces the file at `path` by `text` in UTF-8, all or nothing.
///
/// - Throws: `FileError`; what was at `path` is then untouched.
public func writeAtomically(_ text: String, to path: String) throws(FileError) {
  try writeAtomically(text.utf8.span, to: path)
}

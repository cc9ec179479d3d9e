internal import AddendFiles

/// Fetching of single files through the `curl` command.
enum Download {
  /// Fetches `file` from the first of its addresses that has it, so that `path` is either whole and
  /// verified or not there.
  ///
  /// The bytes gather in `path.part`, from where an interrupted download goes on the next time; they
  /// get their name once their SHA-256 is right.
  static func fetch(_ file: DataFile, to path: String) throws(DataError) {
    var failure = DataError.downloadFailed(address: file.name, reason: "it has no public address")
    for address in file.addresses {
      do {
        return try fetch(address, sha256: file.sha256, to: path)
      } catch { failure = error }
    }
    throw failure
  }

  private static func fetch(_ address: String, sha256: String, to path: String) throws(DataError) {
    let part = "\(path).part"
    let resumes = isFile(at: part)
    try curl(address, to: part, resuming: resumes)
    if resumes, try Self.sha256(of: part) != sha256 {
      // What was there before may have been another file's beginning: once more, from the start.
      try accessing { () throws(FileError) in try removeFile(at: part) }
      try curl(address, to: part, resuming: false)
    }
    let found = try Self.sha256(of: part)
    guard found == sha256 else {
      try accessing { () throws(FileError) in try removeFile(at: part) }
      throw .checksumMismatch(path: part, expected: sha256, found: found)
    }
    try accessing { () throws(FileError) in try publishFile(part, as: path) }
  }

  private static func curl(_ address: String, to path: String, resuming: Bool) throws(DataError) {
    let options = [
      "--fail", "--location", "--proto-redir", "=https", "--silent", "--show-error",
      "--connect-timeout", "20", "--speed-limit", "100", "--speed-time", "60",
    ]
    let start = resuming ? ["--continue-at", "-"] : []
    let outcome: ChildProcess.Outcome
    do {
      outcome = try ChildProcess.run(["curl"] + options + start + ["--output", path, address])
    } catch {
      throw .downloadFailed(address: address, reason: "the command curl is not installed")
    }
    // A server that cannot resume (33), or to which the part is already the whole (22 with status
    // 416): the checksum decides what the part is worth.
    if resuming && [22, 33, 36].contains(outcome.status) { return }
    guard outcome.status == 0 else {
      let lines = outcome.output.split(separator: "\n")
      throw .downloadFailed(
        address: address, reason: lines.last.map(String.init) ?? "curl ended with \(outcome.status)"
      )
    }
  }

  /// A file's SHA-256 in hexadecimal digits, by the system's `sha256sum`.
  ///
  /// A command, since it runs once a download: a cryptographic library would be this package's
  /// largest dependency for it.
  static func sha256(of path: String) throws(DataError) -> String {
    let outcome = try ChildProcess.run(["sha256sum", "--", path])
    let digest = outcome.output.split(separator: " ").first.map(String.init) ?? ""
    // A name with odd characters is announced by a backslash before the digest.
    let digits = digest.hasPrefix("\\") ? String(digest.dropFirst()) : digest
    guard outcome.status == 0, digits.count == 64 else {
      throw .command("sha256sum", reason: "it ended with \(outcome.status) on '\(path)'")
    }
    return digits
  }
}

public import AddendFiles

/// A directory of checkpoints, of which the last few are kept.
///
/// Each is an archive of its own, `checkpoint-0000001200.addend`, that appears whole or not at all:
/// a process may be killed at any moment, and what was there before still is. One process at a time
/// writes to a directory.
public struct CheckpointDirectory: Sendable {
  public let path: String
  /// How many checkpoints are kept.
  public let keptCount: Int

  /// A checkpoint that was found.
  public struct Checkpoint: Sendable {
    public let step: Int
    public let archive: Archive
    /// Newer ones that could not be read, newest first, and why.
    public let skipped: [Skipped]
  }

  /// A warning: a checkpoint that is damaged.
  public struct Skipped: Error, Equatable, Sendable, CustomStringConvertible {
    public let path: String
    public let error: ArchiveError

    public var description: String { "the checkpoint '\(path)' was passed over: \(error)" }
  }

  /// Makes the directory where it is not there yet.
  ///
  /// - Throws: `ArchiveError.file`.
  public init(at path: String, keeping keptCount: Int = 3) throws(ArchiveError) {
    precondition(keptCount > 0, "a directory keeps at least one checkpoint")
    try onFile { () throws(FileError) in try createDirectory(at: path) }
    self.path = path
    self.keptCount = keptCount
  }

  /// Writes the checkpoint of `step` with the sections that `body` writes, then removes the oldest
  /// ones beyond `keptCount`, those of later steps (a training that was gone back behind: the one
  /// just written must be the newest), and what killed processes left half-written.
  ///
  /// - Throws: `ArchiveError.file`; the checkpoints that were there still are.
  public func save(
    step: Int, _ body: (inout ArchiveWriter<AtomicFile>) throws(ArchiveError) -> Void
  ) throws(ArchiveError) {
    precondition(step >= 0, "steps are counted from 0")
    try writeArchive(to: file(of: step), body)
    let all = try steps()
    let kept = all.filter { $0 <= step }.suffix(keptCount)
    for step in all where !kept.contains(step) { try remove(Self.name(of: step)) }
    for name in try names() where Self.isPartial(name) { try remove(name) }
  }

  /// The newest checkpoint that is whole; `nil` when there is none at all.
  ///
  /// - Throws: the newest one's `Skipped` when there are checkpoints and all are damaged; `Skipped`
  ///   for the directory when it cannot be read.
  public func newest() throws(Skipped) -> Checkpoint? {
    let steps: [Int]
    do throws(ArchiveError) {
      steps = try self.steps()
    } catch {
      throw Skipped(path: path, error: error)
    }
    var skipped: [Skipped] = []
    for step in steps.reversed() {
      do throws(ArchiveError) {
        let archive = try Archive(contentsOf: file(of: step))
        return Checkpoint(step: step, archive: archive, skipped: skipped)
      } catch {
        skipped.append(Skipped(path: file(of: step), error: error))
      }
    }
    if let newest = skipped.first { throw newest }
    return nil
  }

  /// The steps of the checkpoints that are there, whole or not, in ascending order.
  public func steps() throws(ArchiveError) -> [Int] {
    try names().compactMap(Self.step(of:)).sorted()
  }

  public func file(of step: Int) -> String { "\(path)/\(Self.name(of: step))" }

  private static let prefix = "checkpoint-"
  private static let suffix = ".addend"

  private static func name(of step: Int) -> String {
    let digits = String(step)
    return prefix + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + suffix
  }

  /// The step that a file's name tells; `nil` for files that are none of ours.
  private static func step(of name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix),
      let step = Int(name.dropFirst(prefix.count).dropLast(suffix.count)), step >= 0,
      Self.name(of: step) == name
    else { return nil }
    return step
  }

  private static func isPartial(_ name: String) -> Bool {
    guard let name = AtomicFile.destination(ofPartial: name) else { return false }
    return step(of: name) != nil
  }

  private func names() throws(ArchiveError) -> [String] {
    try onFile { () throws(FileError) in try AddendFiles.names(inDirectory: path) }
  }

  private func remove(_ name: String) throws(ArchiveError) {
    try onFile { () throws(FileError) in try removeFile(at: "\(path)/\(name)") }
  }
}

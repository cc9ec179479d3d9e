internal import AddendTensors

extension LookupMap {
  /// The number of entries in the tables of a frozen map; 0 before.
  public var entryCount: Int { frozen?.entryCount ?? 0 }

  /// The entries `[outputs, blocks, codewords]` of the tables of a frozen map; none before.
  public var entries: [Int8] { frozen?.entries.map { Int8(clamping: $0) } ?? [] }

  /// This frozen map with `difference` added to entries of its tables.
  ///
  /// Entries are numbered output by output, then block by block: as archives store them. They are
  /// int8 and stay within ±127. A map that is not frozen has no entries to change.
  public func changingEntries(by changes: [(entry: Int, difference: Int)]) -> LookupMap {
    precondition(
      changes.allSatisfy { 0..<entryCount ~= $0.entry }, "changes are of entries that there are")
    var map = self
    map.frozen?.change(changes)
    return map
  }
}

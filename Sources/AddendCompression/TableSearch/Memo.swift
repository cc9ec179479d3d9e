internal import Synchronization

/// The results of the last few calls of a function.
///
/// A class, since a search that changes nothing fills it; the lock guards all that it has. Two threads
/// may compute the same value at once: it is the same.
final class Memo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entries {
    var values: [Key: (value: Value, size: Int, lastUse: Int)] = [:]
    var size = 0
    var uses = 0

    mutating func insert(_ value: Value, of key: Key, size: Int) {
      guard values[key] == nil else { return }
      values[key] = (value, size, uses)
      self.size += size
    }

    mutating func removeOldest() {
      guard let oldest = values.min(by: { $0.value.lastUse < $1.value.lastUse })?.key,
        let entry = values.removeValue(forKey: oldest)
      else { return }
      size -= entry.size
    }
  }

  private let limit: Int
  private let size: @Sendable (Value) -> Int
  private let entries = Mutex(Entries())

  /// - Parameters:
  ///   - limit: of the sizes of all values kept; a value beyond it alone is not kept.
  ///   - size: of a value, one for each if left out.
  init(limit: Int, size: @escaping @Sendable (Value) -> Int = { _ in 1 }) {
    self.limit = limit
    self.size = size
  }

  func value<E: Error>(of key: Key, _ compute: () throws(E) -> Value) throws(E) -> Value {
    let known = entries.withLock { entries in
      entries.uses += 1
      entries.values[key]?.lastUse = entries.uses
      return entries.values[key]?.value
    }
    if let known { return known }
    let value = try compute()
    let size = size(value)
    entries.withLock { entries in
      entries.insert(value, of: key, size: size)
      while entries.size > limit { entries.removeOldest() }
    }
    return value
  }
}

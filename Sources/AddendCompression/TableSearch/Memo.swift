internal import Synchronization

/// The results of the last few calls of a function.
///
/// A class, since a search that changes nothing fills it; the lock guards all that it has. Two threads
/// may compute the same value at once: it is the same.
final class Memo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entries {
    var values: [Key: (value: Value, lastUse: Int)] = [:]
    var uses = 0
  }

  private let capacity: Int
  private let entries = Mutex(Entries())

  init(capacity: Int) { self.capacity = capacity }

  func value<E: Error>(of key: Key, _ compute: () throws(E) -> Value) throws(E) -> Value {
    let known = entries.withLock { entries in
      entries.uses += 1
      entries.values[key]?.lastUse = entries.uses
      return entries.values[key]?.value
    }
    if let known { return known }
    let value = try compute()
    entries.withLock { entries in
      if entries.values.count >= capacity,
        let oldest = entries.values.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
      {
        entries.values[oldest] = nil
      }
      entries.values[key] = (value, entries.uses)
    }
    return value
  }
}

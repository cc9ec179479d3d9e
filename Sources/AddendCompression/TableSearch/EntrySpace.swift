internal import AddendKernels
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// The entries of a network's look-up tables as a search space: a genome is what is added to some.
///
/// Entries are int8, differences whole numbers, and few: a genome lists those that are not 0.
public struct EntrySpace: ModelSpace {
  /// Differences by the number of their entry, none of them 0; entries are numbered through all maps.
  public struct Genome: Hashable, Sendable {
    public var differences: [Int: Int]

    public init(differences: [Int: Int]) { self.differences = differences }
  }

  /// The mean number of entries that a mutation changes.
  public let changedEntries: Double
  private let base: Model<Float>
  /// The number of the first entry of each map, and the number of all.
  private let starts: [Int]
  /// Of all entries as they are.
  private let checksum: UInt32

  /// - Throws: `CompressionError.unsuitable` for a model without frozen look-up maps.
  public init(_ model: Model<Float>, changedEntries: Double = 4) throws(CompressionError) {
    precondition(changedEntries >= 1, "a mutation changes something")
    var (counts, copy) = (EntryCounts(), model)
    copy.visitMaps(&counts)
    guard counts.starts.count > 1 else {
      throw .unsuitable(reason: "the network has no look-up tables to search")
    }
    base = model
    starts = counts.starts
    checksum = crc32(counts.bytes.span)
    self.changedEntries = changedEntries
  }

  /// The tables as they are.
  public var given: Genome { Genome(differences: [:]) }

  private var entryCount: Int { starts.last ?? 0 }

  public var identity: String { "entries \(starts) \(checksum), \(changedEntries) changed" }

  public func model(of genome: Genome) throws(CompressionError) -> Model<Float> {
    var model = base
    var change = EntryChange(changes: genome.differences.sorted { $0.key < $1.key }[...])
    model.visitMaps(&change)
    return model
  }

  /// Entries of their own, each changed by up to ±8.
  public func random(using random: inout RandomSource) -> Genome {
    mutated(given, strength: 8, using: &random)
  }

  public func mutated(
    _ genome: Genome, strength: Double, using random: inout RandomSource
  ) -> Genome {
    var genome = genome
    repeat {
      // Twice the reach of an entry is as far as any difference goes.
      let most = max(1, Int(min(8 * strength, 254).rounded()))
      let size = 1 + random.below(most)
      let entry = random.below(entryCount)
      genome.differences[entry, default: 0] += random.uniform() < 0.5 ? size : -size
    } while random.uniform() >= 1 / changedEntries
    return genome
  }

  /// Each entry's difference is either parent's.
  public func crossed(_ a: Genome, _ b: Genome, using random: inout RandomSource) -> Genome {
    var child: [Int: Int] = [:]
    for entry in Set(a.differences.keys).union(b.differences.keys).sorted() {
      child[entry] = random.uniform() < 0.5 ? a.differences[entry] : b.differences[entry]
    }
    return Genome(differences: child)
  }

  public func repaired(_ genome: Genome, using random: inout RandomSource) -> Genome {
    let within = genome.differences.mapValues { min(max($0, -127), 127) }
    return Genome(differences: within.filter { $0.value != 0 })
  }

  public func bytes(of genome: Genome) -> [UInt8] {
    var bytes = NumberBytes()
    for (entry, difference) in genome.differences.sorted(by: { $0.key < $1.key }) {
      bytes.append(UInt32(entry))
      bytes.append(UInt32(bitPattern: Int32(difference)))
    }
    return bytes.bytes
  }

  public func genome(from bytes: [UInt8]) -> Genome? {
    guard let words = NumberBytes.words(bytes), words.count.isMultiple(of: 2) else { return nil }
    var genome = given
    for i in stride(from: 0, to: words.count, by: 2) {
      let (entry, difference) = (Int(words[i]), Int(Int32(bitPattern: words[i + 1])))
      guard entry < entryCount, -127...127 ~= difference, difference != 0,
        genome.differences.updateValue(difference, forKey: entry) == nil
      else { return nil }
    }
    return genome
  }
}

/// Finds where each map's entries begin, and what they are.
private struct EntryCounts: MapVisitor {
  var starts = [0]
  var bytes: [UInt8] = []

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    guard let slot = map as? Slot<LookupMap<Float>>, slot.map.entryCount > 0 else { return }
    starts.append((starts.last ?? 0) + slot.map.entryCount)
    bytes += slot.map.entries.map { UInt8(bitPattern: $0) }
  }
}

/// Adds differences to each map's entries.
private struct EntryChange: MapVisitor {
  /// Those of the maps to come, by ascending numbers.
  var changes: ArraySlice<(key: Int, value: Int)>
  private var start = 0

  init(changes: ArraySlice<(key: Int, value: Int)>) { self.changes = changes }

  mutating func visit(_ map: inout any MapSlot<Float>, _ role: MapRole, named name: String) {
    guard let slot = map as? Slot<LookupMap<Float>>, slot.map.entryCount > 0 else { return }
    let end = start + slot.map.entryCount
    let own = changes.prefix { $0.key < end }
    changes = changes.dropFirst(own.count)
    if !own.isEmpty {
      map = Slot(
        slot.map.changingEntries(by: own.map { (entry: $0.key - start, difference: $0.value) }))
    }
    start = end
  }
}

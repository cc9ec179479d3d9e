internal import AddendLinear
internal import AddendTensors

/// One piece of a model's state under its section's name.
enum StateValue<Scalar: TensorScalar> {
  case parameter(Tensor<Scalar>)
  case numbers(Tensor<Scalar>)
  case integers(IntegerState)

  func section(named name: String) -> ArchiveSection {
    switch self {
    case .parameter(let tensor): ArchiveSection(tensor, named: name, isParameter: true)
    case .numbers(let tensor): ArchiveSection(tensor, named: name, isParameter: false)
    case .integers(let integers): ArchiveSection(integers, named: name)
    }
  }
}

extension StatePath {
  /// The section of the state called `name` here: `model/dense1/weight`.
  fileprivate func section(_ name: String) -> String {
    ModelSections.statePrefix + appending(name)
  }
}

/// Lists all state in the order of the visit; tensors share their memory with the model.
struct StateCollector<Scalar: TensorScalar>: StateVisitor {
  private(set) var states: [(name: String, value: StateValue<Scalar>)] = []
  private var path = StatePath()

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    states.append((path.section(name), .parameter(parameter.value)))
  }
  mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String) {
    states.append((path.section(name), .numbers(numbers)))
  }
  mutating func visit(_ integers: inout IntegerState, named name: String) {
    states.append((path.section(name), .integers(integers)))
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

/// Replaces all state by an archive's.
///
/// A visit cannot throw: the first failure is kept, and what comes after it is left as it is.
struct StateRestorer<Scalar: TensorScalar>: StateVisitor {
  private let archive: Archive
  private var path = StatePath()
  private var used: Set<String> = []
  private var failure: ArchiveError?

  init(_ archive: Archive) { self.archive = archive }

  /// - Throws: the first failure of the visit, or `ArchiveError.unexpected` for state of the archive
  ///   that was not visited.
  func check() throws(ArchiveError) {
    if let failure { throw failure }
    let stranger = archive.sections.first {
      $0.name.hasPrefix(ModelSections.statePrefix) && !used.contains($0.name)
    }
    if let stranger { throw .unexpected(section: stranger.name) }
  }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    replace(&parameter.value, named: name, kind: .parameter)
  }
  mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String) {
    replace(&numbers, named: name, kind: .numbers)
  }
  mutating func visit(_ integers: inout IntegerState, named name: String) {
    let name = path.section(name)
    let old = StateValue<Scalar>.integers(integers).section(named: name)
    attempt { archive, used throws(ArchiveError) in
      used.insert(name)
      try archive.checkSection(like: old)
      integers = try archive.integers(name)
    }
  }
  mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void) {
    let location = path.location
    attempt { _, _ throws(ArchiveError) in
      do throws(TensorError) { try rebuild() } catch { throw .state(path: location, error) }
    }
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }

  private mutating func replace(
    _ tensor: inout Tensor<Scalar>, named name: String, kind: ArchiveSection.Kind
  ) {
    let name = path.section(name)
    let old = ArchiveSection(tensor, named: name, isParameter: kind == .parameter)
    attempt { archive, used throws(ArchiveError) in
      used.insert(name)
      try archive.checkSection(like: old)
      tensor = try archive.tensor(name, of: Scalar.self)
    }
  }

  private mutating func attempt(
    _ body: (Archive, inout Set<String>) throws(ArchiveError) -> Void
  ) {
    guard failure == nil else { return }
    do throws(ArchiveError) { try body(archive, &used) } catch { failure = error }
  }
}

extension Archive {
  /// Checks that the section of `old`'s name can take its place: same kind and, unless `old` is
  /// empty and waits for the file to decide, same elements and shape.
  fileprivate func checkSection(like old: ArchiveSection) throws(ArchiveError) {
    guard let found = self[old.name] else { throw .missing(section: old.name) }
    let isFit =
      found.kind == old.kind
      && (old.shape.count == 0 || (found.element == old.element && found.shape == old.shape))
    guard isFit else {
      throw .mismatch(
        section: old.name, expected: old.contentDescription, found: found.contentDescription)
    }
  }
}

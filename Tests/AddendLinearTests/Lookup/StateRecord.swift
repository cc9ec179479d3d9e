import AddendLinear
import AddendTensors

/// All state that a map visits, by name, and back into another map.
struct StateRecord<Scalar: TensorScalar>: StateVisitor {
  private(set) var numbers: [String: Tensor<Scalar>] = [:]
  private(set) var integers: [String: IntegerState] = [:]
  private(set) var names: [String] = []
  private(set) var refusal: TensorError?
  private let source: Source
  private var path = StatePath()

  private final class Source: Sendable {
    let numbers: [String: Tensor<Scalar>]
    let integers: [String: IntegerState]
    init(numbers: [String: Tensor<Scalar>], integers: [String: IntegerState]) {
      self.numbers = numbers
      self.integers = integers
    }
  }

  /// What `map` holds.
  init(of map: some LinearMap<Scalar>) {
    source = Source(numbers: [:], integers: [:])
    var copy = map
    copy.visit(&self)
  }

  /// Puts everything recorded into `map`, with some integers changed.
  func restored(
    to map: inout some LinearMap<Scalar>, changing changes: [String: IntegerState] = [:]
  ) -> TensorError? {
    var writer = self
    writer = StateRecord(
      source: Source(numbers: numbers, integers: integers.merging(changes) { $1 }))
    map.visit(&writer)
    return writer.refusal
  }

  private init(source: Source) { self.source = source }

  private var isWriting: Bool { !source.integers.isEmpty }

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    visit(&parameter.value, named: name)
  }
  mutating func visit(_ tensor: inout Tensor<Scalar>, named name: String) {
    let name = path.appending(name)
    names.append(name)
    if isWriting, let value = source.numbers[name] { tensor = value }
    numbers[name] = tensor
  }
  mutating func visit(_ state: inout IntegerState, named name: String) {
    let name = path.appending(name)
    names.append(name)
    if isWriting, let value = source.integers[name] { state = value }
    integers[name] = state
  }
  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
  mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void) {
    guard isWriting else { return }
    do throws(TensorError) { try rebuild() } catch { refusal = refusal ?? error }
  }

  static func == (a: Self, b: Self) -> Bool {
    a.names == b.names && a.numbers == b.numbers && a.integers == b.integers
  }
}

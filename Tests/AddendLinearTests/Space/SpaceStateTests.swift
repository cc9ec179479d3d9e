import AddendKernels
import AddendLinear
import AddendTensors
import AddendTestSupport
import Testing

/// Everything that a map visits, by name, as a file would hold it.
private struct Archive<Scalar: TensorScalar>: StateVisitor {
  enum Item: Equatable {
    case numbers(Tensor<Scalar>)
    case integers(IntegerState)
  }

  /// Whether what is visited is filled from `items`, or `items` from it.
  var isLoading = false
  var items: [String: Item] = [:]
  private(set) var error: TensorError?
  /// What was visited but is not in `items` in that shape.
  private(set) var missing: [String] = []
  private var path = StatePath()

  mutating func visit(_ parameter: inout Parameter<Scalar>, named name: String) {
    visit(&parameter.value, named: name)
  }

  mutating func visit(_ numbers: inout Tensor<Scalar>, named name: String) {
    let name = path.appending(name)
    if !isLoading {
      items[name] = .numbers(numbers)
    } else if case .numbers(let stored) = items[name], stored.shape == numbers.shape {
      numbers = stored
    } else {
      missing.append(name)
    }
  }

  mutating func visit(_ integers: inout IntegerState, named name: String) {
    let name = path.appending(name)
    if !isLoading {
      items[name] = .integers(integers)
    } else if case .integers(let stored) = items[name], stored.shape == integers.shape {
      integers = stored
    } else {
      missing.append(name)
    }
  }

  mutating func afterReplacing(_ rebuild: () throws(TensorError) -> Void) {
    guard isLoading else { return }
    do throws(TensorError) { try rebuild() } catch { self.error = error }
  }

  mutating func enter(_ name: String) { path.enter(name) }
  mutating func leave() { path.leave() }
}

struct SpaceStateTests {
  private typealias Fixture = SpaceFixture<Float>
  private static let text = "space:vectors=40,matrices=12,interval=3"

  private static func stored(_ map: SpaceMap<Float>) -> Archive<Float> {
    var (map, archive) = (map, Archive<Float>())
    map.visit(&archive)
    return archive
  }

  /// A map of the same make, with another weight, in any phase, filled from `archive`.
  private static func restored(
    from archive: Archive<Float>, into steps: Int, _ text: String = text
  ) throws -> (copy: Fixture, error: TensorError?, missing: [String]) {
    var fixture = try Fixture(text, inputs: 9, outputs: 11, steps: steps)
    var loader = archive
    loader.isLoading = true
    fixture.map.visit(&loader)
    return (fixture, loader.error, loader.missing)
  }

  /// Training goes on to the same bits, whether in the warm-up (3 steps) or through tables (8).
  @Test(arguments: [0, 3, 8], [0, 3, 8])
  func aCheckpointContinuesTraining(_ steps: Int, _ others: Int) throws {
    for encoder in ["cells", "tree"] {
      try checkContinuation(Self.text + ",dimension=3,update=4,encoder=" + encoder, steps, others)
    }
  }

  private func checkContinuation(_ text: String, _ steps: Int, _ others: Int) throws {
    var original = try Fixture(text, inputs: 9, outputs: 11, steps: steps)
    var (copy, error, missing) = try Self.restored(
      from: Self.stored(original.map), into: others, text)
    #expect(error == nil && missing.isEmpty)
    for step in steps..<steps + 6 {
      let (a, b) = (try original.train(step), try copy.train(step))
      #expect(a != nil && a == b)
    }
    #expect(Self.stored(original.map).items == Self.stored(copy.map).items)
  }

  @Test(arguments: [0, 3, 8])
  func aFrozenMapIsRestoredBitForBit(_ others: Int) throws {
    var original = try Fixture(Self.text, inputs: 9, outputs: 11)
    original.map.freeze()
    let archive = Self.stored(original.map)
    let (copy, error, missing) = try Self.restored(from: archive, into: others)
    #expect(error == nil && missing.isEmpty)
    #expect(try original.map.forward(original.x) == copy.map.forward(original.x))
    #expect(original.map.exactTwin.weight.value == copy.map.exactTwin.weight.value)
    let names = ["phase", "codes", "matrices", "vectors/words", "vectors/levels", "codingErrors"]
    #expect(Set(archive.items.keys) == Set(names))
  }

  @Test func damagedStateIsRefused() throws {
    var fixture = try Fixture(Self.text, inputs: 9, outputs: 11)
    fixture.map.freeze()
    let whole = Self.stored(fixture.map)
    func error(_ name: String, _ item: Archive<Float>.Item?) throws -> TensorError? {
      var archive = whole
      archive.items[name] = item
      return try Self.restored(from: archive, into: 0).error
    }
    func changed(
      _ name: String, _ body: (inout [Float]) -> Void
    ) throws -> Archive<Float>.Item {
      guard case .numbers(let numbers) = whole.items[name] else {
        throw TensorError.notTrainable(operation: name, reason: "nothing is stored there")
      }
      var elements = numbers.elements
      body(&elements)
      return .numbers(Tensor(numbers.shape, elements))
    }
    let codes = [Int](repeating: 12, count: 5 * 11)
    #expect(try error("codes", .integers(IntegerState(.uint8, [5, 11], codes))) != nil)
    #expect(try error("phase", .integers(IntegerState(.uint8, [1], [7]))) != nil)
    #expect(try error("matrices", changed("matrices") { $0[3] = .nan }) != nil)
    #expect(try error("vectors/words", changed("vectors/words") { $0[1] = .infinity }) != nil)
    #expect(try error("vectors/levels", changed("vectors/levels") { $0.reverse() }) != nil)
    #expect(try error("matrices", changed("matrices") { $0[3] = 2 }) == nil)
  }

  @Test func whatIsFrozenIsNotTrained() throws {
    var fixture = try Fixture(Self.text, inputs: 9, outputs: 11)
    fixture.map.freeze()
    #expect(throws: TensorError.self) { try fixture.map.trainingForward(fixture.x) }
    var descent = Descent<Float>()
    fixture.map.visit(&descent)
    #expect(descent.gradient == nil)
  }

  @Test func aMapThatSawNothingCanBeFrozen() throws {
    var fixture = try Fixture(Self.text, inputs: 9, outputs: 11, steps: 0)
    fixture.map.freeze()
    #expect(try fixture.map.forward(fixture.x).elements.allSatisfy(\.isFinite))
  }

  @Test func inputsOfAnotherSizeAreRefused() throws {
    var fixture = try Fixture(Self.text, inputs: 9, outputs: 11)
    let wrong = Tensor<Float>([2, 10])
    #expect(throws: TensorError.self) { try fixture.map.forward(wrong) }
    #expect(throws: TensorError.self) { try fixture.map.trainingForward(wrong) }
  }

  @Test func fewWordsTakeFewBits() throws {
    // 8 × 6 weights in 24 blocks of 2: 2 bits a code, 4 matrices and 256 vectors of 2 floats, and
    // the 256 levels.
    var fixture = try Fixture("space:matrices=4", inputs: 8, outputs: 6)
    fixture.map.freeze()
    let bits = 24 * 2 + (4 * 2 + 256 * 2 + 256) * 32
    #expect(fixture.map.bitsPerWeight == Double(bits) / 48)
  }
}

import AddendArchives
import AddendCatalogue
import AddendLinear
import AddendNetworks
import AddendTensors
import AddendTestSupport
import Testing

// Every map of the catalogue, in a network with a layer of each family: a new map is tested here
// without a line.

private let network = Network("varied", input: [8, 8, 2]) {
  Convolution(4, size: 3)
  BatchNorm()
  ReLU()
  Residual { Convolution(4, size: 3, padding: .same) }
  Flatten()
  Dense(16)
  ReLU()
  Dense(3)
}

private func batch(seed: UInt64) -> Tensor<Float> {
  var random = RandomSource(seed: seed)
  return Tensor([5, 8, 8, 2], (0..<5 * 128).map { _ in Float(random.normal()) })
}

/// A model that has seen `steps` batches, gradients included but not applied.
private func model(_ map: String, steps: Int) throws -> Model<Float> {
  var model = try Model<Float>(network, map: Specification(map), seed: 11)
  for step in 0..<steps {
    model.prepare(for: TrainingProgress(step: step, stepsPerEpoch: 2, epochs: steps / 2))
    var context = PassContext<Float>()
    let y = try model.trainingForward(batch(seed: UInt64(step)), &context)
    model.backward(y)
  }
  return model
}

extension Tensor<Float> {
  // Codebooks of few samples may make NaN, which equals nothing.
  fileprivate var bits: [UInt32] { elements.map(\.bitPattern) }
}

private func bytes(of model: Model<Float>) throws -> [UInt8] {
  try archiveBytes { writer throws(ArchiveError) in try writer.write(model) }
}

@Test(arguments: Maps.catalogue.names, [0, 1, 12])
func frozenModelsComputeTheSameOnceLoaded(map: String, steps: Int) throws {
  let frozen = try model(map, steps: steps).frozen()
  let stored = try bytes(of: frozen)
  let loaded = try Archive(stored).model(of: Float.self)
  let x = batch(seed: 99)
  #expect(try loaded.forward(x).bits == frozen.forward(x).bits)
  #expect(try bytes(of: loaded) == stored)

  let archive = ModelArchive(frozen)
  let written = try archiveBytes { writer throws(ArchiveError) in try archive.write(to: &writer) }
  #expect(archive.storedSize.byteCount == written.count)
}

/// The state that a checkpoint restores goes on as the original does, step for step.
@Test(arguments: Maps.catalogue.names, [0, 1, 7, 12])
func modelsInTrainingGoOnTheSameOnceLoaded(map: String, steps: Int) throws {
  var original = try model(map, steps: steps)
  var loaded = try Archive(bytes(of: original)).model(of: Float.self)
  for step in steps..<steps + 6 {
    let progress = TrainingProgress(step: step, stepsPerEpoch: 2, epochs: 9)
    let x = batch(seed: UInt64(step))
    original.prepare(for: progress)
    loaded.prepare(for: progress)
    var (a, b) = (PassContext<Float>(), PassContext<Float>())
    let y = try original.trainingForward(x, &a)
    #expect(try loaded.trainingForward(x, &b).bits == y.bits)
    original.backward(y)
    loaded.backward(y)
  }
  #expect(try bytes(of: loaded) == bytes(of: original))
}

/// Whole archives whose integers are nonsense: refused in one sentence, or computed with.
@Test(arguments: Maps.catalogue.names)
func nonsenseInAWholeArchiveDoesNotTrap(map: String) throws {
  for model in [try model(map, steps: 12), try model(map, steps: 12).frozen()] {
    let archive = try Archive(bytes(of: model))
    var random = RandomSource(seed: 4)
    for section in archive.sections where section.kind == .integers {
      for _ in 0..<8 {
        let forged = try replacingIntegers(of: section.name, in: archive, using: &random)
        do throws(ArchiveError) {
          let loaded = try forged.model(of: Float.self)
          _ = try? loaded.forward(batch(seed: 1))
        } catch {
          #expect(isOneSentence(error.description))
        }
      }
    }
  }
}

private func replacingIntegers(
  of name: String, in archive: Archive, using random: inout RandomSource
) throws -> Archive {
  try Archive(
    archiveBytes { writer throws(ArchiveError) in
      for section in archive.sections {
        switch section.kind {
        case .document: try writer.write(archive.document(section.name), named: section.name)
        case .parameter, .numbers:
          try writer.write(
            archive.tensor(section.name, of: Float.self), named: section.name,
            isParameter: section.kind == .parameter)
        case .integers:
          var integers = try archive.integers(section.name)
          if section.name == name {
            let range = integers.width.range
            let ends = [range.lowerBound, range.upperBound, 1]
            for i in integers.values.indices {
              integers.values[i] =
                Bool.random(using: &random)
                ? Int.random(in: range, using: &random)
                : ends[Int.random(in: 0..<3, using: &random)]
            }
          }
          try writer.write(integers, named: section.name)
        case .bytes: break
        }
      }
    })
}

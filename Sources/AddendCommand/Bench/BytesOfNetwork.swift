internal import Addend

/// A trained network of look-ups as a program on bytes, with the pixels it is measured on.
struct BytesOfNetwork {
  private let path: String
  private let test: any Dataset
  private let pixels: [UInt8]
  private let classes: [Int32]
  private let program: ByteProgram
  private let sizes: [Int]

  /// - Parameter dataset: `nil` for the one that the file names.
  init(_ path: String, dataset: Specification?, store: DataStore) throws {
    let stored = try StoredModel(contentsOf: path)
    let test = try Datasets.load(stored.dataset(dataset), from: store).test
    guard let pixels = test.examplePixels, let classes = test.exampleClasses else {
      throw Failure(.data, "'\(test.name)' has no images whose bytes a program could take")
    }
    guard test.inputShape == stored.model.network.input else {
      throw Failure(
        .data,
        "'\(path)' takes \(stored.model.network.input), '\(test.name)' has \(test.inputShape)")
    }
    self.path = path
    self.test = test
    self.pixels = pixels
    self.classes = classes
    do throws(ProgramError) {
      program = try ByteProgram(
        stored.model,
        pixelValues: stored.normalization.table(channels: test.inputShape.last ?? 1))
    } catch {
      throw Failure(.data, "'\(path)': \(error)")
    }
    sizes = [test.inputShape.count] + program.layers.map(\.modelOutputs)
  }

  /// - Parameter units: of each hidden layer of the float32 network beside it; `nil` for as many as
  ///   the look-up network has.
  func benchmark(
    _ timing: Interleaved, _ limits: MeasuredLimits, besideHidden units: Int? = nil
  ) -> BenchmarkCase {
    // Whole tiles, as many as a few megabytes hold.
    let rows = min(test.count, 4096)
    var (beside, name) = (sizes, "network-\(test.name)")
    if let units {
      for layer in beside.indices.dropFirst().dropLast() { beside[layer] = units }
      name += "-beside-\(units)"
    }
    return NetworkBenchmark(program, sizes: beside).run(
      name: name, pixels: Array(pixels.prefix(rows * sizes[0])), timing, limits)
  }

  /// On all test images.
  func accuracy(twin: String?) throws -> NetworkAccuracy {
    let found = program.classes(pixels)
    let right = zip(found, classes).count { $0 == $1 }
    return NetworkAccuracy(
      path: path, program: Double(right) / Double(classes.count),
      twin: try twin.map { path in
        let twin = try StoredModel(contentsOf: path)
        guard twin.model.map.name == "float32" else {
          throw Failure(.data, "'\(path)' is no float32 twin: its map is \(twin.model.map.name)")
        }
        guard twin.model.network.input == test.inputShape else {
          throw Failure(
            .data, "'\(path)' takes \(twin.model.network.input), not \(test.inputShape)")
        }
        let evaluation = try twin.model.evaluation(on: test, loss: twin.loss, batchSize: 200)
        return evaluation.accuracy ?? 0
      }, layers: program.layers)
  }
}

/// How many test images a program on bytes classifies rightly, and its float twin.
struct NetworkAccuracy {
  let path: String
  let program: Double
  let twin: Double?
  let layers: [ByteProgram.Extent]

  var figures: [(name: String, value: Double)] {
    [("accuracy", program)] + (twin.map { [("twinAccuracy", $0)] } ?? [])
  }

  var sentence: String {
    let parts = layers.map {
      "\($0.blocks) of \($0.modelBlocks) blocks to \($0.outputs) of \($0.modelOutputs) outputs"
    }
    let beside = twin.map {
      ", its float twin \(QuantityUnit.fraction.text($0)) "
        + "(\(pointsText(program, from: $0)))"
    }
    return "\(path): \(QuantityUnit.fraction.text(program)) of the test images right on bytes"
      + (beside ?? "") + "; kept are " + parts.joined(separator: ", ")
  }
}

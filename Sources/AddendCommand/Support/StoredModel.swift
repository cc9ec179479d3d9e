internal import Addend

/// A `.addend` file that the command line named, of float32 numbers.
typealias StoredModel = StoredNetwork<Float>

/// A `.addend` file that the command line named.
struct StoredNetwork<Scalar: TensorScalar> {
  let path: String
  let archive: ModelArchive<Scalar>

  var model: Model<Scalar> { archive.model }
  var metadata: ModelMetadata { archive.metadata }

  init(contentsOf path: String) throws {
    self.path = path
    do throws(ArchiveError) {
      archive = try ModelArchive<Scalar>(contentsOf: path)
    } catch .file(let error) {
      throw error
    } catch {
      if let name = try? Archive.scalarName(ofNetworkAt: path), name != Scalar.formatName {
        throw Failure(
          .data, "'\(path)' is a network of \(name) numbers, expected \(Scalar.formatName)")
      }
      throw Failure(.data, "'\(path)': \(error)")
    }
  }

  /// The data set named, or else the one that the file names.
  func dataset(_ named: Specification?) throws -> Specification {
    if let named { return named }
    guard let own = metadata.dataset else {
      throw Failure(.usage, "'\(path)' names no data set; give --dataset")
    }
    return try Specification(parsing: own)
  }

  /// The outputs' names; numbers where the file has not one for each.
  var classNames: [String] {
    metadata.classNames.count == model.output.count
      ? metadata.classNames : (0..<model.output.count).map { "\($0)" }
  }

  /// The loss that the network was trained with; cross-entropy where the file names none.
  var loss: any Loss {
    get throws {
      guard let text = metadata.notes["loss"]?.textValue else { return SoftmaxCrossEntropy() }
      return try Losses.configuration(Specification(parsing: text))
    }
  }

  /// How many streams of running text the network was trained on side by side.
  var batchSize: Int { max(1, metadata.notes["batchSize"]?.integerValue ?? 200) }

  /// How the bytes of an image become the network's inputs: from 0 to 1 where the file is silent.
  var normalization: PixelNormalization {
    guard let own = metadata.normalization, !own.means.isEmpty,
      own.deviations.allSatisfy({ Float($0) > 0 })
    else { return PixelNormalization() }
    return PixelNormalization(
      maximum: 1, mean: own.means.map { Float($0) }, deviation: own.deviations.map { Float($0) })
  }
}

extension Model {
  /// Checks that examples of `dataset` are what the network, of the file at `path`, takes.
  func checkInput(of dataset: any Dataset, _ path: String) throws {
    guard network.input != dataset.inputShape else { return }
    throw Failure(
      .data,
      "'\(path)' takes \(network.input), but examples of \(dataset.name) are \(dataset.inputShape)"
    )
  }
}

extension StoredNetwork<Float> {
  /// A network of the zoo with the weights that were published for it as a safetensors file.
  init(published path: String, of model: Specification, for dataset: any Dataset) throws {
    let recipe = try Zoo.configuration(model)
    guard let weights = recipe.publishedWeights else {
      throw Failure(.usage, "no published weights are known of \(model)")
    }
    let network = try recipe.network(input: dataset.inputShape, classes: dataset.outputCount)
    var loaded = try Model<Float>(network, seed: 0)
    do {
      let file = try SafetensorsFile(contentsOf: path)
      try weights.load(into: &loaded) { try file.tensor($0) }
    } catch ArchiveError.file(let error) {
      throw error
    } catch {
      throw Failure(.data, "'\(path)': \(error)")
    }
    self.path = path
    archive = ModelArchive(loaded)
  }
}

extension Archive {
  /// The format of the numbers of the network in the file at `path`; float32 of published weights.
  static func scalar(ofNetworkAt path: String) throws -> any TensorScalar.Type {
    guard !path.hasSuffix(".safetensors") else { return Float.self }
    let name = try scalarName(ofNetworkAt: path)
    guard name != Float.formatName else { return Float.self }
    guard let scalar = LogNumberFormats.format(named: name) else {
      throw Failure(.data, "'\(path)': its numbers are '\(name)', a format that is not known")
    }
    return scalar
  }

  fileprivate static func scalarName(ofNetworkAt path: String) throws -> String {
    do throws(ArchiveError) {
      return try Archive(contentsOf: path).scalarName
    } catch .file(let error) {
      throw error
    } catch {
      throw Failure(.data, "'\(path)': \(error)")
    }
  }
}

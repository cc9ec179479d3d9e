internal import Addend

/// A `.addend` file that the command line named.
struct StoredModel {
  let path: String
  let archive: ModelArchive<Float>

  var model: Model<Float> { archive.model }
  var metadata: ModelMetadata { archive.metadata }

  init(contentsOf path: String) throws {
    self.path = path
    do throws(ArchiveError) {
      archive = try ModelArchive(contentsOf: path)
    } catch .file(let error) {
      throw error
    } catch {
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

  /// The outputs' names; numbers where the file has none.
  var classNames: [String] {
    metadata.classNames.isEmpty ? (0..<model.output.count).map { "\($0)" } : metadata.classNames
  }

  /// How the bytes of an image become the network's inputs.
  var normalization: PixelNormalization {
    guard let own = metadata.normalization else { return PixelNormalization() }
    return PixelNormalization(
      maximum: 1, mean: own.means.map { Float($0) }, deviation: own.deviations.map { Float($0) })
  }
}

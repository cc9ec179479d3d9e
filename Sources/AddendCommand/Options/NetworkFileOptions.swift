internal import Addend
internal import ArgumentParser

/// A trained network's file, and the data that it is measured on.
struct NetworkFileOptions: ParsableArguments {
  @Argument(help: "The network's .addend file, or a .safetensors file of published weights.")
  var file: String

  @Option(
    help: "The network of the zoo that a .safetensors file is of.", transform: Specification.parse)
  var model: Specification?

  @Option(
    help: "The data set; default: the one that the network was trained on.",
    transform: Specification.parse)
  var dataset: Specification?

  mutating func validate() throws {
    if model != nil && dataset == nil {
      throw ValidationError("--model needs --dataset: published weights name none.")
    }
  }

  /// The network and its data.
  func subject<Scalar: TensorScalar>(
    in scalar: Scalar.Type, _ common: CommonOptions
  ) throws -> (StoredNetwork<Scalar>, DatasetSplits) {
    if let model, let dataset {
      let splits = try Datasets.load(dataset, from: common.store)
      let published = try StoredModel(published: file, of: model, for: splits.training)
      guard let published = published as? StoredNetwork<Scalar> else {
        throw Failure(.usage, "published weights are float32 numbers")
      }
      return (published, splits)
    }
    let stored = try StoredNetwork<Scalar>(contentsOf: file)
    let splits = try Datasets.load(stored.dataset(dataset), from: common.store)
    try stored.model.checkInput(of: splits.test, file)
    return (stored, splits)
  }
}

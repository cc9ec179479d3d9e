public import AddendCatalogue

/// How a data set is made: from files, from numbers drawn, from what the package carries.
public protocol DatasetRecipe: Configurable {
  /// The files that must be found or fetched; `nil` for a set that needs none of its own.
  static var files: FileSet? { get }
  /// Makes the data set, its files looked for in `store`.
  func load(from store: DataStore) throws(DataError) -> DatasetSplits
}

extension DatasetRecipe {
  public static var files: FileSet? { nil }
}

/// The data sets there are.
public enum Datasets {
  public static let catalogue = Catalogue(
    of: "data set",
    [
      Digits.self, MNIST.self, FashionMNIST.self, CIFAR10.self, PennTreebankWords.self,
      PennTreebankCharacters.self, ImageFolder.self, NumPyFile.self, CSVFile.self,
      SyntheticLinear.self, SyntheticSpirals.self, SyntheticParity.self, SyntheticTeacher.self,
    ])

  /// The recipe that `specification` names.
  /// - Throws: `DataError.specification`.
  public static func recipe(
    _ specification: Specification
  ) throws(DataError) -> any DatasetRecipe {
    do {
      guard let recipe = try catalogue.make(specification) as? any DatasetRecipe else {
        preconditionFailure("the catalogue of data sets holds data sets")
      }
      return recipe
    } catch {
      throw .specification(error)
    }
  }

  /// The data set that `specification` names.
  public static func load(
    _ specification: Specification, from store: DataStore = DataStore()
  ) throws(DataError) -> DatasetSplits {
    try recipe(specification).load(from: store)
  }
}

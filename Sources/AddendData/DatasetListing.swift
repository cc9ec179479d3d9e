public import AddendCatalogue

/// What the command's `data` verb tells of one data set.
public struct DatasetListing: Sendable {
  public enum Presence: Sendable, Equatable {
    /// Carried by the package, or drawn when asked for.
    case builtIn
    /// Its files are in this folder.
    case folder(String)
    /// Its files would have to be fetched.
    case missing
    /// Read from the path that its specification gives.
    case givenByPath
  }

  public let name: String
  public let summary: String
  public let presence: Presence
}

/// What `Datasets.verify` found.
public struct DatasetVerification: Sendable {
  /// How each file compares with the canonical one; empty where there are no canonical files.
  public let files: [DataStore.FileReport]
  /// The set as it was read: that it could be is the check of its structure.
  public let splits: DatasetSplits

  /// Whether every file holds the canonical content.
  public var isCanonical: Bool {
    files.allSatisfy { $0.state == .canonical || $0.state == .repacked }
  }
}

extension Datasets {
  /// Every data set of the catalogue and where it is; nothing is fetched.
  public static func listing(in store: DataStore) -> [DatasetListing] {
    catalogue.entries.compactMap { $0 as? any DatasetRecipe.Type }.map { recipe in
      let needsPath = recipe.declaration.parameters.contains { $0.name == "path" }
      let presence: DatasetListing.Presence =
        if let files = recipe.files {
          store.locate(files).map { .folder($0.folder) } ?? .missing
        } else {
          needsPath ? .givenByPath : .builtIn
        }
      return DatasetListing(
        name: recipe.declaration.name, summary: recipe.declaration.summary, presence: presence)
    }
  }

  /// The folder of a set's files, or `nil` where it needs none or they are not there.
  public static func folder(
    of specification: Specification, in store: DataStore
  ) throws(DataError) -> String? {
    guard let files = type(of: try recipe(specification)).files else { return nil }
    return store.locate(files)?.folder
  }

  /// Fetches a set's files unless some place has them, and returns their folder; `nil` where the set
  /// needs none.
  @discardableResult
  public static func fetch(
    _ specification: Specification, into store: DataStore
  ) throws(DataError) -> String? {
    guard let files = type(of: try recipe(specification)).files else { return nil }
    return try store.resolve(files).folder
  }

  /// Compares a set's files with the canonical ones and reads them all.
  public static func verify(
    _ specification: Specification, in store: DataStore
  ) throws(DataError) -> DatasetVerification {
    let recipe = try recipe(specification)
    var reports: [DataStore.FileReport] = []
    if let files = type(of: recipe).files {
      reports = try store.verify(files, at: store.resolve(files))
    }
    return DatasetVerification(files: reports, splits: try recipe.load(from: store))
  }
}

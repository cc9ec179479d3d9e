public import AddendCatalogue
internal import AddendTensors
internal import CAddendResources

/// 1,797 handwritten digits of 8×8 pixels that the package carries: nothing has to be fetched.
///
/// The test part of *Optical Recognition of Handwritten Digits* (Alpaydin & Kaynak, UCI, 1998; CC BY
/// 4.0). Pixels are `x / 16`. 1,437 train and 360 test, the classes in equal proportion, drawn once
/// and for all from the seed 1797.
public struct Digits: DatasetRecipe {
  public static let declaration = Declaration(
    "digits", summary: "1,797 handwritten digits, 8×8, in the package")

  public init(_ arguments: Arguments) throws(CatalogueError) {}

  public var specification: Specification { Specification("digits") }

  package static let exampleCount = 1797
  private static let testCount = 360

  public func load(from store: DataStore) throws(DataError) -> DatasetSplits {
    let bytes = try Inflater.gunzip(Self.packed, path: "digits")
    let labels = bytes[(64 * Self.exampleCount)...].map(Int32.init)
    let whole = try ImageDataset(
      name: "digits", path: "digits", shape: [8, 8, 1],
      pixels: Array(bytes[..<(64 * Self.exampleCount)]), labels: labels,
      classNames: (0...9).map(String.init), normalization: PixelNormalization(maximum: 16))
    return DatasetSplits(cutting: whole, testCount: Self.testCount, seed: 1797)
  }

  private static var packed: [UInt8] {
    var count = 0
    // Safe: C returns a constant of `count` bytes, and they are copied.
    return unsafe Array(UnsafeBufferPointer(start: addend_digits(&count), count: count))
  }
}

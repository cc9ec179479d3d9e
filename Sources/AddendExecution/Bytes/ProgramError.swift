/// Why a model is no program on bytes or bits.
public enum ProgramError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A layer does something other than look-ups, rectifiers and reshaping.
  case notLookups(layer: String)
  /// A layer multiplies parts of an example, not the example as one row.
  case notOneRow(layer: String)
  /// A layer's codes have more bits than a byte shuffle's 16 entries.
  case tooManyCodewords(layer: String, found: Int)
  /// There is nothing to run.
  case noLookups
  /// What bytes stand for does not grow with them.
  case pixelValues(count: Int)
  /// A layer does something other than products of signs, pooling, normalisation and signs, or
  /// comes where that is not what it does.
  case notSigns(layer: String)
  /// A layer's binary weights expect signs where there are pixels, or pixels where there are signs.
  case notItsInput(layer: String)
  /// A layer's numbers make no number of some integers.
  case notFinite(layer: String)

  public var description: String {
    switch self {
    case .notLookups(let layer):
      "a program on bytes consists of frozen look-ups in trees' codes with rectifiers between them; \(layer) does not fit"
    case .notOneRow(let layer):
      "a program takes each example as one row; \(layer) takes it in parts"
    case .tooManyCodewords(let layer, let found):
      "a program on bytes has at most 16 codewords a block; \(layer) has \(found)"
    case .noLookups: "a program on bytes has at least one layer of look-ups; this network has none"
    case .pixelValues(let count):
      "a program on bytes expects 256 ascending values for each channel, found \(count)"
    case .notSigns(let layer):
      "a program on bits consists of products with binary weights, each followed by normalisation and, but for the last, signs; \(layer) does not fit"
    case .notItsInput(let layer):
      "a program on bits takes pixels in its first product and signs in all others; \(layer) expects it otherwise"
    case .notFinite(let layer):
      "a program on bits needs numbers that are finite; \(layer) has others"
    }
  }
}

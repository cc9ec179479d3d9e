/// Why a model is no program of look-ups on bytes.
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

  public var description: String {
    switch self {
    case .notLookups(let layer):
      "a program on bytes consists of frozen look-ups in trees' codes with rectifiers between them; \(layer) does not fit"
    case .notOneRow(let layer):
      "a program on bytes takes each example as one row; \(layer) takes it in parts"
    case .tooManyCodewords(let layer, let found):
      "a program on bytes has at most 16 codewords a block; \(layer) has \(found)"
    case .noLookups: "a program on bytes has at least one layer of look-ups; this network has none"
    case .pixelValues(let count):
      "a program on bytes expects 256 ascending values for each channel, found \(count)"
    }
  }
}

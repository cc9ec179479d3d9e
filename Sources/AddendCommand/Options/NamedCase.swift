internal import ArgumentParser

extension CaseIterable where Self: RawRepresentable<String> {
  /// Reads a command line's name of a case.
  static func parse(_ text: String) throws -> Self {
    guard let value = Self(rawValue: text) else {
      let names = allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(text)' is none of \(names).")
    }
    return value
  }
}

internal import Foundation

/// Canonical files that live outside of the package.
public enum TestData {
  /// Where they are: `ADDEND_TEST_DATA`, or `shared/data` beside the repository.
  public static let root: String = {
    if let given = ProcessInfo.processInfo.environment["ADDEND_TEST_DATA"] { return given }
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { url.deleteLastPathComponent() }
    return url.appendingPathComponent("shared/data").path
  }()

  public static func path(_ name: String) -> String { "\(root)/\(name)" }

  /// For `.enabled(if:)`: tests of absent files are reported as skipped.
  public static func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path(name))
  }
}

/// A directory that is removed with everything in it after `body`.
public func withTemporaryDirectory<Result>(
  _ body: (String) throws -> Result
) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

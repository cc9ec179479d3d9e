internal import Foundation

/// The command `addend` as it was built beside the tests, run as a child process.
public struct BuiltCommand: Sendable {
  /// How a run ended.
  public struct Outcome: Sendable {
    public let status: Int32
    public let output: String
    public let error: String
  }

  public init() {}

  /// The products' directory holds the tests' executable and the command.
  private var executable: URL {
    #if os(macOS)
      Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        .deletingLastPathComponent().appendingPathComponent("addend")
        ?? URL(fileURLWithPath: "addend")
    #else
      URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("addend")
    #endif
  }

  /// Runs `addend` with `arguments` to its end.
  public func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

  /// Runs `addend` with `arguments` to its end, or until `isDoomed` says to kill it (signal 9).
  ///
  /// What it writes goes to files, so that no full pipe can stop it.
  public func run(
    _ arguments: [String], killedWhen isDoomed: (() -> Bool)? = nil
  ) throws -> Outcome {
    try withTemporaryDirectory { folder in
      let process = Process()
      process.executableURL = executable
      process.arguments = arguments
      let streams = try ["out", "err"].map { name in
        let path = "\(folder)/\(name)"
        try Data().write(to: URL(fileURLWithPath: path))
        return (path, try FileHandle(forWritingTo: URL(fileURLWithPath: path)))
      }
      process.standardOutput = streams[0].1
      process.standardError = streams[1].1
      process.standardInput = FileHandle.nullDevice
      try process.run()
      while let isDoomed, process.isRunning {
        if isDoomed() { kill(process.processIdentifier, SIGKILL) }
        usleep(2000)
      }
      process.waitUntilExit()
      let texts = try streams.map { try String(contentsOfFile: $0.0, encoding: .utf8) }
      return Outcome(status: process.terminationStatus, output: texts[0], error: texts[1])
    }
  }
}

internal import Addend
internal import ArgumentParser

/// The options of every command that computes.
struct CommonOptions: ParsableArguments {
  @Option(help: "Draws weights, orders and noise: the same seed gives the same figures.")
  var seed: UInt64 = 1

  @Option(help: "Threads to compute with; figures do not depend on it. Default: all processors.")
  var threads: Int?

  @Option(help: "Where data sets' files are looked for first.")
  var dataDirectory: String?

  @Flag(help: "Sum the products of convolutions as they stand: no Winograd transforms.")
  var exact = false

  @Flag(name: .shortAndLong, help: "No progress and no tables; errors and JSON only.")
  var quiet = false

  @Option(help: "Write one JSON object with every figure to this path ('-': standard output).")
  var json: String?

  mutating func validate() throws {
    if let threads, !(1...1024 ~= threads) {
      throw ValidationError("--threads is \(threads), expected 1 to 1024.")
    }
  }

  var store: DataStore { DataStore(dataDirectory: dataDirectory) }

  /// Finds out before hours of work rather than after them that `paths`, or what `--json` names,
  /// cannot be written.
  func checkOutputs(_ paths: String?...) throws {
    for path in paths + [json == "-" ? nil : json] {
      guard let path else { continue }
      do throws(FileError) {
        _ = try AtomicFile(replacing: path)
      } catch .notFound {
        throw Failure(.cannotCreate, "'\(path)' cannot be written: its folder does not exist")
      } catch {
        throw Failure(.cannotCreate, "\(error)")
      }
    }
  }

  /// Runs `body` with the threads and the kernels asked for.
  func computing<Result>(_ body: () throws -> Result) rethrows -> Result {
    try PlainConvolution.$isExact.withValue(exact) {
      guard let threads else { return try body() }
      return try ThreadPool.$current.withValue(ThreadPool(threadCount: threads), operation: body)
    }
  }

  /// Prints `text` for a person, unless told to be quiet or to leave standard output to JSON.
  func say(_ text: String) {
    guard !quiet else { return }
    (json == "-" ? StandardStream.error : .output).write(text + "\n")
  }
}

extension Specification {
  /// Reads a command line's `name:key=value`.
  static func parse(_ text: String) throws -> Specification { try Specification(parsing: text) }
}

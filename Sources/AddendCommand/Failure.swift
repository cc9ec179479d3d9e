internal import Addend
internal import ArgumentParser

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The end of a command that could not do its work: one sentence and a `sysexits` code.
struct Failure: Error {
  /// What `sysexits.h` calls the kinds of failure that occur here.
  enum Kind: Int32 {
    case usage = 64
    case data = 65
    case noInput = 66
    case unavailable = 69
    case internalError = 70
    case cannotCreate = 73
    case inputOutput = 74
    case notPermitted = 77
  }

  let kind: Kind
  let sentence: String

  init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.sentence = sentence
  }

  /// What one of the package's own errors means to whoever called the command.
  init(_ error: any Error) {
    self.init(Self.kind(of: error), "\(error)")
  }

  /// Whether `error` comes from the package, so that its description is a sentence for the user.
  static func isOurs(_ error: any Error) -> Bool {
    error is FileError || error is CatalogueError || error is JSONError || error is DataError
      || error is NetworkError || error is TensorError || error is TrainingError
      || error is ArchiveError || error is CommunicationError || error is CodebookError
      || error is CheckpointDirectory.Skipped || error is CompressionError
      || error is SearchError || error is TableError
  }

  private static func kind(of error: any Error) -> Kind {
    switch error {
    case let error as FileError:
      switch error {
      case .notFound: .noInput
      case .notPermitted: .notPermitted
      case .diskFull: .cannotCreate
      default: .inputOutput
      }
    case is CatalogueError, DataError.specification: .usage
    case NetworkError.parameters: .usage
    case DataError.notFound: .noInput
    case DataError.downloadFailed: .unavailable
    // What a file system refused, by whatever it was passed on.
    case DataError.file(let error): kind(of: error)
    case ArchiveError.file(let error): kind(of: error)
    case TableError.file(let error): kind(of: error)
    case CompressionError.data(let error): kind(of: error)
    case TrainingError.data(let error): kind(of: error)
    case TrainingError.network(let error): kind(of: error)
    case TrainingError.archive(let error): kind(of: error)
    case SearchError.file(let error): kind(of: error)
    case CompressionError.unknownLayer, CompressionError.parameters: .usage
    case CompressionError.network(let error): kind(of: error)
    case let skipped as CheckpointDirectory.Skipped: kind(of: skipped.error)
    default: .data
    }
  }

  /// Says what went wrong and ends the process.
  func report() -> Never {
    StandardStream.error.write("addend: \(sentence)\n")
    exit(kind.rawValue)
  }
}

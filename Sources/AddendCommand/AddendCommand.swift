internal import Addend
internal import ArgumentParser

/// The command `addend`.
@main
struct AddendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "addend",
    abstract: "Trains, compresses and runs neural networks on a multiplication budget.",
    discussion: """
      Every network computes with matrix products; here the product is replaceable. \
      For one network under three kinds of product, side by side, try:

        addend compare --dataset digits
      """,
    version: addendVersion,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self, CompareCommand.self,
      InspectCommand.self, QuantizeCommand.self, SensitivityCommand.self, DataCommand.self,
      TablesCommand.self, BenchCommand.self, CatalogueCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      failure.report()
    } catch let error where Failure.isOurs(error) {
      Failure(error).report()
    } catch  where exitCode(for: error) == .success {
      // Asked for: help, the version.
      exit(withError: error)
    } catch {
      let isMisuse = exitCode(for: error) == .validationFailure
      Failure(isMisuse ? .usage : .internalError, sentence(of: message(for: error))).report()
    }
  }

  /// The parser's message, which may hold a list and end with a full stop, as one sentence.
  private static func sentence(of message: String) -> String {
    let lines = message.split(separator: "\n").map { $0.drop { $0 == " " } }.map {
      $0.hasPrefix("- ") ? $0.dropFirst(2) : $0
    }
    let list = lines.dropFirst().joined(separator: ", ")
    let sentence = (lines.first ?? "") + (list.isEmpty ? "" : " \(list)")
    return sentence.hasSuffix(".") ? String(sentence.dropLast()) : String(sentence)
  }
}

/// The package's version: files and JSON output carry it.
let addendVersion = "0.1.0"

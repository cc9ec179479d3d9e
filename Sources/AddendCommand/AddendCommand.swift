internal import Addend
internal import ArgumentParser

/// The command `addend`.
@main
struct AddendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "addend",
    abstract: "Trains, compresses and runs neural networks on a multiplication budget.",
    discussion: """
      Every network computes with matrix products; here the product is replaceable. Try
      'addend compare --dataset digits': one network under three kinds of product, side by side.
      """,
    version: addendVersion,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self, CompareCommand.self,
      InspectCommand.self, DataCommand.self, CatalogueCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      failure.report()
    } catch let error where Failure.isOurs(error) {
      Failure(error).report()
    } catch where exitCode(for: error) == .success {
      // Asked for: help, the version.
      exit(withError: error)
    } catch {
      Failure(.usage, message(for: error)).report()
    }
  }
}

/// The package's version: files and JSON output carry it.
let addendVersion = "0.1.0"

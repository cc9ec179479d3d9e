internal import ArgumentParser

/// `addend tables`: codebooks and the tables of their products, as files.
struct TablesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tables",
    abstract: "Make and look into codebooks and tables of their products.",
    subcommands: [EvolveCommand.self])
}

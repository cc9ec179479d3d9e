internal import Addend
internal import ArgumentParser

/// `addend data`: which data sets there are and where.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "List, fetch and verify data sets.",
    subcommands: [ListCommand.self, FetchCommand.self, VerifyCommand.self, PathCommand.self],
    defaultSubcommand: ListCommand.self)

  struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show every data set and where its files are.")

    @Flag(help: "Show the parameters of each as well.")
    var parameters = false

    @OptionGroup var common: CommonOptions

    func run() throws {
      let listing = Datasets.listing(in: common.store)
      if parameters {
        common.say(Datasets.catalogue.help)
      } else {
        var table = TextTable(columns: [
          .init("data set", alignment: .leading), .init("what", alignment: .leading),
          .init("where", alignment: .leading),
        ])
        for set in listing { table.append([set.name, set.summary, set.presence.text]) }
        common.say("\(table)")
      }
      try Envelope(
        command: "data list", options: common, dataset: nil,
        results: listing.map { set in
          [
            "name": .text(set.name), "summary": .text(set.summary),
            "where": .text(set.presence.text),
          ]
        }
      ).write()
    }
  }

  struct FetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fetch", abstract: "Download a data set's files into the user's cache.")

    @Argument(help: "The data set.", transform: Specification.parse)
    var dataset: Specification

    @OptionGroup var common: CommonOptions

    func run() throws {
      let folder = try Datasets.fetch(dataset, into: common.store)
      common.say(folder ?? "\(dataset.name) needs no files")
    }
  }

  struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check a data set's files against their published digests.")

    @Argument(help: "The data set.", transform: Specification.parse)
    var dataset: Specification

    @OptionGroup var common: CommonOptions

    func run() throws {
      let verification = try Datasets.verify(dataset, in: common.store)
      for file in verification.files { common.say("\(file.path): \(file.state.text)") }
      let splits = verification.splits
      common.say(
        "\(dataset.name): \(splits.training.count) training and \(splits.test.count) test examples of \(splits.training.inputShape)"
      )
      guard verification.isCanonical else {
        throw Failure(.data, "\(dataset.name) is not the published data set")
      }
    }
  }

  struct PathCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "path", abstract: "Print the folder that holds a data set's files.")

    @Argument(help: "The data set.", transform: Specification.parse)
    var dataset: Specification

    @OptionGroup var common: CommonOptions

    func run() throws {
      guard let folder = try Datasets.folder(of: dataset, in: common.store) else {
        throw Failure(
          .noInput, "no files of \(dataset.name) are here; 'addend data list' tells more")
      }
      StandardStream.output.write(folder + "\n")
    }
  }
}

extension DatasetListing.Presence {
  fileprivate var text: String {
    switch self {
    case .builtIn: "built in"
    case .folder(let path): path
    case .missing: "not here (addend data fetch)"
    case .givenByPath: "from path="
    }
  }
}

extension DataStore.FileReport.State {
  fileprivate var text: String {
    switch self {
    case .canonical: "as published"
    case .repacked: "packed anew, content as published"
    case .different(let sha256): "differs (SHA-256 \(sha256))"
    }
  }
}

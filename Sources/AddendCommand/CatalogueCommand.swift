internal import Addend
internal import ArgumentParser

/// `addend catalogue`: everything that is chosen by name, with its parameters.
struct CatalogueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue",
    abstract: "List maps, models, optimizers and so on, with their parameters.",
    discussion: """
      Each is written name:key=value,key=value, as in --map lookup:block=8,codewords=16.
      """)

  /// A kind of things with names.
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case maps, codebooks, models, layers, losses, optimizers, schedules, transforms, searches
    case datasets

    var catalogue: Catalogue {
      switch self {
      case .maps: Maps.catalogue
      case .codebooks: CodebookSchemes.catalogue
      case .models: Zoo.catalogue
      case .layers: Layers.catalogue
      case .losses: Losses.catalogue
      case .optimizers: Optimizers.catalogue
      case .schedules: Schedules.catalogue
      case .transforms: Transforms.catalogue
      case .searches: SearchMethods.catalogue
      case .datasets: Datasets.catalogue
      }
    }
  }

  @Argument(help: "What to list; everything when left out.")
  var kinds: [Kind] = []

  func run() {
    let texts = (kinds.isEmpty ? Kind.allCases : kinds).map { kind in
      "\(kind.rawValue)\n\(kind.catalogue.help)\n"
    }
    StandardStream.output.write(texts.joined(separator: "\n"))
  }
}

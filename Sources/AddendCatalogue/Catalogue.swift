/// Something that a specification makes: a map, a layer, an optimizer, a data set's recipe.
public protocol Configurable: Sendable {
  static var declaration: Declaration { get }
  /// - Throws: `CatalogueError` where parameters, each in its domain, do not go together.
  init(_ arguments: Arguments) throws(CatalogueError)
  /// What `init` would make this value from again.
  var specification: Specification { get }
}

/// The entries of one kind, by name.
///
/// The command line, network files, archives and help texts all read it: adding a method is adding
/// its type here.
public struct Catalogue: Sendable {
  /// What an entry is, in a message: `map`.
  public let noun: String
  public private(set) var entries: [any Configurable.Type]

  public init(of noun: String, _ entries: [any Configurable.Type]) {
    let names = entries.map { $0.declaration.name }
    precondition(Set(names).count == names.count, "two \(noun)s share a name")
    self.noun = noun
    self.entries = entries
  }

  public var names: [String] { entries.map { $0.declaration.name } }

  /// The entry that `specification` names, made with its parameters.
  public func make(_ specification: Specification) throws(CatalogueError) -> any Configurable {
    guard let entry = entries.first(where: { $0.declaration.name == specification.name }) else {
      throw .unknownName(noun: noun, name: specification.name, known: names)
    }
    return try entry.init(Arguments(specification, for: entry.declaration))
  }

  /// One line per entry and one per parameter, for help texts.
  public var help: String {
    entries.map { entry in
      let declaration = entry.declaration
      let lines = declaration.parameters.map { parameter in
        let standard = parameter.standard.map { ", default \($0)" } ?? ", required"
        return
          "    \(parameter.name)  \(parameter.help) (\(parameter.domain.description)\(standard))"
      }
      return (["  \(declaration.name)  \(declaration.summary)"] + lines).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}

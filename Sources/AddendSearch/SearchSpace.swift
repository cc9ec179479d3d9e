public import AddendTensors

/// What a search looks through: how candidates are drawn, changed, mixed and stored.
///
/// A candidate is a genome: a value of any kind, the words of a codebook, a layout, a learning rate.
/// Everything that a space draws comes from the source that it is handed, so that a search is
/// repeated by its seed.
public protocol SearchSpace: Sendable {
  associatedtype Genome: Hashable, Sendable

  /// What a stored search must have in common with the space that takes it up.
  var identity: String { get }

  /// A genome drawn without looking at any other.
  func random(using random: inout RandomSource) -> Genome

  /// A genome near `genome`; how near is for `strength` to say, 1 being the space's own measure.
  func mutated(
    _ genome: Genome, strength: Double, using random: inout RandomSource
  ) -> Genome

  /// A genome made of parts of both.
  func crossed(_ a: Genome, _ b: Genome, using random: inout RandomSource) -> Genome

  /// `genome` brought back to what is sound: every genome that is judged went through it.
  ///
  /// Crossing two sound codebooks can give one that holds a word twice, say.
  func repaired(_ genome: Genome, using random: inout RandomSource) -> Genome

  /// What a file holds of `genome`.
  func bytes(of genome: Genome) -> [UInt8]

  /// The genome that `bytes(of:)` gave `bytes` for; `nil` for bytes that it gives for none.
  func genome(from bytes: [UInt8]) -> Genome?
}

extension SearchSpace {
  public func repaired(_ genome: Genome, using random: inout RandomSource) -> Genome { genome }
}

/// A genome and how good it is: higher is better.
public struct Judged<Genome: Hashable & Sendable>: Hashable, Sendable {
  public var genome: Genome
  public var fitness: Double

  /// A fitness that is not a number counts as the worst.
  public init(_ genome: Genome, fitness: Double) {
    self.genome = genome
    self.fitness = fitness.isNaN ? -.infinity : fitness
  }
}

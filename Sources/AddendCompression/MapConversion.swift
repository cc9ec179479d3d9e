public import AddendCatalogue
public import AddendData
internal import AddendLinear
public import AddendNetworks
public import AddendTensors

/// `convert:map=lookup:block=4`: another kind of map in a trained network's layers, starting from the
/// trained weights.
///
/// What a new map learns beside its weights (codebooks, encoders) it learns from calibration data:
/// examples pass through the network as in inference (running statistics stay, nothing is dropped),
/// but for the new maps, which see a training pass. They learn one after the other, in the order of
/// the network: each sees what the new maps before it make of the examples, once, between two training
/// steps. No gradients flow.
///
/// The new map becomes the network's; layers that `keep` names are described with the one that they
/// had. A map of several parameters is written in brackets: `convert:map=[lookup:block=8,
/// encoder=hash],keep=first+last`.
///
///     let convert = try Transforms.configuration(Specification(parsing: "convert:map=lookup,keep=last"))
///     let smaller = try convert.transformed(model, calibration: splits.training)
///     try ModelArchive(smaller).save(to: "smaller.addend")
///
/// Cost: a pass over the calibration examples for each new map.
public struct MapConversion: ModelTransform {
  /// The kind of map that layers are given.
  public var map: Specification
  /// Layers that keep their maps: paths (`dense1`, or `residual2` for all inside), and `first` and
  /// `last` for the first and the last layer that has a map.
  public var keep: [String]
  /// How many calibration examples are looked at, at most, drawn at random.
  public var examples: Int
  /// Draws examples and whatever the new maps draw.
  public var seed: UInt64

  public init(to map: Specification, keep: [String] = [], examples: Int = 2048, seed: UInt64 = 1) {
    precondition(examples > 0, "calibration looks at something")
    self.map = map
    self.keep = keep
    self.examples = examples
    self.seed = seed
  }

  public static let declaration = Declaration(
    "convert", summary: "another kind of map, starting from the trained weights",
    parameters: [
      .init("map", .text, standard: nil, help: "the new map, as in lookup:block=4"),
      .init(
        "keep", .text, standard: .text(""),
        help: "layers that keep theirs, as in first+last or dense1+residual2"),
      .init(
        "examples", .integer(1...(1 << 24)), standard: .integer(2048),
        help: "calibration examples at most"),
      .init("seed", .integer(0...Int.max), standard: .integer(1), help: "draws the examples"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    let map = try Specification(parsing: arguments.text("map"))
    // A name or parameter that is wrong should be heard of before a model is at hand.
    _ = try Maps.configuration(map)
    self.init(
      to: map, keep: arguments.text("keep").split(separator: "+").map(String.init),
      examples: arguments.integer("examples"), seed: UInt64(arguments.integer("seed")))
  }

  public var specification: Specification {
    Specification(
      "convert",
      [
        "map": .text(map.description), "keep": .text(keep.joined(separator: "+")),
        "examples": .integer(examples), "seed": .integer(Int(truncatingIfNeeded: seed)),
      ])
  }

  public func transformed<Scalar: TensorScalar>(
    _ model: Model<Scalar>, calibration: (any Dataset)?
  ) throws(CompressionError) -> Model<Scalar> {
    guard let calibration else { throw .missingCalibration(transform: "convert") }
    var model = model
    let kept = try MapOwners(keeping: keep, in: model)
    var description = MapDescription<Scalar>(kept: kept, oldMap: model.map)
    model.rewrite(&description, map: map)
    var replacement = MapReplacement<Scalar>(
      kept: kept, configuration: try configuration(), precision: model.precision,
      random: RandomSource(seed: seed, stream: 5))
    model.visitMaps(&replacement)
    if let error = replacement.error { throw error }
    let pass = CalibrationPass(calibration, examples: examples, seed: seed)
    for learner in replacement.learners {
      learner.prepare(for: Self.progress(step: 0))
      try pass.run(through: model)
      learner.prepare(for: Self.progress(step: 1))
    }
    var installation = LearnerInstallation<Scalar>()
    model.visitMaps(&installation)
    return model
  }

  /// Where training seems to stand to a map: beyond any warm-up, and half-way.
  private static func progress(step: Int) -> TrainingProgress {
    TrainingProgress(step: (1 << 20) + step, stepsPerEpoch: 1, epochs: 1 << 21)
  }

  private func configuration() throws(CompressionError) -> any MapConfiguration {
    do throws(CatalogueError) {
      return try Maps.configuration(map)
    } catch {
      throw .parameters(layer: "convert", error)
    }
  }

  /// The layers of `model` that have a map and can choose it, in the order of the network.
  static func layersWithMaps<Scalar>(of model: Model<Scalar>) -> [String] {
    var (copy, list) = (model, OwnerList<Scalar>())
    copy.rewrite(&list)
    var survey = MapSurvey<Scalar>(owners: MapOwners(list.paths))
    copy.visitMaps(&survey)
    return survey.found
  }
}

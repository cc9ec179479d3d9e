public import AddendCatalogue
public import AddendData
public import AddendLinear
public import AddendNetworks
public import AddendTensors

/// `quantize`: a trained network's products in int8, from its weights and the ranges of its activations.
///
/// Layers of signs or few bits (`binary`, `kbit`) stay as they are.
/// Normalisations are folded first (`BatchNormFolding`). Then calibration examples pass once through the
/// network as in inference, in float32 arithmetic, while each map keeps a histogram of its inputs,
/// from which `calibration` chooses the range that its bytes cover. Weights get a scale for each
/// output. The maps are `Int8Map`s, which can be trained further (the ranges then follow training)
/// and freeze into integers.
///
///     let quantize = Int8Quantization(calibration: .squaredError, keep: ["last"])
///     let smaller = try quantize.transformed(model, calibration: splits.training).frozen()
///
/// Jacob et al., 2018, "Quantization and Training of Neural Networks for Efficient
/// Integer-Arithmetic-Only Inference"; ranges by histograms as in Migacz, 2017.
///
/// Cost: one pass over the calibration examples.
public struct Int8Quantization: ModelTransform {
  /// How ranges of activations are chosen.
  public var calibration: RangeMethod
  /// What `RangeMethod.percentile` leaves within the range, in percent.
  public var percentile: Double
  /// Layers that keep their maps, named as in `MapConversion.keep`.
  public var keep: [String]
  /// How many calibration examples are looked at, drawn at random, rounded up to whole batches.
  public var examples: Int
  /// Draws the examples.
  public var seed: UInt64

  public init(
    calibration: RangeMethod = .minimumMaximum, percentile: Double = 99.99, keep: [String] = [],
    examples: Int = 1000, seed: UInt64 = 1
  ) {
    precondition(examples > 0, "calibration looks at something")
    self.calibration = calibration
    self.percentile = percentile
    self.keep = keep
    self.examples = examples
    self.seed = seed
  }

  public static let declaration = Declaration(
    "quantize", summary: "products of bytes, with ranges from calibration examples",
    parameters: [
      .init(
        "calibration", .choice(RangeMethod.allCases.map(\.rawValue)),
        standard: .text(RangeMethod.minimumMaximum.rawValue),
        help: "how ranges of activations are chosen"),
      .init(
        "percentile", .number(50...100), standard: .number(99.99),
        help: "what calibration by percentile leaves in the range, in percent"),
      .init(
        "keep", .text, standard: .text(""),
        help: "layers that keep their maps, as in first+last or dense1+residual2"),
      .init(
        "examples", .integer(1...(1 << 24)), standard: .integer(1000),
        help: "calibration examples"),
      .init("seed", .integer(0...Int.max), standard: .integer(1), help: "draws the examples"),
    ])

  public init(_ arguments: Arguments) throws(CatalogueError) {
    self.init(
      calibration: RangeMethod(rawValue: arguments.text("calibration")) ?? .minimumMaximum,
      percentile: arguments.number("percentile"),
      keep: arguments.text("keep").split(separator: "+").map(String.init),
      examples: arguments.integer("examples"), seed: UInt64(arguments.integer("seed")))
  }

  public var specification: Specification {
    Specification(
      "quantize",
      [
        "calibration": .text(calibration.rawValue), "percentile": .number(percentile),
        "keep": .text(keep.joined(separator: "+")), "examples": .integer(examples),
        "seed": .integer(Int(truncatingIfNeeded: seed)),
      ])
  }

  public func transformed<Scalar: TensorScalar>(
    _ model: Model<Scalar>, calibration dataset: (any Dataset)?
  ) throws(CompressionError) -> Model<Scalar> {
    guard let dataset else { throw .missingCalibration(transform: "quantize") }
    var model = try BatchNormFolding().transformed(model, calibration: nil)
    let kept = try MapOwners(keeping: keep, in: model).keeping(in: model) {
      $0 is BinaryConfiguration || $0 is KBitConfiguration
    }
    guard let kept else {
      throw .unsuitable(
        reason:
          "nothing is left to quantize: all layers of '\(model.network.name)' are kept, or few bits"
      )
    }
    let map = Int8Configuration(calibration: calibration, percentile: percentile)
    var description = MapDescription<Scalar>(kept: kept, oldMap: model.map)
    model.rewrite(&description, map: map.specification)
    var replacement = MapReplacement<Scalar>(
      kept: kept, configuration: map, precision: model.precision,
      random: RandomSource(seed: seed, stream: 5))
    model.visitMaps(&replacement)
    if let error = replacement.error { throw error }
    try CalibrationPass(dataset, examples: examples, seed: seed).run(through: model)
    var installation = LearnerInstallation<Scalar>()
    model.visitMaps(&installation)
    return model
  }
}

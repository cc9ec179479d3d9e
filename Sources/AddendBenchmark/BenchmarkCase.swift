public import AddendCatalogue

/// One measured case: ours beside others, and how near to what the machine can do.
public struct BenchmarkCase: Sendable {
  /// `network-…`, `product-…`, `giant-…`.
  public var name: String
  /// What the numbers mean: `4096×1024×1024, blocks of 8`.
  public var shape: String
  /// Median seconds for one unit of work.
  public var ours: Double
  /// Other ways to do the same work, median seconds.
  public var baselines: [(name: String, seconds: Double)]
  /// Ours as a fraction of the machine's measured limit; `nil` where none applies.
  public var fractionOfLimit: Double?
  /// What the limit is, and its value in operations a second.
  public var limit: (name: String, perSecond: Double)?
  /// Other figures under stable keys.
  public var figures: [(name: String, value: Double)] = []

  public init(
    name: String, shape: String, ours: Double, baselines: [(name: String, seconds: Double)] = []
  ) {
    self.name = name
    self.shape = shape
    self.ours = ours
    self.baselines = baselines
  }

  /// The best baseline's seconds over ours.
  public var ratio: Double? { baselines.map(\.seconds).min().map { $0 / ours } }

  /// The object in a command's `results`.
  public var json: JSONValue {
    var object = JSONObject()
    object["case"] = .text(name)
    object["shape"] = .text(shape)
    object["ours"] = .number(ours)
    var others = JSONObject()
    for baseline in baselines { others[baseline.name] = .number(baseline.seconds) }
    object["baselines"] = .object(others)
    object["ratio"] = ratio.map(JSONValue.number) ?? .null
    object["fractionOfLimit"] = fractionOfLimit.map(JSONValue.number) ?? .null
    object["limit"] =
      limit.map { ["name": .text($0.name), "perSecond": .number($0.perSecond)] } ?? .null
    for figure in figures { object[figure.name] = .number(figure.value) }
    return .object(object)
  }
}

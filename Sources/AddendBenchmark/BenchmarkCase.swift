public import AddendCatalogue

/// One measured case: ours beside others, and how near to what the machine can do.
public struct BenchmarkCase: Sendable {
  /// Seconds under the name of a way.
  public typealias Named = (name: String, seconds: Double)

  /// `network-…`, `product-…`, `giant-…`, `gemm-…`, `convolution-…`.
  public var name: String
  /// What the numbers mean: `4096×1024×1024, blocks of 8`.
  public var shape: String
  /// Seconds for one unit of work: the median over the rounds, unless the minimum was asked for; so
  /// are all seconds here.
  public var ours: Double
  /// How far the middle half of the samples spread, over the median; `nil` where not recorded.
  public var spread: Double?
  /// All our ways to do the work, in seconds; the fastest is `ours`. Empty where there is one.
  public var candidates: [Named] = []
  /// Other libraries' ways to do the same work, in seconds.
  public var baselines: [Named]
  /// The baselines' spreads, as far as recorded.
  public var baselineSpreads: [String: Double] = [:]
  /// What is done less exactly, in seconds: for comparison, not for the ratio.
  public var references: [Named] = []
  /// What others call the code that ran.
  public var implementations: [(name: String, text: String)] = []
  /// Seconds of runs that start with empty caches; `nil` where not measured.
  public var cold: (ours: Double, baselines: [Named])?
  /// Ours as a fraction of the machine's measured limit; `nil` where none applies.
  public var fractionOfLimit: Double?
  /// What the limit is, and its value in operations a second.
  public var limit: (name: String, perSecond: Double)?
  /// What one unit of work consists of; `nil` where nobody counted.
  public var work: Work?
  /// Other figures under stable keys.
  public var figures: [(name: String, value: Double)] = []
  /// Parts of the work under their names, in seconds.
  public var parts: [Named] = []

  public init(
    name: String, shape: String, ours: Double, baselines: [(name: String, seconds: Double)] = []
  ) {
    self.name = name
    self.shape = shape
    self.ours = ours
    self.baselines = baselines
  }

  /// Says what fraction of `limits` the work is; nothing where nothing is multiplied.
  public mutating func measure(against limits: RooflineLimits) {
    guard let work, work.multiplyAdds > 0 else { return }
    limit = (
      "float32 multiply-adds of \(threadsText(limits.threads))", limits.multiplyAdds
    )
    fractionOfLimit = work.multiplyAdds / ours / limits.multiplyAdds
  }

  /// The best baseline's seconds over ours.
  public var ratio: Double? { baselines.map(\.seconds).min().map { $0 / ours } }

  /// As `ratio`, of runs that start with empty caches.
  public var coldRatio: Double? {
    cold.flatMap { cold in cold.baselines.map(\.seconds).min().map { $0 / cold.ours } }
  }

  /// The baseline called `name`: its seconds over ours.
  public func ratio(to name: String) -> Double? {
    baselines.first { $0.name == name }.map { $0.seconds / ours }
  }

  /// The object in a command's `results`.
  public var json: JSONValue {
    var object = JSONObject()
    object["case"] = .text(name)
    object["shape"] = .text(shape)
    object["ours"] = .number(ours)
    object["spread"] = spread.map(JSONValue.number) ?? .null
    object["baselines"] = Self.json(baselines)
    object["ratio"] = ratio.map(JSONValue.number) ?? .null
    object["fractionOfLimit"] = fractionOfLimit.map(JSONValue.number) ?? .null
    object["limit"] =
      limit.map { ["name": .text($0.name), "perSecond": .number($0.perSecond)] } ?? .null
    if !candidates.isEmpty { object["candidates"] = Self.json(candidates) }
    if !baselineSpreads.isEmpty {
      object["baselineSpreads"] = Self.json(
        baselines.compactMap { one in baselineSpreads[one.name].map { (one.name, $0) } })
    }
    if !references.isEmpty { object["references"] = Self.json(references) }
    if !implementations.isEmpty {
      var texts = JSONObject()
      for one in implementations { texts[one.name] = .text(one.text) }
      object["implementations"] = .object(texts)
    }
    if let cold {
      object["cold"] = [
        "ours": .number(cold.ours), "baselines": Self.json(cold.baselines),
        "ratio": coldRatio.map(JSONValue.number) ?? .null,
      ]
    }
    if let work {
      object["multiplyAdds"] = .number(work.multiplyAdds)
      object["bytes"] = .number(work.bytes)
    }
    for figure in figures { object[figure.name] = .number(figure.value) }
    if !parts.isEmpty { object["parts"] = Self.json(parts) }
    return .object(object)
  }

  private static func json(_ named: [Named]) -> JSONValue {
    var object = JSONObject()
    for one in named { object[one.name] = .number(one.seconds) }
    return .object(object)
  }
}

/// What a unit of work consists of, whoever does it and however.
public struct Work: Hashable, Sendable {
  /// Multiply-adds of the operation's definition: an algorithm that needs fewer may exceed the
  /// machine's peak.
  public var multiplyAdds: Double
  /// Bytes of every operand and result, once each: what must move at least if nothing is in a cache.
  public var bytes: Double

  public init(multiplyAdds: Double, bytes: Double) {
    self.multiplyAdds = multiplyAdds
    self.bytes = bytes
  }

  /// Multiply-adds for each byte.
  public var intensity: Double { multiplyAdds / max(bytes, 1) }
}

/// The geometric mean of ratios over cases.
public struct GeometricMean: Hashable, Sendable {
  /// Which cases: `all`.
  public let cases: String
  /// What ours are compared with.
  public let baseline: String
  /// The mean; above 1 ours are faster.
  public let ratio: Double
  /// How many cases it is of.
  public let count: Int

  /// `nil` where no ratio is given.
  public init?(_ cases: String, against baseline: String, of ratios: [Double]) {
    guard !ratios.isEmpty else { return nil }
    self.cases = cases
    self.baseline = baseline
    ratio = geometricMean(ratios)
    count = ratios.count
  }

  public var json: JSONValue {
    [
      "mean": .text(cases), "against": .text(baseline), "ratio": .number(ratio),
      "cases": .integer(count),
    ]
  }
}

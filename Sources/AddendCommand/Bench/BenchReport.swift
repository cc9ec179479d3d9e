internal import Addend

/// What is said of measured cases.
struct BenchReport {
  let command: String
  let options: BenchOptions
  let results: [BenchmarkCase]
  let limits: RooflineLimits
  /// The baselines that get a column.
  var rivals: [String] = []
  var means: [GeometricMean] = []
  /// What a case is one of in the chart.
  var series: (BenchmarkCase) -> String = { _ in "kernels" }

  func write() throws {
    let common = options.common
    common.say(
      "\(Machine.current.summary(threads: limits.threads)), \(options.statistic) of \(options.rounds) rounds"
    )
    common.say(
      "limits: \(QuantityUnit.count.text(limits.multiplyAdds)) float32 multiply-adds a second, reads "
        + MemoryLevel.allCases.map {
          "\($0.rawValue) \(QuantityUnit.count.text(limits.bandwidths[$0] ?? 0))B/s"
        }.joined(separator: ", "))
    common.say("\(table)")
    for result in results where results.count <= 4 {
      for one in result.references {
        common.say(
          "\(result.shape), not compared: \(one.name) \(QuantityUnit.seconds.text(one.seconds))")
      }
    }
    if let core = results.lazy.compactMap({ result in
      result.implementations.first { $0.name == RivalProduct.openBLAS.rawValue }?.text
    }).first {
      common.say("OpenBLAS runs its kernels for \(core)")
    }
    if let doubt { common.say(doubt) }
    if !means.isEmpty { common.say("\n\(meansTable)") }
    if let path = options.roofline { try writeAtomically(chart.svg, to: path) }
    try Envelope(
      command: "bench \(command)", options: common, dataset: nil,
      results: results.map(\.json) + means.map(\.json)
    ).write()
  }

  private var table: TextTable {
    let hasCold = results.contains { $0.cold != nil }
    let hasWays = results.contains { $0.candidates.count > 1 }
    var columns: [TextTable.Column] = [.init("case", alignment: .leading)]
    if hasWays { columns.append(.init("ours", alignment: .leading)) }
    columns += [
      .init("seconds", unit: options.statistic), .init("spread", unit: "middle half"),
      .init("multiply-adds", unit: "a second"), .init("of peak"),
    ]
    columns += rivals.map { .init("against", unit: $0) }
    let hasBaselines = results.contains { !$0.baselines.isEmpty }
    if hasBaselines {
      columns += [.init("against", unit: "the best"), .init("the best", alignment: .leading)]
    }
    if hasCold {
      columns.append(.init("cold caches", unit: "seconds"))
      if hasBaselines { columns.append(.init("against", unit: "the best, cold")) }
    }
    var table = TextTable(columns: columns)
    for result in results {
      var cells = [result.shape]
      if hasWays { cells.append(fastest(result.candidates)) }
      let rate = result.work.map { $0.multiplyAdds / result.ours } ?? 0
      cells += [
        QuantityUnit.seconds.text(result.ours),
        result.spread.map(QuantityUnit.fraction.text) ?? "–",
        rate > 0 ? QuantityUnit.count.text(rate) : "–",
        result.fractionOfLimit.map(QuantityUnit.fraction.text) ?? "–",
      ]
      cells += rivals.map { result.ratio(to: $0).map(timesText) ?? "–" }
      if hasBaselines {
        cells += [result.ratio.map(timesText) ?? "–", fastest(result.baselines)]
      }
      if hasCold {
        cells.append(result.cold.map { QuantityUnit.seconds.text($0.ours) } ?? "–")
        if hasBaselines { cells.append(result.coldRatio.map(timesText) ?? "–") }
      }
      table.append(cells)
    }
    return table
  }

  /// A row for each choice of cases, a column for each baseline.
  private var meansTable: TextTable {
    var (rows, columns): ([String], [String]) = ([], [])
    for mean in means {
      if !rows.contains(mean.cases) { rows.append(mean.cases) }
      if !columns.contains(mean.baseline) { columns.append(mean.baseline) }
    }
    var table = TextTable(
      columns: [
        .init("geometric mean", unit: "times faster", alignment: .leading), .init("cases"),
      ] + columns.map { .init("against", unit: $0) })
    for row in rows {
      let own = means.filter { $0.cases == row }
      table.append(
        [row, "\(own.map(\.count).max() ?? 0)"]
          + columns.map { column in
            own.first { $0.baseline == column }.map { timesText($0.ratio) } ?? "–"
          })
    }
    return table
  }

  /// What must be known of figures that were taken while the machine did something else as well.
  private var doubt: String? {
    let limit = 0.25
    let doubtful = results.count { result in
      ([result.spread ?? 0] + result.baselineSpreads.values).contains { $0 > limit }
    }
    guard doubtful > 0 else { return nil }
    return
      "in \(doubtful) of \(results.count) cases the middle half of some way's rounds spreads over "
      + "more than \(QuantityUnit.fraction.text(limit)): the machine was not left alone"
  }

  private func fastest(_ ways: [BenchmarkCase.Named]) -> String {
    ways.min { $0.seconds < $1.seconds }?.name ?? "–"
  }

  private var chart: RooflineChart {
    RooflineChart(
      title: "Roofline: bench \(command)",
      subtitle: Machine.current.summary(threads: limits.threads), operation: "multiply-adds",
      peak: (
        "float32 peak, \(QuantityUnit.count.text(limits.multiplyAdds))/s", limits.multiplyAdds
      ),
      slopes: MemoryLevel.allCases.compactMap { level in
        limits.bandwidths[level].map {
          .init("\(level.rawValue), \(QuantityUnit.count.text($0))B/s", bytesPerSecond: $0)
        }
      },
      points: results.compactMap { result in
        guard let work = result.work, work.multiplyAdds > 0 else { return nil }
        return .init(
          label: result.shape, series: series(result), intensity: work.intensity,
          operationsPerSecond: work.multiplyAdds / result.ours)
      })
  }
}

/// `1.23×`.
func timesText(_ ratio: Double) -> String {
  "\(QuantityUnit.plain.text(ratio))×"
}

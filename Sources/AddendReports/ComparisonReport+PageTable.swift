extension ComparisonReport {
  /// The table of all figures, each beside float32.
  var tableHTML: String {
    let heads = measures.map { measure in
      let scope = measure.scope.isEmpty ? "" : "<small>\(measure.scope)</small>"
      let title = measure.title.split(separator: "-").joined(separator: "\u{2011}")
      return "<th scope=\"col\">\(title)\(scope)</th>"
    }
    let rows = networks.enumerated().map { index, result in
      let cells = measures.map { cellHTML($0, of: result) }
      let style = result.isBaseline ? " class=\"baseline\"" : ""
      let swatch = "<span class=\"swatch\" style=\"background:var(--series-\(index % 8))\"></span>"
      return "<tr\(style)><th scope=\"row\">\(swatch)\(label(of: result).breakableHTML)</th>"
        + "\(cells.joined())</tr>"
    }
    return """
      <section aria-labelledby="table-title">
      <h2 id="table-title">All figures</h2>
      <p>Below each figure stands how it compares with the same network in float32: a ratio, or for \
      accuracies a difference in percentage points (pp). Where one network alone is the best of a column, it is \
      marked.</p>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="table-title"><table>
      <thead><tr><th scope="col">network</th>\(heads.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></div>
      </section>

      """
  }

  private func cellHTML(_ measure: Measure, of result: NetworkResult) -> String {
    guard let figure = result.figures[measure] else { return "<td>–</td>" }
    let text = measure.unit.text(figure)
    let isBest = networks.count > 1 && figure == best(measure)
    let beside = result.isBaseline ? nil : comparison(measure, of: result)
    return
      "<td>\(isBest ? "<b>\(text)</b>" : text)\(beside.map { "<small>\($0)</small>" } ?? "")</td>"
  }

  private func best(_ measure: Measure) -> Double? {
    let figures = networks.compactMap { $0.figures[measure] }
    let best = measure.isBetterWhenLarger ? figures.max() : figures.min()
    // A tie has no winner to point at.
    return figures.count { $0 == best } == 1 ? best : nil
  }

  /// For each cost the cheapest network that is hardly less accurate than float32.
  var summaryHTML: String {
    let measures: [Measure] = [
      .multiplications, .energyPicojoules, .bytesStored, .inferenceSecondsPerExample,
    ]
    let cards = measures.compactMap(cardHTML)
    guard !cards.isEmpty else { return "" }
    return """
      <section aria-labelledby="summary-title">
      <h2 id="summary-title">At most one percentage point below float32</h2>
      <p>Of the networks without float32 products, the cheapest that keeps its test accuracy within one
      point of float32’s.</p>
      <ul class="cards">
      \(cards.joined(separator: "\n"))
      </ul>
      </section>

      """
  }

  private func cardHTML(_ measure: Measure) -> String? {
    let rivals = networks.filter { result in
      guard !result.isBaseline, result.figures[measure] != nil,
        let accuracy = result.figures[.accuracy],
        let reference = baseline(of: result)?.figures[.accuracy]
      else { return false }
      return accuracy >= reference - 0.01
    }
    let cheapest = rivals.min { first, second in
      (relative(measure, first) ?? .infinity) < (relative(measure, second) ?? .infinity)
    }
    guard let cheapest, let figure = cheapest.figures[measure],
      let beside = comparison(measure, of: cheapest),
      let accuracy = cheapest.figures[.accuracy],
      let points = comparison(.accuracy, of: cheapest)
    else { return nil }
    let scope = measure.scope.isEmpty ? "" : " \(measure.scope)"
    return """
      <li><span class="what">\(measure.title)\(scope)</span>
      <span class="figure">\(beside) <small>float32’s</small></span>
      <span class="who">\(label(of: cheapest).breakableHTML)\
      <small>\(measure.unit.text(figure))</small>\
      <small>accuracy \(unbroken(QuantityUnit.fraction.text(accuracy))), \
      \(unbroken(points))</small></span></li>
      """
  }

  /// A figure that stays on the line with its unit.
  private func unbroken(_ figure: String) -> String {
    figure.split(separator: " ").joined(separator: "\u{A0}")
  }

  private func relative(_ measure: Measure, _ result: NetworkResult) -> Double? {
    guard let value = result.figures[measure],
      let reference = baseline(of: result)?.figures[measure]
    else { return nil }
    return value / reference
  }
}

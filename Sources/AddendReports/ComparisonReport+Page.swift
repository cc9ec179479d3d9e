internal import AddendCatalogue
public import AddendFiles

extension ComparisonReport {
  /// Writes the report's page to `path`, whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func writePage(to path: String) throws(FileError) { try writeAtomically(page, to: path) }

  /// The report as one HTML page that needs nothing else: style, script, charts' library and images
  /// are inside. Everything but the charts reads without JavaScript, their figures as tables.
  public var page: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
    style-src 'unsafe-inline'; script-src 'unsafe-inline'">
    <title>\(title.escapedForHTML)</title>
    <style>
    \(ReportResources.style)</style>
    </head>
    <body>
    <header>
    <p class="kicker">Addend comparison</p>
    <h1>\(title.escapedForHTML)</h1>
    \(factsHTML)
    </header>
    <main>
    \([summaryHTML, scatterHTML, tableHTML, curvesHTML, samplesHTML, notesHTML].joined())
    </main>
    <footer><p>Made by <code>addend</code>; nothing on this page was fetched. Charts drawn by Chart.js \
    (MIT licence).</p></footer>
    <script type="application/json" id="report-data">\(chartData)</script>
    <script>
    \(ReportResources.chartLibrary)
    </script>
    <script>
    \(ReportResources.script)</script>
    </body>
    </html>

    """
  }

  private var factsHTML: String {
    let facts = [
      ("Data set", dataset.escapedForHTML), ("Machine", machine.escapedForHTML),
      ("Date", date.escapedForHTML), ("Command", "<code>\(command.escapedForHTML)</code>"),
    ]
    let rows = facts.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }
    return "<dl class=\"facts\">\n\(rows.joined(separator: "\n"))\n</dl>"
  }

  private var scatterHTML: String {
    guard networks.contains(where: { $0.figures[.accuracy] != nil }), !costs.isEmpty else {
      return ""
    }
    let options = costs.map { cost in
      "<option value=\"\(cost.key)\">\(cost.title)\(cost.scope.isEmpty ? "" : " \(cost.scope)")</option>"
    }
    return """
      <section aria-labelledby="scatter-title">
      <h2 id="scatter-title">Accuracy against cost</h2>
      <p>Up is more accurate, left is cheaper. On the dashed line no other network is both.</p>
      <figure class="panel">
      <div class="controls">
      <label>Cost <select id="cost">\(options.joined())</select></label>
      <label><input type="checkbox" id="logarithmic" checked> logarithmic</label>
      </div>
      <div class="chart"><canvas id="chart-scatter" role="img"></canvas></div>
      <noscript><p class="hint">The chart needs JavaScript; the table below has its figures.</p></noscript>
      <figcaption>Test accuracy and cost of each network. \(Self.energyNote.escapedForHTML).</figcaption>
      </figure>
      </section>

      """
  }

  private var curvesHTML: String {
    guard networks.contains(where: { !$0.curve.isEmpty }) else { return "" }
    return """
      <section aria-labelledby="curves-title">
      <h2 id="curves-title">Learning curves</h2>
      <p>Loss on the training set and accuracy on the test set after each epoch.</p>
      <figure>
      <div class="pair">
      <div class="panel"><h3>Training loss</h3><div class="chart">\
      <canvas id="chart-loss" role="img" aria-label="Training loss by epoch; the table below has the \
      figures"></canvas></div></div>
      <div class="panel"><h3>Test accuracy</h3><div class="chart">\
      <canvas id="chart-accuracy" role="img" aria-label="Test accuracy by epoch; the table below has \
      the figures"></canvas></div></div>
      </div>
      <details open><summary>The curves’ figures</summary>
      \(curveTableHTML)
      </details>
      </figure>
      </section>

      """
  }

  private var curveTableHTML: String {
    let learned = networks.filter { !$0.curve.isEmpty }
    let epochs = Set(learned.flatMap { $0.curve.map(\.epoch) }).sorted()
    let heads = learned.map {
      "<th scope=\"col\">\(label(of: $0).breakableHTML)<small>loss, accuracy</small></th>"
    }
    let rows = epochs.map { epoch in
      let cells = learned.map { network in
        let point = network.curve.first { $0.epoch == epoch }
        let loss = point.map { QuantityUnit.plain.text($0.trainLoss) } ?? "–"
        let accuracy = point?.testAccuracy.map(QuantityUnit.fraction.text) ?? "–"
        return "<td>\(loss)<small>\(accuracy)</small></td>"
      }
      return "<tr><th scope=\"row\">\(epoch)</th>\(cells.joined())</tr>"
    }
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="Learning curves as a table"><table>
      <thead><tr><th scope="col">epoch</th>\(heads.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></div>
      """
  }

  private var notesHTML: String {
    let all = notes + ["\(Self.energyNote); it is for comparing networks, not for a meter"]
    let items = all.map { note in
      "<li>\(note.escapedForHTML)\(note.hasSuffix(".") ? "" : ".")</li>"
    }
    return """
      <section aria-labelledby="notes-title">
      <h2 id="notes-title">How to read this</h2>
      <ul class="notes">
      \(items.joined(separator: "\n"))
      </ul>
      </section>
      """
  }

  private var costs: [Measure] {
    let order: [Measure] = [
      .multiplications, .energyPicojoules, .bytesStored, .inferenceSecondsPerExample, .additions,
      .lookups,
    ]
    return order.filter(measures.contains)
  }

  /// What the script draws. `<` is escaped, so that no text ends the element that it stands in.
  private var chartData: String {
    let costs = costs.map { cost -> JSONValue in
      [
        "key": .text(cost.key), "title": .text(cost.title), "scope": .text(cost.scope),
        "unit": .text(cost.axisUnit),
      ]
    }
    let networks = networks.map { network -> JSONValue in
      var (figures, text, beside) = (JSONObject(), JSONObject(), JSONObject())
      for measure in measures {
        guard let figure = network.figures[measure] else { continue }
        figures[measure.key] = .number(figure)
        text[measure.key] = .text(measure.unit.text(figure))
        if !network.isBaseline {
          beside[measure.key] = comparison(measure, of: network).map(JSONValue.text)
        }
      }
      return [
        "label": .text(label(of: network)), "figures": .object(figures), "text": .object(text),
        "beside": .object(beside), "curve": .array(network.curve.map(\.json)),
      ]
    }
    let data: JSONValue = ["costs": .array(costs), "networks": .array(networks)]
    return data.text().split(separator: "<", omittingEmptySubsequences: false)
      .joined(separator: "\\u003c")
  }
}

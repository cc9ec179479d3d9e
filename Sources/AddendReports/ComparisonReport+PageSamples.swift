extension ComparisonReport {
  /// Test images with each network's answer; right and wrong are told by a mark, not only by colour.
  var samplesHTML: String {
    guard !samples.isEmpty else { return "" }
    let items = samples.map { sample in
      let trueClass = sample.className.escapedForHTML
      let address = "data:image/png;base64,\(base64(sample.image.png))"
      let answers = sample.answers.map { answerHTML($0, of: sample) }
      return """
        <li><img src="\(address)" alt="Test image of class \(trueClass)" \
        width="\(sample.image.width)" height="\(sample.image.height)">
        <div><h3><span>true class</span>\(trueClass)</h3>
        <ul class="answers">
        \(answers.joined(separator: "\n"))
        </ul></div></li>
        """
    }
    return """
      <section aria-labelledby="samples-title">
      <h2 id="samples-title">Sample predictions</h2>
      <p>Images of the test set, each network’s answer and the probability that it gave. \
      ✓ is right, ✗ is wrong.</p>
      <ul class="samples">
      \(items.joined(separator: "\n"))
      </ul>
      </section>

      """
  }

  private func answerHTML(_ answer: SamplePrediction.Answer, of sample: SamplePrediction) -> String
  {
    let isRight = answer.className == sample.className
    let percent = decimal(min(1, max(0, answer.probability)) * 100, digits: 0)
    let network = answer.network.escapedForHTML
    return """
      <li><span class="name" title="\(network)">\(network)</span>\
      <span class="\(isRight ? "right" : "wrong")">\(isRight ? "✓" : "✗") \
      \(answer.className.escapedForHTML) · \(percent) %</span>\
      <span class="bar"><i style="width:\(percent)%"></i></span></li>
      """
  }
}

import AddendFiles
import AddendReports
import Foundation
import Testing

private let previewPath = ProcessInfo.processInfo.environment["ADDEND_REPORT_PREVIEW"]

/// Writes the page to where a browser can be pointed at.
@Test(.enabled(if: previewPath != nil)) func thePageCanBeLookedAt() throws {
  let path = try #require(previewPath)
  try SampleReport.make().writePage(to: path)
  #expect(try readFile(at: path, byteLimit: 1 << 24).count > 200_000)
}

/// What a browser would fetch: `src`, `href`, `url(…)`, `@import`, other pages' scripts.
@Test func thePageNeedsNothingElse() {
  let page = SampleReport.make().page
  for attribute in ["src=\"", "href=\"", "url(", "action=\"", "poster=\"", "srcset=\""] {
    for value in page.components(separatedBy: attribute).dropFirst() {
      #expect(value.hasPrefix("data:image/png;base64,"), "\(attribute)\(value.prefix(40))")
    }
  }
  for word in ["@import", "<link", "<iframe", "fetch(", "XMLHttpRequest", "import("] {
    #expect(!page.contains(word), "\(word)")
  }
  #expect(page.contains("default-src 'none'"))
}

@Test func theLibrarysLicenceStaysWithIt() {
  #expect(SampleReport.make().page.contains("Chart.js v3.9.1"))
  #expect(SampleReport.make().page.contains("Released under the MIT License"))
}

@Test func textFromOutsideIsEscapedEverywhere() throws {
  let hostile = "</script><script>alert('x')</script>\"&"
  var report = SampleReport.make(title: hostile)
  report.dataset = hostile
  report.machine = hostile
  report.date = hostile
  report.command = hostile
  report.notes = [hostile]
  for index in report.networks.indices {
    report.networks[index].network = hostile + String(index)
    report.networks[index].precision = hostile
  }
  report.samples[0].className = hostile
  report.samples[0].answers = [.init(network: hostile, className: hostile, probability: 2)]
  let page = report.page
  #expect(!page.contains("<script>alert"))
  // In the data of the charts, quotes are JSON's own.
  #expect(page.components(separatedBy: "<script").first?.contains("alert('x')") == false)
  #expect(
    page.contains("&lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"))
  // The library, the script and the data, and no other.
  #expect(page.components(separatedBy: "</script").count == 4)
}

@Test func everyFigureReadsWithoutScript() throws {
  let report = SampleReport.make()
  let visible = try #require(report.page.components(separatedBy: "<script").first)
  for network in report.networks {
    for (measure, figure) in network.figures {
      #expect(visible.contains(measure.unit.text(figure)), "\(network.map) \(measure)")
    }
    for point in network.curve {
      #expect(visible.contains(QuantityUnit.plain.text(point.trainLoss)))
    }
  }
  #expect(visible.contains("Energy is modelled, not measured"))
}

@Test func theSummaryTakesTheCheapestWithinAPoint() throws {
  // Binary has the fewest multiplications, 1.9 points below float32: ternary is the one.
  let page = SampleReport.make().page
  let summary = try #require(page.components(separatedBy: "<ul class=\"cards\">").last)
  let card = try #require(summary.components(separatedBy: "</li>").first)
  #expect(card.contains("0.0015×"))
  #expect(card.contains("ternary"))
  #expect(card.contains("−0.43\u{A0}pp"))
}

@Test func anEmptyReportIsStillAPage() {
  let report = ComparisonReport(
    title: "nothing", dataset: "", machine: "", date: "", command: "", networks: [])
  let body = report.page.components(separatedBy: "<body>").last ?? ""
  #expect(!body.contains("id=\"chart-scatter\""))
  #expect(!body.contains("class=\"samples\""))
  #expect(body.contains("How to read this"))
}

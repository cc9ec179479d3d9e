import AddendReports
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an SVG picture says and draws.
private final class Reader: NSObject, XMLParserDelegate {
  var texts: [String] = []
  var circles: [(x: Double, y: Double)] = []
  private var text: String?

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String] = [:]
  ) {
    if name == "text" { text = "" }
    if name == "circle", let x = attributes["cx"].flatMap(Double.init),
      let y = attributes["cy"].flatMap(Double.init), attributes["r"] == "3.6"
    {
      circles.append((x, y))
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text? += string }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if let text, name == "text" { texts.append(text) }
    if name == "text" { text = nil }
  }
}

struct RooflineChartTests {
  private func chart(_ points: [RooflineChart.Point]) -> RooflineChart {
    RooflineChart(
      title: "a < b & c", subtitle: "one \"thread\"", operation: "multiply-adds",
      peak: ("peak", 1e11),
      slopes: [.init("L1", bytesPerSecond: 4e11), .init("RAM", bytesPerSecond: 3e10)],
      points: points)
  }

  private func read(_ chart: RooflineChart) throws -> Reader {
    let reader = Reader()
    let parser = XMLParser(data: Data(chart.svg.utf8))
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    return reader
  }

  @Test func everyPointIsDrawnAndNamed() throws {
    let points = (0..<40).map { i in
      RooflineChart.Point(
        label: "kernel <\(i)>", series: i % 3 == 0 ? "first" : "second", intensity: 10,
        operationsPerSecond: 5e10 * (1 + Double(i) / 1000))
    }
    let reader = try read(chart(points))
    #expect(reader.circles.count == 40)
    for point in points { #expect(reader.texts.contains(point.label)) }
    for text in ["a < b & c", "first", "second", "peak", "L1", "RAM"] {
      #expect(reader.texts.contains(text), "\(text)")
    }
    // Once at the point, once in the list.
    for number in 3...40 { #expect(reader.texts.count { $0 == "\(number)" } >= 2) }
  }

  /// More for each byte is further right, more a second further up.
  @Test func placesFollowTheFigures() throws {
    let reader = try read(
      chart([
        .init(label: "a", series: "s", intensity: 1, operationsPerSecond: 1e9),
        .init(label: "b", series: "s", intensity: 8, operationsPerSecond: 2e11),
      ]))
    try #require(reader.circles.count == 2)
    #expect(reader.circles[0].x < reader.circles[1].x && reader.circles[0].y > reader.circles[1].y)
  }

  @Test func whatHasNoPlaceIsLeftOut() throws {
    let nothing: [RooflineChart.Point] = [0, .infinity, .nan].map {
      .init(label: "x", series: "s", intensity: 1, operationsPerSecond: $0)
    }
    #expect(try read(chart(nothing)).circles.isEmpty)
    #expect(try read(chart([])).texts.contains("peak"))
  }
}

import AddendReports
import Testing

@Test func columnsAlignWhateverTheirCharactersAre() {
  var table = TextTable(columns: [
    .init("name", alignment: .leading), .init("size", unit: "KiB"), .init("n"),
  ])
  table.append(["é", "1.50", "1"])
  table.append(["数字", "12.0", "100"])
  table.append(["👩‍👩‍👧 x", "", "7"])
  #expect(
    table.description == """
      name  size    n
             KiB
      ────  ────  ───
      é     1.50    1
      数字  12.0  100
      👩‍👩‍👧 x          7
      """)
}

@Test(arguments: [
  ("", 0), ("abc", 3), ("e\u{301}", 1), ("日本", 4), ("ｆ", 2), ("한", 2), ("😀", 2), ("❤️", 2),
  ("\u{200B}", 0), ("−×µ", 3),
])
func widthCountsColumns(text: String, width: Int) { #expect(text.displayWidth == width) }

@Test func theReportsTablePutsEachFigureBesideFloat32() {
  var report = SampleReport.make()
  report.networks.removeSubrange(4...)
  report.networks.removeSubrange(1...2)
  #expect(
    report.table.description == """
      network           accuracy     mult.  additions  look-ups   on disk    energy  training  inference
                            test  /example   /example  /example            modelled             /example
      ────────────────  ────────  ────────  ─────────  ────────  ────────  ────────  ────────  ─────────
      float32            98.31 %     266 k      267 k         0  1.02 MiB   1.23 µJ    41.2 s    8.10 µs
      ternary            97.88 %       410      180 k         0  66.4 KiB    163 nJ    88.4 s    5.20 µs
        beside float32  −0.43 pp   0.0015×      0.68×        1×    0.064×     0.13×     2.15×      0.64×
      """)
}

@Test func severalNetworksAreEachBesideTheirOwnFloat32() {
  let report = ComparisonReport(
    title: "", dataset: "", machine: "", date: "", command: "",
    networks: [
      .init(network: "a", map: "float32", figures: [.loss: 2]),
      .init(network: "b", map: "float32", figures: [.loss: 4]),
      .init(network: "b", map: "int8", precision: "mixed-bf16", figures: [.loss: 6]),
      .init(network: "c", map: "float32", precision: "mixed-bf16", figures: [.loss: 6]),
    ])
  #expect(report.networks.map { report.comparison(.loss, of: $0) } == ["1×", "1×", "1.50×", nil])
  #expect(
    report.networks.map(report.label) == [
      "a · float32", "b · float32", "b · int8, mixed-bf16", "c · mixed-bf16",
    ])
}

internal import Addend
internal import ArgumentParser

/// `addend bench machine`: what the machine can do at most.
struct BenchMachineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine",
    abstract: "Measure the machine's limits: multiply-adds, look-ups, bandwidths, random reads.",
    discussion: """
      Loops that do nothing else, on one thread and on all of them together; each figure is the best \
      of five parts. A multiply-add counts once. What streams read and write is counted, not what \
      caches read in order to write; results in memory are written past the caches.
      """)

  @Option(help: "How long each part runs.")
  var milliseconds = 30

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard 1...10_000 ~= milliseconds else {
      throw ValidationError("--milliseconds is \(milliseconds), expected 1 to 10000.")
    }
  }

  func run() throws {
    try common.checkOutputs()
    let counts = common.threadCount > 1 ? [1, common.threadCount] : [1]
    var columns: [[LimitMeasurement]] = []
    do {
      for threads in counts {
        try ThreadPool.$current.withValue(ThreadPool(threadCount: threads)) {
          columns.append(
            try LimitMeasurement.all(milliseconds: milliseconds) { next in
              guard !common.quiet else { return }
              StandardStream.error.write("measuring \(next), \(threadsText(threads))\n")
            })
        }
      }
    } catch let error as BenchmarkError {
      throw Failure(.unavailable, "\(error)")
    }
    report(columns, counts)
    try Envelope(
      command: "bench machine", options: common, dataset: nil,
      results: columns.joined().map(\.result.json)
    ).write()
  }

  private func report(_ columns: [[LimitMeasurement]], _ counts: [Int]) {
    let caches = CacheSizes.current
    common.say("\(Machine.current.processor), \(Machine.current.features)")
    common.say(
      "caches: \(QuantityUnit.bytes.text(Double(caches.first))) L1, "
        + "\(QuantityUnit.bytes.text(Double(caches.second))) L2, "
        + "\(QuantityUnit.bytes.text(Double(caches.last))) L3")
    var heads: [TextTable.Column] = [.init("limit", alignment: .leading)]
    for threads in counts {
      heads.append(.init(threadsText(threads), unit: "a second"))
      heads.append(.init("spread", unit: "middle half"))
    }
    if counts.count > 1 { heads.append(.init("scaling")) }
    var table = TextTable(columns: heads)
    for (row, one) in columns[0].enumerated() {
      var cells = [one.title]
      for column in columns {
        let limit = column[row]
        let unit = limit.unit == "bytes" ? "B" : ""
        cells += [
          QuantityUnit.count.text(limit.best) + unit, QuantityUnit.fraction.text(limit.spread),
        ]
      }
      if let last = columns.last, counts.count > 1 {
        cells.append(timesText(last[row].best / one.best))
      }
      table.append(cells)
    }
    common.say("\(table)")
    if let dependent = columns[0].last {
      common.say("a read of memory takes \(QuantityUnit.seconds.text(1 / dependent.best))")
    }
  }
}

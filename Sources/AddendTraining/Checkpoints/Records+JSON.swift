public import AddendCatalogue

// Doubles are written with as many digits as bring them back bit for bit. What is not finite becomes
// null on the way, and infinity on the way back: a loss that overflowed.

extension EpochRecord {
  /// One object, as checkpoints and `--json` hold it.
  public var json: JSONValue {
    [
      "epoch": .integer(epoch), "trainingLoss": .number(trainingLoss),
      "trainingAccuracy": trainingAccuracy.map { .number($0) } ?? .null,
      "validation": validation?.json ?? .null, "learningRate": .number(learningRate),
      "seconds": .number(seconds),
    ]
  }

  init?(json: JSONValue) {
    guard let epoch = json["epoch"]?.integerValue, let accuracy = json["trainingAccuracy"],
      let loss = json.number("trainingLoss"), let rate = json.number("learningRate"),
      let seconds = json.number("seconds"), let validation = json["validation"]
    else { return nil }
    self.init(
      epoch: epoch, trainingLoss: loss, trainingAccuracy: accuracy.numberValue,
      validation: Evaluation(json: validation), learningRate: rate, seconds: seconds)
  }
}

extension Evaluation {
  /// One object: loss, accuracy (0…1, or null) and the rows that counted.
  public var json: JSONValue {
    [
      "loss": .number(loss), "accuracy": accuracy.map { .number($0) } ?? .null,
      "rows": .integer(rows),
    ]
  }

  init?(json: JSONValue) {
    guard let loss = json.number("loss"), let accuracy = json["accuracy"],
      let rows = json["rows"]?.integerValue
    else { return nil }
    self.init(loss: loss, accuracy: accuracy.numberValue, rows: rows)
  }
}

extension LossTally {
  var json: JSONValue {
    [
      "lossSum": .number(lossSum), "correct": correct.map { .integer($0) } ?? .null,
      "rows": .integer(rows), "seconds": .number(seconds),
    ]
  }

  init?(json: JSONValue) {
    guard let lossSum = json.number("lossSum"), let correct = json["correct"],
      let rows = json["rows"]?.integerValue, let seconds = json.number("seconds")
    else { return nil }
    self.init(lossSum: lossSum, correct: correct.integerValue, rows: rows, seconds: seconds)
  }
}

extension JSONValue {
  /// The number called `key`; infinity where it was not finite when written.
  fileprivate func number(_ key: String) -> Double? {
    guard let member = self[key] else { return nil }
    return member == .null ? .infinity : member.numberValue
  }
}

extension LossScale {
  var json: JSONValue {
    [
      "value": .number(value), "finiteSteps": .integer(finiteSteps),
      "skippedSteps": .integer(skippedSteps),
    ]
  }

  /// Takes up what `json` wrote; `false` where it is something else.
  mutating func take(_ json: JSONValue) -> Bool {
    guard let value = json["value"]?.numberValue, value > 0, value.isFinite,
      let finite = json["finiteSteps"]?.integerValue, 0..<2000 ~= finite,
      let skipped = json["skippedSteps"]?.integerValue, skipped >= 0
    else { return false }
    (self.value, finiteSteps, skippedSteps) = (value, finite, skipped)
    return true
  }
}

internal import AddendKernels

extension LogNumber {
  /// Loss and gradient in logarithms, from each row's `e^(z − largest)` and their sum.
  ///
  /// The class's gradient is `−Σ` of the other classes' shares, which `share − 1` would lose the places of.
  public static func softmaxCrossEntropy(
    _ logits: inout MutableSpan<Self>, columns: Int, classes: Span<Int32>, smoothing: Double,
    weight: Double
  ) -> Double {
    precondition(
      columns > 0 && logits.count == columns * classes.count,
      "softmaxCrossEntropy: one class a row")
    let rule = CrossEntropyRule(
      arithmetic: arithmetic, columns: columns, smoothing: smoothing, weight: weight)
    // What people read is summed as they read it: 16 bits would stop growing.
    var loss = 0.0
    var row = [UInt16](repeating: 0, count: columns)
    for r in classes.indices {
      let target = Int(classes[r])
      precondition(target < columns, "softmaxCrossEntropy: class \(target) of \(columns)")
      for c in 0..<columns { row[c] = logits[r * columns + c].bitPattern }
      if target >= 0 { loss += Self(bitPattern: rule.differentiate(&row, target)).reported }
      for c in 0..<columns {
        logits[r * columns + c] = target < 0 ? .zero : Self(bitPattern: row[c])
      }
    }
    return loss
  }
}

/// Cross-entropy of one row, as patterns.
private struct CrossEntropyRule {
  let arithmetic: LogarithmicArithmetic
  /// The gradient's weight, what of it smoothing gives to all classes together and to each, and the
  /// shares of the class and of each in the loss.
  private let weight, rest, spread, kept, mean: UInt16
  private let isSmoothed: Bool

  init(arithmetic: LogarithmicArithmetic, columns: Int, smoothing: Double, weight: Double) {
    self.arithmetic = arithmetic
    self.weight = arithmetic.pattern(of: weight)
    rest = arithmetic.pattern(of: weight * smoothing)
    spread = arithmetic.pattern(of: weight * smoothing / Double(columns))
    kept = arithmetic.pattern(of: 1 - smoothing)
    mean = arithmetic.pattern(of: smoothing / Double(columns))
    isSmoothed = smoothing > 0
  }

  private func negative(_ x: UInt16) -> UInt16 { x == 0 ? 0 : x ^ 0x8000 }
  private func difference(_ a: UInt16, _ b: UInt16) -> UInt16 { arithmetic.sum(a, negative(b)) }

  /// Whether `a > b`.
  private func isLarger(_ a: UInt16, _ b: UInt16) -> Bool {
    switch (arithmetic.isNegative(a), arithmetic.isNegative(b)) {
    case (false, false): a > b
    case (true, true): a < b
    case (let isNegative, _): !isNegative && a & 0x7FFF | b & 0x7FFF != 0
    }
  }

  /// The logits' row to its gradient; returns the loss.
  func differentiate(_ row: inout [UInt16], _ target: Int) -> UInt16 {
    var largest = row[0]
    for z in row where isLarger(z, largest) { largest = z }
    var loss = arithmetic.product(kept, difference(largest, row[target]))
    if isSmoothed {
      for z in row { loss = arithmetic.sum(loss, arithmetic.product(mean, difference(largest, z))) }
    }
    var others = UInt16(0)
    for c in row.indices {
      row[c] = arithmetic.exponential(difference(row[c], largest))
      if c != target { others = arithmetic.sum(others, row[c]) }
    }
    let sum = arithmetic.sum(others, row[target])
    let factor = arithmetic.quotient(weight, sum)
    // share − (1 − ε) = ε − (the sum of the others' shares)
    row[target] = difference(rest, arithmetic.product(others, factor))
    for c in row.indices where c != target { row[c] = arithmetic.product(row[c], factor) }
    if isSmoothed { for c in row.indices { row[c] = difference(row[c], spread) } }
    return arithmetic.sum(loss, arithmetic.logarithm(of: sum))
  }
}
